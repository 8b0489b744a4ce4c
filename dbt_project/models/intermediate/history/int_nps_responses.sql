{{ config(incremental_strategy='merge', unique_key='response_key') }}

with delta as (
    select
        load_no,
        coalesce(
            'id|' || response_id,
            'at|' || identifier || '|' || coalesce(cast(coalesce(answered_at, asked_at) as string), '')
        ) as response_name,
        identifier,
        {{ code_beyond_vault('path_id', 'path') }} as path_id,
        comment,
        score,
        asked_at,
        answered_at
    from {{ ref('stg_nps__responses') }}
    where {{ new_loads() }}
),

-- The same response may come again with new content: the last load holds.
ranked as (
    select
        delta.*,
        row_number() over (
            partition by response_name
            order by load_no desc, answered_at desc nulls last, score nulls last
        ) as version_no
    from delta
),

responses as (
    select
        ranked.*,
        {{ folded_words(without_addresses('comment')) }} as words
    from ranked
    where version_no = 1
),

-- Only which themes a comment raises leaves the vault, never a word of it.
themes_raised as (
    select
        responses.response_name,
        {{ sorted_list('theme_words.theme') }} as themes
    from responses
    inner join {{ ref('theme_words') }} as theme_words
        on contains(responses.words, ' ' || theme_words.word || ' ')
    where responses.comment is not null
    group by responses.response_name
),

keyed as (
    select
        responses.load_no,
        {{ pseudonym_hash("'nps|' || responses.response_name") }} as response_hash,
        {{ pseudonym_hash('responses.identifier') }} as identity_hash,
        responses.path_id,
        responses.score,
        coalesce(themes_raised.themes, {{ empty_list() }}) as themes,
        responses.asked_at,
        responses.answered_at
    from responses
    left join themes_raised
        on responses.response_name = themes_raised.response_name
)

select
    load_no,
    {{ first_64_bits('response_hash') }} as response_key,
    {{ first_64_bits('identity_hash') }} as identity_key,
    path_id,
    score,
    themes,
    {{ local_date('asked_at') }} as asked_on,
    {{ local_date('answered_at') }} as answered_on,
    asked_at,
    answered_at
from keyed
