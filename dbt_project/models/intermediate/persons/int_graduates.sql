-- One row per person and diploma of the school, with the last answer within each span after graduation.
-- Who is a graduate the enrolments say, and nothing else: whoever only answers a questionnaire becomes none.
with graduates as (
    select
        identities.person_key,
        enrolments.diploma_id,
        min(enrolments.graduated_on) as graduated_on,
        coalesce(
            min(case when enrolments.is_by_vae then enrolments.graduated_on end)
            = min(enrolments.graduated_on), false
        ) as is_by_vae
    from {{ ref('int_enrolments') }} as enrolments
    inner join {{ ref('int_identities') }} as identities
        on enrolments.identity_key = identities.identity_key
    where
        enrolments.outcome = 'graduated'
        and enrolments.diploma_id is not null
        and enrolments.graduated_on <= {{ as_of() }}
        and {{ in_present_life('enrolments.graduated_on') }}
    group by identities.person_key, enrolments.diploma_id
),

answers as (
    select
        identities.person_key,
        responses.diploma_id,
        responses.response_key,
        responses.answered_on,
        coalesce(responses.is_employed, false) as is_employed,
        coalesce(responses.is_employed and responses.is_in_field, false) as is_in_field,
        coalesce(responses.is_set_apart, false) as is_set_apart,
        responses.job_family,
        responses.contract_class,
        responses.salary_eur_year
    from {{ ref('int_salary_responses') }} as responses
    inner join {{ ref('int_identities') }} as identities
        on responses.identity_key = identities.identity_key
    where
        responses.answered_on <= {{ as_of() }}
        and {{ in_present_life('responses.answered_on') }}
        -- A diploma of a former activity period makes no graduate of the present one.
        and (responses.graduated_on is null or {{ in_present_life('responses.graduated_on') }})
),

spans as (
    select
        graduates.person_key,
        graduates.diploma_id,
        {{ add_months('graduated_on', policy('observation', 'salary_first_from_months')) }}
            as first_from_on,
        {{ add_months('graduated_on', policy('observation', 'salary_first_to_months')) }}
            as first_to_on,
        {{ add_months('graduated_on', policy('observation', 'salary_second_from_months')) }}
            as second_from_on,
        {{ add_months('graduated_on', policy('observation', 'salary_second_to_months')) }}
            as second_to_on
    from graduates
),

in_span as (
    select
        spans.person_key,
        spans.diploma_id,
        answers.answered_on,
        answers.response_key,
        answers.is_employed,
        answers.is_in_field,
        answers.is_set_apart,
        answers.job_family,
        answers.contract_class,
        answers.salary_eur_year,
        case
            when answers.answered_on between spans.first_from_on and spans.first_to_on then 6
            when answers.answered_on between spans.second_from_on and spans.second_to_on then 24
        end as months_after
    from spans
    inner join answers
        on
            spans.person_key = answers.person_key
            and spans.diploma_id = answers.diploma_id
),

last_answers as (
    select
        in_span.*,
        row_number() over (
            partition by person_key, diploma_id, months_after
            order by answered_on desc, response_key
        ) as newest_no
    from in_span
    where months_after is not null
)

select
    graduates.person_key,
    graduates.diploma_id,
    months.months_after,
    last_answers.job_family,
    last_answers.contract_class,
    cast(extract(year from graduates.graduated_on) as integer) as graduation_year,
    last_answers.person_key is not null as has_answered,
    replies.person_key is not null as has_replied,
    coalesce(last_answers.is_employed, false) as is_employed,
    coalesce(last_answers.is_in_field, false) as is_in_field,
    graduates.is_by_vae,
    last_answers.salary_eur_year,
    graduates.graduated_on
from graduates
cross join (
    select 6 as months_after
    union all
    select 24 as months_after
) as months
left join last_answers
    on
        graduates.person_key = last_answers.person_key
        and graduates.diploma_id = last_answers.diploma_id
        and months.months_after = last_answers.months_after
        and last_answers.newest_no = 1
        -- Who studies or cannot work is asked, and counts in no figure of those who answered.
        and not last_answers.is_set_apart
left join last_answers as replies
    on
        graduates.person_key = replies.person_key
        and graduates.diploma_id = replies.diploma_id
        and months.months_after = replies.months_after
        and replies.newest_no = 1
