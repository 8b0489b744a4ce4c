-- Every code that a mart's dimension may carry, by the name of its list in meta.disclosure.
with codes as (
    select
        item_kind as code_list,
        code
    from {{ ref('int_catalogue') }}
    union
    select
        'diploma' as code_list,
        enrolments.diploma_id as code
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ ref('int_identities') }} as identities
        on enrolments.identity_key = identities.identity_key
    where
        {{ is_code('enrolments.diploma_id') }}
        -- Texts that are no code are one word in the history (code_beyond_vault): it is none either.
        and enrolments.diploma_id != 'unknown'
        and enrolments.diploma_id not in (
            select refused.diploma_id from {{ ref('stg_catalogue__refused_diplomas') }} as refused
        )
    group by enrolments.diploma_id
    -- No catalogue lists diplomas: what fewer people carry may be a text that somebody typed.
    having count(distinct identities.person_key) >= {{ policy('codes', 'fewest_learners_of_a_diploma') }}
    union all
    select
        'theme' as code_list,
        theme as code
    from {{ ref('themes') }}
    union all
    select
        'job_family' as code_list,
        job_family as code
    from {{ ref('job_families') }}
    union all
    select
        'step' as code_list,
        step as code
    from {{ ref('funnel_steps') }}
)

select
    code_list,
    code
from codes
union all
select
    code_list || '_or_all' as code_list,
    code
from codes
where code_list in ('path', 'diploma')
union all
select
    lists.code_list,
    'all' as code
from (
    select 'path_or_all' as code_list
    union all
    select 'diploma_or_all' as code_list
) as lists
