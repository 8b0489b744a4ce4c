{{ config(incremental_strategy='merge', unique_key=['identity_key', 'course_id', 'month']) }}

with delta as (
    select
        load_no,
        identity_key,
        course_id,
        {{ period_start('occurred_on', 'month') }} as month,
        cast(verb not in ('registered', 'unregistered') and coalesce(is_use, true) as integer) as n_events,
        cast(object_kind = 'course' and verb = 'registered' as integer) as n_registrations,
        cast(
            object_kind = 'course'
            and (verb in ('completed', 'passed') or coalesce(is_completion, false)) as integer
        ) as n_completions,
        case
            when object_kind != 'course' then null
            when verb in ('completed', 'passed') or is_completion then 100
            when verb = 'progressed' then progress
        end as progress
    from {{ ref('int_events') }}
    where
        course_id is not null
        -- What a catalogue that came later only places more finely is counted already.
        and not (coalesce(is_repeat, false) and coalesce(had_course, false) and object_kind != 'course')
        and {{ new_loads() }}
),

touched as (
    select
        load_no,
        identity_key,
        course_id,
        month,
        n_events,
        n_registrations,
        n_completions,
        progress
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            course_id,
            month,
            n_events,
            n_registrations,
            n_completions,
            progress
        from {{ this }}
        where (identity_key, course_id, month) in (select identity_key, course_id, month from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    course_id,
    month,
    cast(sum(n_events) as bigint) as n_events,
    cast(sum(n_registrations) as bigint) as n_registrations,
    cast(sum(n_completions) as bigint) as n_completions,
    max(progress) as progress
from touched
group by identity_key, course_id, month
