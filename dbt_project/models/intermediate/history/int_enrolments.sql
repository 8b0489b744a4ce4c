{{ config(incremental_strategy='merge', unique_key='enrolment_key') }}

with delta as (
    select
        load_no,
        delivered_no,
        identifier,
        {{ code_beyond_vault('path_id', 'path') }} as path_id,
        {{ code_beyond_vault('diploma_id') }} as diploma_id,
        outcome,
        route = 'vae' as is_by_vae,
        started_on,
        ended_on,
        graduated_on
    from {{ ref('stg_enrolments__enrolments') }}
    where {{ new_loads() }}
),

-- The same enrolment may come again with new content: the last load holds.
ranked as (
    select
        delta.*,
        row_number() over (
            partition by identifier, path_id, started_on
            order by
                load_no desc, delivered_no desc, ended_on desc nulls last,
                graduated_on desc nulls last, outcome
        ) as version_no
    from delta
),

keyed as (
    select
        ranked.*,
        {{ pseudonym_hash(
            "'enrolment|' || identifier || '|' || coalesce(path_id, '') || '|' || coalesce(cast(started_on as string), '')"
        ) }} as enrolment_hash,
        {{ pseudonym_hash('identifier') }} as identity_hash
    from ranked
    where version_no = 1
)

select
    load_no,
    {{ first_64_bits('enrolment_hash') }} as enrolment_key,
    {{ first_64_bits('identity_hash') }} as identity_key,
    path_id,
    diploma_id,
    outcome,
    is_by_vae,
    started_on,
    ended_on,
    graduated_on
from keyed
