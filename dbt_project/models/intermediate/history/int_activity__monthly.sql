{{ config(incremental_strategy='merge', unique_key=['identity_key', 'month']) }}

with delta as (
    select
        load_no,
        identity_key,
        {{ period_start('occurred_on', 'month') }} as month,
        1 as n_events
    from {{ ref('int_events') }}
    where
        verb not in ('registered', 'unregistered')
        and coalesce(is_use, true)
        and not coalesce(is_repeat, false)
        and {{ new_loads() }}
),

touched as (
    select
        load_no,
        identity_key,
        month,
        n_events
    from delta
    {% if is_incremental() %}
        union all
        select
            load_no,
            identity_key,
            month,
            n_events
        from {{ this }}
        where (identity_key, month) in (select identity_key, month from delta)
    {% endif %}
)

select
    max(load_no) as load_no,
    identity_key,
    month,
    cast(sum(n_events) as bigint) as n_events
from touched
group by identity_key, month
