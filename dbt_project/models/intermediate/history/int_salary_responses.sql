{{ config(incremental_strategy='merge', unique_key='response_key') }}

with delta as (
    select
        load_no,
        coalesce(
            'id|' || response_id,
            'at|' || identifier || '|' || coalesce(cast(answered_at as varchar), '')
        ) as response_name,
        identifier,
        {{ code_beyond_vault('diploma_id') }} as diploma_id,
        {{ folded_words('job_title') }} as job_words,
        lower(trim(working_time)) as working_time,
        upper(trim(salary_currency)) as salary_currency,
        lower(trim(salary_period)) as salary_period,
        lower(trim(salary_basis)) as salary_basis,
        is_employed,
        is_in_field,
        salary_amount,
        graduated_on,
        answered_at
    from {{ ref('stg_salary__responses') }}
    where {{ new_loads() }}
),

-- The same response may come again with new content: the last load holds.
ranked as (
    select
        delta.*,
        row_number() over (
            partition by response_name
            order by load_no desc, answered_at desc nulls last, salary_amount nulls last
        ) as version_no
    from delta
),

responses as (
    select * from ranked
    where version_no = 1
),

-- Of the words that a title holds, the one with the smallest priority decides; the longer one among equals.
families_found as (
    select
        titles.job_words,
        words.job_family,
        row_number() over (
            partition by titles.job_words
            order by words.priority, length(words.word) desc, words.word
        ) as found_no
    from (select distinct job_words from responses) as titles
    inner join {{ ref('job_family_words') }} as words
        on contains(titles.job_words, ' ' || words.word || ' ')
),

factors as (
    select
        responses.*,
        case responses.salary_period
            when 'hour'
                then {{ policy('salary', 'hours_per_week') }} * {{ policy('salary', 'weeks_per_year') }}
            when 'month' then {{ policy('salary', 'months_per_year') }}
            when 'year' then 1
        end as periods_per_year,
        case responses.salary_basis
            when 'gross' then 1
            when 'net' then {{ policy('salary', 'net_to_gross') }}
        end as to_gross,
        case
            when responses.working_time = 'full_time' then 1
            when {{ text_matches('responses.working_time', '^part_time_[1-9][0-9]$') }}
                then cast(right(responses.working_time, 2) as double) / 100
        end as working_share,
        if(responses.salary_currency = 'EUR', 1, rates.per_eur) as per_eur
    from responses
    left join {{ ref('exchange_rates') }} as rates
        on
            responses.salary_currency = rates.currency
            and extract(year from {{ local_date('responses.answered_at') }}) = rates.year
),

amounts as (
    select
        factors.*,
        -- An hour's pay is the same at any working time, a month's or a year's is not.
        salary_amount * periods_per_year * to_gross / per_eur
        / if(salary_period = 'hour', 1, working_share) as eur_year
    from factors
),

judged as (
    select
        amounts.*,
        case
            when salary_amount is null then 'not_stated'
            when not coalesce(is_employed, false) then 'not_employed'
            when periods_per_year is null then 'period_unknown'
            when to_gross is null then 'basis_unknown'
            when per_eur is null then 'currency_unknown'
            when working_share is null and salary_period != 'hour' then 'working_time_unknown'
            when
                eur_year < {{ policy('salary', 'smallest_eur_year') }}
                or eur_year > {{ policy('salary', 'largest_eur_year') }}
                then 'impossible'
        end as salary_reason
    from amounts
),

keyed as (
    select
        judged.*,
        {{ pseudonym_hash("'salary|' || judged.response_name") }} as response_hash,
        {{ pseudonym_hash('judged.identifier') }} as identity_hash
    from judged
)

select
    keyed.load_no,
    {{ first_64_bits('keyed.response_hash') }} as response_key,
    {{ first_64_bits('keyed.identity_hash') }} as identity_key,
    keyed.diploma_id,

    if(keyed.is_employed, coalesce(families_found.job_family, 'other'), null) as job_family,
    keyed.salary_reason,

    keyed.is_employed,
    keyed.is_in_field,
    if(keyed.salary_reason is null, round(keyed.eur_year, 2), null) as salary_eur_year,

    keyed.graduated_on,
    {{ local_date('keyed.answered_at') }} as answered_on
from keyed
left join families_found
    on
        keyed.job_words = families_found.job_words
        and families_found.found_no = 1
