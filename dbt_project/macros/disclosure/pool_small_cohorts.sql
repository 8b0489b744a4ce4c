{# Small cohorts: a year whose published count is too small for any rate (policy rates.smallest_base) is pooled with the
   years directly before it that were too small as well and are in no pool yet, at most policy pooling.longest_years in all.
   A pool is a row of its own, made when its last year closes, and only where it is large enough. Years are walked in
   order: a pool uses its years up. A year that showed such a figure before, by another policy, is in no pool. #}
{% macro pool_small_cohorts(mart, rules) -%}
{%- set year, year_from, deciding = rules.pooling.year, rules.pooling.year_from, measure_named(rules, rules.pooling.decided_by) -%}
{%- set others = rules.dimensions | reject('in', [year, year_from]) | list -%}
{%- set carried = ledger_relation('cells_' ~ mart) -%}
{%- set columns = people_columns(rules) | map('replace', year ~ ' as ', '') | list -%}
{%- set smallest = policy_for(rules.noise, 'rates', 'smallest_base') -%}
{%- set pool_count = 'years.true_before + years.true_count - earliest.true_before' -%}
{%- set pool_key = '(years.key_before + years.set_key - earliest.key_before) % ' ~ cell_key_modulus() -%}
{%- set pool_places = {year: 'years.' ~ year, year_from: 'earliest.' ~ year} -%}
{%- for name in others -%}{% do pool_places.update({name: 'walk.' ~ name}) %}{%- endfor -%}
{%- set in_order -%}
over (
            partition by {{ others | join(', ') }}
            order by {{ year }}
            rows between unbounded preceding and 1 preceding
        )
{%- endset -%}
all_years as (
    select
        people.{{ others | join(',\n        people.') }},
        people.{{ year }},
        count(closing.period_key) > 0 as closes_now,
        {{ count_of_persons('count', deciding.where) | join(',\n        ') | replace('key_count', 'set_key') }}
    from people
    left join closing on closing.period_key = {{ period_key(rules, 'people') }}
    group by people.{{ others | join(', people.') }}, people.{{ year }}
),

suppressed_before as (
    {%- if carried %}
    select
        own.{{ others | join(',\n        own.') }},
        own.{{ year }}
    from {{ carried }} as own
    where own.{{ year_from }} = own.{{ year }}
        and coalesce(own.{{ deciding.name }}, 0) < {{ smallest }}
        {%- for measure in shown_measures(rules) if measure.kind == 'quantile' or measure.get('denominator') == deciding.name %}
        and own.{{ measure.name }} is null
        {%- endfor %}
        and not exists (
            select 1
            from {{ carried }} as pool
            where pool.{{ year_from }} < pool.{{ year }}
                and own.{{ year }} between pool.{{ year_from }} and pool.{{ year }}
                {%- for name in others %}
                and pool.{{ name }} = own.{{ name }}
                {%- endfor %}
        )
    {%- else %}
    select
        {{ (others + [year]) | join(',\n        ') }}
    from all_years
    where false
    {%- endif %}
),

drawn_years as (
    select
        all_years.*,
        {{ draw_key(cell_identity(mart, rules, deciding, {year_from: year}), 'set_key') }} as draw_key
    from all_years
),

years as (
    select
        drawn_years.*,
        (closes_now and {{ perturb_count('true_count', 'draw_key', rules.noise) }} < {{ smallest }})
        or (not closes_now and suppressed_before.{{ year }} is not null) as is_free,
        coalesce(sum(true_count) {{ in_order }}, 0) as true_before,
        coalesce(sum(set_key) {{ in_order }}, 0) as key_before
    from drawn_years
    left join suppressed_before using ({{ (others + [year]) | join(', ') }})
),

walk as (
    select
        {{ others | join(',\n        ') }},
        cast(min({{ year }}) - 1 as integer) as {{ year }},
        cast(null as integer) as free_from,
        cast(null as integer) as pooled_from
    from years
    group by {{ others | join(', ') }}

    union all

    select
        {{ others | join(',\n        ') }},
        {{ year }},
        case when is_free and not is_pooled then coalesce(free_from, {{ year }}) end as free_from,
        case when is_pooled then pool_from end as pooled_from
    from (
        select
            found.*,
            coalesce(is_free and closes_now and {{ perturb_count('pool_count', 'pool_key', rules.noise) }} >= {{ smallest }}, false) as is_pooled
        from (
        select
            walk.{{ others | join(',\n            walk.') }},
            walk.{{ year }} + 1 as {{ year }},
            walk.free_from,
            earliest.{{ year }} as pool_from,
            coalesce(years.is_free, false) as is_free,
            years.closes_now,
            {{ pool_count }} as pool_count,
            {{ draw_key(cell_identity(mart, rules, deciding, pool_places), pool_key) }} as pool_key
        from walk
        left join years
            on years.{{ year }} = walk.{{ year }} + 1
            {%- for name in others %}
            and years.{{ name }} = walk.{{ name }}
            {%- endfor %}
        left join years as earliest
            on walk.free_from is not null
            and earliest.{{ year }} = greatest(walk.free_from, walk.{{ year }} + 2 - {{ policy('pooling', 'longest_years') }})
            {%- for name in others %}
            and earliest.{{ name }} = walk.{{ name }}
            {%- endfor %}
        where walk.{{ year }} < (select max({{ year }}) from years)
        ) as found
    ) as step
),

pools as (
    select *
    from walk
    where pooled_from is not null
),

closed_and_pooled as (
    select * from closed

    union all

    select
        {{ columns | join(',\n        ') }},
        closes_on
    from (
        select
            people.{{ columns | reject('in', [year, year_from]) | join(',\n            people.') }},
            pools.{{ year }},
            pools.pooled_from as {{ year_from }},
            closing.closes_on,
            row_number() over (
                partition by pools.{{ others | join(', pools.') }}, pools.{{ year }}, people.{{ rules.person }}
                order by people.{{ year }} desc
            ) as position
        from pools
        inner join people
            on people.{{ year }} between pools.pooled_from and pools.{{ year }}
            {%- for name in others %}
            and people.{{ name }} = pools.{{ name }}
            {%- endfor %}
        inner join closing on closing.period_key = {{ period_key(rules, 'pools') }}
    ) as pooled
    where position = 1
)
{%- endmacro %}
