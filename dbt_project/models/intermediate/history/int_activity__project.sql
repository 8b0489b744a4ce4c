{{ config(incremental_strategy='merge', unique_key=['identity_key', 'project_id', 'year']) }}

-- A row per calendar year: two activity periods of a person never share one, so each keeps its own first days
-- (P-STAT).
with events as (
    select
        load_no,
        identity_key,
        project_id,
        occurred_on,
        verb = 'passed' or coalesce(is_success, false) as is_validation,
        verb in ('submitted', 'completed', 'evaluated', 'passed', 'failed')
        or is_success is not null as is_submission
    from {{ ref('int_events') }}
    where project_id is not null and {{ new_loads() }}
),

delta as (
    select
        load_no,
        identity_key,
        project_id,
        {{ period_start('occurred_on', 'year') }} as year,
        occurred_on as submitted_on,
        if(is_validation, occurred_on, null) as validated_on
    from events
    where is_submission
),

touched as (
    select
        load_no,
        identity_key,
        project_id,
        year,
        submitted_on,
        validated_on
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            project_id,
            year,
            submitted_on,
            validated_on
        from {{ this }}
        where (identity_key, project_id, year) in (select identity_key, project_id, year from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    project_id,
    year,
    min(submitted_on) as submitted_on,
    min(validated_on) as validated_on
from touched
group by identity_key, project_id, year
