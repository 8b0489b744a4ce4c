{{ config(incremental_strategy='merge', unique_key='response_key') }}
{%- set work_study_words = ['alternan', 'apprenti', 'professionnalisation', 'work study'] %}

with delta as (
    select
        load_no,
        coalesce(
            'id|' || response_id,
            'at|' || identifier || '|' || coalesce(cast(answered_at as string), '')
        ) as response_name,
        identifier,
        {{ code_beyond_vault('diploma_id') }} as diploma_id,
        job_title,
        {{ folded_words('contract_type') }} as contract_words,
        {{ folded_words('country') }} as country_words,
        lower(trim(working_time)) as working_time,
        upper(trim(salary_currency)) as salary_currency,
        lower(trim(salary_period)) as salary_period,
        lower(trim(salary_basis)) as salary_basis,
        situation,
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

titles as (
    select distinct job_title as title
    from responses
    where job_title is not null
),

families_found as (
    {{ job_families('titles', ref('job_family_words')) }}
),

-- The words of the smallest priority decide; where they speak of two classes, the contract is another.
contract_words_found as (
    select
        typed.contract_words,
        words.contract_class,
        rank() over (partition by typed.contract_words order by words.priority) as found_no
    from (select distinct contract_words from responses) as typed
    inner join {{ ref('contract_words') }} as words
        on contains(typed.contract_words, ' ' || words.word || ' ')
),

contracts_found as (
    select
        contract_words,
        if(
            min(contract_class) = max(contract_class), nullif(max(contract_class), 'none'), 'other'
        ) as contract_class
    from contract_words_found
    where found_no = 1
    group by contract_words
),

-- The register of certifications takes these for studies; a contract that came after one is a job.
work_study as (
    select distinct contract_words from responses
    where
        (
            {% for word in work_study_words -%}
                contains(contract_words, ' {{ word }}'){{ '' if loop.last else ' or ' }}
            {%- endfor %}
        )
        and not contains(contract_words, ' apres ')
        and not contains(contract_words, ' after ')
),

country_names_found as (
    select
        typed.country_words,
        names.name,
        case
            when names.country_code = 'FR' then 'france'
            when
                names.country_code
                in ('{{ policy('sharing', 'without_safeguard') | join("', '") }}') -- noqa: LT05
                then 'eu_eea'
            when names.country_code = 'EU' then 'eu_eea'
            when names.country_code != 'ZZ' then 'elsewhere'
        end as country_class
    from (select distinct country_words from responses) as typed
    inner join {{ ref('country_names') }} as names
        on
            typed.country_words = ' ' || names.name || ' '
            or (not names.is_whole and contains(typed.country_words, ' ' || names.name || ' '))
),

-- A name within a longer one that is found too says nothing: Ireland in Northern Ireland.
-- Two classes in one text: not known.
countries_found as (
    select
        country_names_found.country_words,
        if(
            min(coalesce(country_names_found.country_class, ''))
            = max(coalesce(country_names_found.country_class, '')),
            max(country_names_found.country_class),
            null
        ) as country_class
    from country_names_found
    left join country_names_found as longer
        on
            country_names_found.country_words = longer.country_words
            and country_names_found.name != longer.name
            and contains(' ' || longer.name || ' ', ' ' || country_names_found.name || ' ')
    where longer.name is null
    group by country_names_found.country_words
),

judged as (
    {{ salary_judged(
        'responses',
        ref('exchange_rates'),
        'extract(year from ' ~ local_date('answers.answered_at') ~ ')'
    ) }}
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
    case
        when coalesce(trim(keyed.contract_words), '') = '' then null
        when contracts_found.contract_words is null then 'other'
        else contracts_found.contract_class
    end as contract_class,
    countries_found.country_class,

    keyed.is_employed,
    keyed.is_in_field,
    -- Studies, work-study contracts and what keeps from working are not told apart: nothing says who is ill.
    case
        when keyed.situation in ('studying', 'unable') then true
        when keyed.situation is not null then coalesce(work_study.contract_words is not null, false)
    end as is_set_apart,
    if(keyed.salary_reason is null, {{ rounded('keyed.eur_year', 2) }}, null) as salary_eur_year,

    keyed.graduated_on,
    {{ local_date('keyed.answered_at') }} as answered_on
from keyed
left join families_found
    on keyed.job_title = families_found.title
left join work_study on keyed.contract_words = work_study.contract_words
left join contracts_found on keyed.contract_words = contracts_found.contract_words
left join countries_found on keyed.country_words = countries_found.country_words
