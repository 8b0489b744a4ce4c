{# What a whole and its shown parts leave over is a cell that nobody published and everybody can compute: 'all' less the paths
   that are shown. Where a reader can say of it, or of one hidden part in it, that (nearly) everybody or nobody has the sensitive
   value, the smallest shown part gives way, then the next one; where no part is enough, the whole does.

   Said: the probability that the persons without the value (or with it) are no more than the edge of the band allows, given the
   published counts and all true counts equally likely before, is at least policy nesting.largest_posterior. The noise of a sum
   of K published counts is taken as normal with K times policy counts.variance of the mart's class. All is judged by published figures only. #}
{% macro remainder_cells(rules, cells) -%}
{%- set names = sensitive_counts(rules) | map(attribute='name') | list -%}
held_apart as (
    select
        {{ (['*'] + remainder_roles(rules)) | join(',\n        ') }}
    from {{ cells }}
),

-- One state for each shown part: it and all larger ones are shown, all smaller ones are hidden. The whole's row is the last: no part is shown.
remaining as (
    select
        {{ (['*'] + remainder_states(rules)) | join(',\n        ') }}
    from held_apart
),

told as (
    select
        {{ (['*'] + remainder_tells(rules)) | join(',\n        ') }}
    from remaining
),

gives_way as (
    select
        {{ (['*'] + parts_that_tell(rules)) | join(',\n        ') }}
    from told
),

remainders_apart as (
    select
        {{ (['*'] + gives_way(rules)) | join(',\n        ') }}
    from gives_way
)
{%- endmacro %}


{# Whether a mart has a whole beside its parts and sensitive counts in them. #}
{% macro has_remainders(rules) %}
    {{ return(true if rules.get('nesting') and sensitive_counts(rules) else false) }}
{% endmacro %}


{% macro sensitive_counts(rules) %}
    {{ return(measures_of(rules, ['count']) | selectattr('sensitive', 'defined') | list) }}
{% endmacro %}


{# A cell is a shown part, a shown whole, or a hidden part; `is_secret` where not even the edge of its band is told. `few` are the
   persons with the value, and without it, that the band of the cell (of a hidden one the lowest band) allows beyond its edge. #}
{% macro remainder_roles(rules) %}
    {%- set is_whole = rules.nesting.dimension ~ " = '" ~ rules.nesting.whole ~ "'" -%}
    {%- set is_part = rules.nesting.dimension ~ " <> '" ~ rules.nesting.whole ~ "'" -%}
    {%- set smallest = policy('sensitive_bands') | sort(attribute='base_from') | first -%}
    {%- set columns = [] -%}
    {%- for measure in sensitive_counts(rules) -%}
        {%- set name, base = measure.name, 'perturbed_' ~ measure.of -%}
        {%- set shown = 'lowest_' ~ name ~ ' is not null and clipped_' ~ name ~ ' is null and not is_near_' ~ name -%}
        {%- set secret = is_part ~ ' and not (' ~ shown ~ ') and ' ~ base ~ ' > 0' -%}
        {%- if is_told_as_edge(rules, measure) -%}{%- set secret = secret ~ ' and (clipped_' ~ name ~ ' is null or is_near_' ~ name ~ ')' -%}{%- endif -%}
        {% do columns.extend([
            is_whole ~ ' and ' ~ shown ~ ' as is_whole_' ~ name,
            is_part ~ ' and ' ~ shown ~ ' as is_part_' ~ name,
            is_part ~ ' and not (' ~ shown ~ ') as is_hidden_' ~ name,
            secret ~ ' as is_secret_' ~ name,
            'case when ' ~ shown ~ ' then lowest_' ~ name ~ ' else ' ~ smallest.lowest ~ ' end * ' ~ base ~ ' as few_with_' ~ name,
            '(1 - case when ' ~ shown ~ ' then highest_' ~ name ~ ' else ' ~ smallest.highest ~ ' end) * ' ~ base ~ ' as few_without_' ~ name,
            (sister_counts(rules, measure) or ['0']) | join(' + ') ~ ' as others_' ~ name,
        ]) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# A clipped cell of a sensitive count is told as the edge of its band where a rate of the count is shown. #}
{% macro is_told_as_edge(rules, measure) %}
    {%- set rates = [] -%}
    {%- for rate in shown_measures(rules) if rate.kind == 'rate' and rate.get('sensitive') and rate.numerator == measure.name -%}
        {% do rates.append(rate.name) %}
    {%- endfor -%}
    {{ return(true if rates else false) }}
{% endmacro %}


{# The published counts of the other parts of a partition. #}
{% macro sister_counts(rules, measure) %}
    {%- set found = [] -%}
    {%- for other in measures_of(rules, ['count'])
            if measure.get('partition') and other.get('partition') == measure.partition and other.of == measure.of and other.name != measure.name -%}
        {% do found.append('perturbed_' ~ other.name) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro of_one_whole(rules) -%}
partition by {{ rules.dimensions | list | reject('equalto', rules.nesting.dimension) | join(', ') }}
{%- endmacro %}


{# Counts that are left in each state, how many draws of noise they carry, and how few persons would tell of a hidden part. #}
{% macro remainder_states(rules) %}
    {%- set columns = [] -%}
    {%- for measure in sensitive_counts(rules) -%}
        {%- set name = measure.name -%}
        {%- set falling = of_one_whole(rules) ~ ' order by perturbed_' ~ measure.of ~ ' desc, ' ~ rules.nesting.dimension ~ ' desc' -%}
        {%- set larger = 'over (' ~ falling ~ ' rows between unbounded preceding and current row)' -%}
        {%- set smaller = 'over (' ~ falling ~ ' rows between 1 following and unbounded following)' -%}
        {%- set any = 'over (' ~ of_one_whole(rules) ~ ')' -%}
        {%- for what, column in [('base', 'perturbed_' ~ measure.of), ('with', 'perturbed_' ~ name), ('others', 'others_' ~ name)] -%}
            {% do columns.append(
                'max(case when is_whole_' ~ name ~ ' then ' ~ column ~ ' end) ' ~ any ~ ' - case when is_whole_' ~ name ~ ' then cast(0 as bigint) '
                ~ 'else coalesce(sum(case when is_part_' ~ name ~ ' then ' ~ column ~ ' end) ' ~ larger ~ ', 0) end as left_' ~ what ~ '_' ~ name
            ) %}
        {%- endfor -%}
        {% do columns.append(
            '1 + case when is_whole_' ~ name ~ ' then cast(0 as bigint) else count(case when is_part_' ~ name ~ ' then 1 end) ' ~ larger ~ ' end as draws_' ~ name
        ) %}
        {% do columns.append('bool_or(is_secret_' ~ name ~ ') ' ~ any ~ ' as has_secret_' ~ name) %}
        {% do columns.append('bool_or(is_hidden_' ~ name ~ ') ' ~ any ~ ' as has_hidden_' ~ name) %}
        {%- for side in ['with', 'without'] -%}
            {%- set few = 'few_' ~ side ~ '_' ~ name -%}
            {% do columns.append(
                'greatest(coalesce(max(case when is_secret_' ~ name ~ ' then ' ~ few ~ ' end) ' ~ any ~ ', -1), '
                ~ 'coalesce(case when is_whole_' ~ name ~ ' then max(case when is_part_' ~ name ~ ' then ' ~ few ~ ' end) ' ~ any ~ ' '
                ~ 'else max(case when is_part_' ~ name ~ ' then ' ~ few ~ ' end) ' ~ smaller ~ ' end, -1)) as hidden_' ~ few
            ) %}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Whether the state tells of a hidden part, or of all that is left together. #}
{% macro remainder_tells(rules) %}
    {%- set smallest = policy('sensitive_bands') | sort(attribute='base_from') | first -%}
    {%- set variance = policy_for(rules.noise, 'counts', 'variance') -%}
    {%- set columns = [] -%}
    {%- for measure in sensitive_counts(rules) -%}
        {%- set name = measure.name -%}
        {%- set base, with, others = 'left_base_' ~ name, 'left_with_' ~ name, 'left_others_' ~ name -%}
        {%- set is_asked = '(has_secret_' ~ name ~ ' or (not has_hidden_' ~ name ~ ' and ' ~ base ~ ' >= ' ~ smallest.base_from ~ '))' -%}
        {%- set of_all_with = 'case when ' ~ is_asked ~ ' then coalesce(' ~ band_edge(base, 'lowest') ~ ', ' ~ smallest.lowest ~ ') * ' ~ base ~ ' else -1 end' -%}
        {%- set of_all_without = 'case when ' ~ is_asked ~ ' then (1 - coalesce(' ~ band_edge(base, 'highest') ~ ', ' ~ smallest.highest ~ ')) * ' ~ base ~ ' else -1 end' -%}
        {%- if sister_counts(rules, measure) -%}
            {#- Two independent ways to each: the best weights of their noise give one with less. -#}
            {%- set n_with, draws_with = '(3 * ' ~ with ~ ' + ' ~ base ~ ' - ' ~ others ~ ') / 4e0', 0.75 -%}
            {%- set n_without, draws_without = '(' ~ base ~ ' - ' ~ with ~ ' + ' ~ others ~ ') / 2e0', 1 -%}
        {%- else -%}
            {%- set n_with, draws_with = with, 1 -%}
            {%- set n_without, draws_without = '(' ~ base ~ ' - ' ~ with ~ ')', 2 -%}
        {%- endif -%}
        {%- set few_with = 'greatest(hidden_few_with_' ~ name ~ ', ' ~ of_all_with ~ ')' -%}
        {%- set few_without = 'greatest(hidden_few_without_' ~ name ~ ', ' ~ of_all_without ~ ')' -%}
        {% do columns.append(
            'coalesce(' ~ base ~ ' > 0 and (\n            '
            ~ is_surely_few(n_with, few_with, 'sqrt(draws_' ~ name ~ ' * ' ~ draws_with * variance ~ ')')
            ~ '\n            or ' ~ is_surely_few(n_without, few_without, 'sqrt(draws_' ~ name ~ ' * ' ~ draws_without * variance ~ ')')
            ~ '), false) as tells_' ~ name
        ) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# P(true <= few | seen) >= policy nesting.largest_posterior, for a true count from 0 on and normal noise. #}
{% macro is_surely_few(seen, few, deviation) -%}
({{ few }} >= 0 and {{ normal_tail('(floor(' ~ few ~ ') + 0.5 - ' ~ seen ~ ') / ' ~ deviation) }}
                <= (1 - {{ policy('nesting', 'largest_posterior') }}) * {{ normal_tail('(-0.5 - ' ~ seen ~ ') / ' ~ deviation) }})
{%- endmacro %}


{# The part of a normal distribution beyond z, to 2 in 10,000: Bowling, Khasawneh, Kaewkuekool and Cho (2009), "A logistic approximation
   to the cumulative normal distribution". #}
{% macro normal_tail(z) -%}
(1 / (1 + exp(1.5976 * greatest(-8, least(8, {{ z }})) + 0.07056 * power(greatest(-8, least(8, {{ z }})), 3))))
{%- endmacro %}


{# Whether all states up to this one tell something; and whether all states of the whole do. #}
{% macro parts_that_tell(rules) %}
    {%- set columns = [] -%}
    {%- for measure in sensitive_counts(rules) -%}
        {%- set name = measure.name -%}
        {%- set told = 'case when is_part_' ~ name ~ ' then case when tells_' ~ name ~ ' then 1 else 0 end end' -%}
        {%- set rising = of_one_whole(rules) ~ ' order by perturbed_' ~ measure.of ~ ', ' ~ rules.nesting.dimension ~ ' rows between unbounded preceding and current row' -%}
        {% do columns.append('is_part_' ~ name ~ ' and coalesce(min(' ~ told ~ ') over (' ~ rising ~ ') = 1, false) as tells_so_far_' ~ name) %}
        {% do columns.append(
            'coalesce(bool_and(case when is_part_' ~ name ~ ' or is_whole_' ~ name ~ ' then tells_' ~ name ~ ' end) over ('
            ~ of_one_whole(rules) ~ '), false) as tells_to_the_end_' ~ name
        ) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro gives_way(rules) %}
    {%- set columns = [] -%}
    {%- for measure in sensitive_counts(rules) -%}
        {%- set name = measure.name -%}
        {% do columns.append(
            'case when tells_to_the_end_' ~ name ~ ' then is_whole_' ~ name ~ ' else tells_so_far_' ~ name ~ ' end as gives_way_' ~ name
        ) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
