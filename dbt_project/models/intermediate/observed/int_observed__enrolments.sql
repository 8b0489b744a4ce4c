select
    identities.person_key,
    enrolments.started_on as observed_on,
    paths.code as path_id,
    diplomas.code as diploma_id
from {{ ref('int_enrolments') }} as enrolments
inner join {{ ref('int_identities') }} as identities
    on enrolments.identity_key = identities.identity_key
left join {{ items_of('path') }} as paths
    on enrolments.path_id = paths.item_id
left join (select distinct listed.code from {{ codes('diploma') }} as listed) as diplomas
    on enrolments.diploma_id = diplomas.code
where
    enrolments.started_on <= {{ as_of() }}
    and {{ in_present_life('enrolments.started_on') }}
