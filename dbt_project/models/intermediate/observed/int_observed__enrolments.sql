select
    identities.person_key,
    enrolments.started_on as observed_on,
    paths.code as path_id,
    if(enrolments.diploma_id in {{ codes('diploma') }}, enrolments.diploma_id, null) as diploma_id
from {{ ref('int_enrolments') }} as enrolments
inner join {{ ref('int_identities') }} as identities
    on enrolments.identity_key = identities.identity_key
left join {{ items_of('path') }} as paths
    on enrolments.path_id = paths.item_id
where
    enrolments.started_on <= {{ as_of() }}
    and {{ in_present_life('enrolments.started_on') }}
