-- What the history holds under identifiers that name nobody reaches no mart; the summary says how much it is.
select
    'nps' as source,
    count(*) as n_rows
from {{ ref('int_nps_responses') }} as responses
left join {{ ref('int_identities') }} as identities
    on responses.identity_key = identities.identity_key
where identities.identity_key is null
union all
select
    'salary' as source,
    count(*) as n_rows
from {{ ref('int_salary_responses') }} as responses
left join {{ ref('int_identities') }} as identities
    on responses.identity_key = identities.identity_key
where identities.identity_key is null
union all
select
    'enrolments' as source,
    count(*) as n_rows
from {{ ref('int_enrolments') }} as enrolments
left join {{ ref('int_identities') }} as identities
    on enrolments.identity_key = identities.identity_key
where identities.identity_key is null
union all
select
    'learning' as source,
    coalesce(cast(sum(activity.n_events) as bigint), 0) as n_rows
from {{ ref('int_activity__monthly') }} as activity
left join {{ ref('int_identities') }} as identities
    on activity.identity_key = identities.identity_key
where identities.identity_key is null
