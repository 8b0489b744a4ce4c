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
{%- set walked = pooling_years() -%}
{%- set in_order -%}
over (
            partition by {{ prefixed('drawn_years.', others) | join(', ') }}
            order by drawn_years.{{ year }}
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
        coalesce(sum(drawn_years.true_count) {{ in_order }}, 0) as true_before,
        coalesce(sum(drawn_years.set_key) {{ in_order }}, 0) as key_before
    from drawn_years
    left join suppressed_before
        on {{ same(others + [year], 'suppressed_before.', 'drawn_years.') | join('\n        and ') }}
),

-- A row for each cohort, with a column for each year: the years are walked in order without a query that calls itself.
laid_out as (
    select
        {{ (others + year_columns(walked, year)) | join(',\n        ') }}
    from years
    group by {{ others | join(', ') }}
),

walked as (
    {{ walked_years(mart, rules, deciding, walked, smallest) }}
),

pools as (
    select *
    from (
        select
            {{ prefixed('walked.', others) | join(',\n            ') }},
            each_year.{{ year }},
            case each_year.{{ year }}
                {%- for walked_year in walked %}
                when {{ walked_year }} then walked.pooled_from_{{ walked_year }}
                {%- endfor %}
            end as pooled_from
        from {{ made_before('walked') }} as walked
        cross join (values ({{ walked | join('), (') }})) as each_year ({{ year }})
    ) as found
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


{# The years that are walked: a period closes from policy publication.first_period_on on, and a pool begins at most
   pooling.longest_years before its last year. The queries are written out for no more than 50 years, whatever a policy says. #}
{% macro pooling_years() %}
    {%- set first = (policy('publication', 'first_period_on') | string)[:4] | int -%}
    {%- set last = [(var('as_of') | string)[:4] | int, first] | max -%}
    {%- set longest = policy('pooling', 'longest_years') | int -%}
    {{ return(range([first - longest + 1, last - 49] | max, last + 1) | list) }}
{% endmacro %}


{# What the walk needs of each year, as columns of its own. #}
{% macro year_columns(walked, year) %}
    {%- set columns = [] -%}
    {%- for each in walked -%}
        {%- for name, value in {
            'is_free': 'is_free', 'closes_now': 'closes_now', 'before': 'true_before', 'upto': 'true_before + true_count',
            'key_before': 'key_before', 'key_upto': 'key_before + set_key',
        }.items() -%}
            {%- set together = 'bool_or' if name in ['is_free', 'closes_now'] else 'max' -%}
            {% do columns.append(together ~ '(case when ' ~ year ~ ' = ' ~ each ~ ' then ' ~ value ~ ' end) as ' ~ name ~ '_' ~ each) %}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# One query within the other, a year each: free_from is the first of the years that are in no pool yet, pooled_from_<year> the first year
   of the pool that ends with this one. #}
{% macro walked_years(mart, rules, deciding, walked, smallest) -%}
    {%- set year, year_from = rules.pooling.year, rules.pooling.year_from -%}
    {%- set found = namespace(query='select *, cast(null as integer) as free_from from laid_out') -%}
    {%- for each in walked -%}
        {%- set first = [walked[0], each + 1 - policy('pooling', 'longest_years')] | max -%}
        {%- set before, key_before = [], [] -%}
        {%- for from_year in range(first, each) -%}
            {% do before.append('when ' ~ from_year ~ ' then before_' ~ from_year) %}
            {% do key_before.append('when ' ~ from_year ~ ' then key_before_' ~ from_year) %}
        {%- endfor -%}
        {%- set new_free = 'coalesce(free_from, ' ~ each ~ ')' -%}
        {%- if before -%}
            {%- set earliest = 'earliest_' ~ each -%}
            {%- set at = {year: each | string, year_from: earliest} -%}
            {%- set key = '(key_upto_' ~ each ~ ' - case ' ~ earliest ~ ' ' ~ (key_before | join(' ')) ~ ' end) % ' ~ cell_key_modulus() -%}
            {%- set count = 'upto_' ~ each ~ ' - case ' ~ earliest ~ ' ' ~ (before | join(' ')) ~ ' end' -%}
            {%- set is_pooled = 'coalesce(is_free_' ~ each ~ ' and closes_now_' ~ each ~ ' and '
                ~ perturb_count('pool_count', 'pool_key', rules.noise) ~ ' >= ' ~ smallest ~ ', false)' -%}
            {%- set found.query -%}
select
        {{ carried_columns(walked, loop.index0, rules) | join(', ') }},
        case when coalesce(is_free_{{ each }}, false) and not is_pooled then {{ new_free }} end as free_from,
        case when is_pooled then {{ earliest }} end as pooled_from_{{ each }}
    from (
        select *, {{ is_pooled }} as is_pooled
        from (
            select *, {{ count }} as pool_count, {{ draw_key(cell_identity(mart, rules, deciding, at), key) }} as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, {{ each + 1 - policy('pooling', 'longest_years') }}) end as {{ earliest }}
                from {{ made_before('(\n    ' ~ found.query ~ '\n    )') }} as before_{{ each }}
            ) as begun_{{ each }}
        ) as drawn_{{ each }}
    ) as judged_{{ each }}
            {%- endset -%}
        {%- else -%}
            {%- set found.query -%}
select
        {{ carried_columns(walked, loop.index0, rules) | join(', ') }},
        case when coalesce(is_free_{{ each }}, false) then {{ new_free }} end as free_from,
        cast(null as integer) as pooled_from_{{ each }}
    from (
    {{ found.query }}
    ) as before_{{ each }}
            {%- endset -%}
        {%- endif -%}
    {%- endfor -%}
    {{ found.query }}
{%- endmacro %}


{# What is carried from one year of the walk to the next: the cohort, the pools so far, and the columns that later years read. #}
{% macro carried_columns(walked, place, rules) %}
    {%- set columns = rules.dimensions | reject('in', [rules.pooling.year, rules.pooling.year_from]) | list -%}
    {%- for each in walked -%}
        {%- if loop.index0 < place -%}{% do columns.append('pooled_from_' ~ each) %}{%- endif -%}
        {%- for name in ['is_free', 'closes_now', 'before', 'upto', 'key_before', 'key_upto'] -%}
            {%- set is_read = each + policy('pooling', 'longest_years') > walked[place] + 1 -%}
            {%- if is_read -%}{% do columns.append(name ~ '_' ~ each) %}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
