{# Figures without noise (quantiles, clipped shares) of cells that lie within each other: 'all' and its parts, a pool and its
   single years. The persons behind two of them differ by none or by at least policy nesting.smallest_difference, else the
   finer one is protected. And what a whole and its published parts leave over is nobody or that many persons, else the
   smallest part is protected: a suppressed cell must not follow from its total and its sisters. #}

{% macro nested_cells(mart, rules, source, cells) -%}
{%- set dimensions = rules.dimensions | list -%}
{%- set nesting, pooling = rules.get('nesting'), rules.get('pooling') -%}
{%- set quantiles = measures_of(rules, ['quantile']) -%}
{%- set sensitive = measures_of(rules, ['count']) | selectattr('sensitive', 'defined') | list -%}
{%- set carried = ledger_relation('cells_' ~ mart) if pooling else none -%}
judged as (
    select
        {{ (['before.*'] + own_quantile_reasons(rules)) | join(',\n        ') }}
    from {{ cells }} as before
),

nested as (
    select
        {{ prefixed('fine.', dimensions) | join(',\n        ') }},
        {{ renamed('coarse.', dimensions, 'of_') | join(',\n        ') }},
        {{ persons_of_both(rules) | join(',\n        ') }}
    from {{ source }} as fine
    inner join {{ source }} as coarse
        on {{ lies_within(rules, 'fine', 'coarse') | join('\n        and ') }}
        and fine.{{ rules.person }} = coarse.{{ rules.person }}
    group by {{ (prefixed('fine.', dimensions) + prefixed('coarse.', dimensions)) | join(', ') }}
),

too_near as (
    select
        {{ prefixed('nested.', dimensions) | join(',\n        ') }},
        {{ near_another(rules) | join(',\n        ') }}
    from nested
    inner join judged as fine
        on {{ same(dimensions, 'fine.', 'nested.') | join('\n        and ') }}
    inner join judged as coarse
        on {{ same(dimensions, 'coarse.', 'nested.', 'of_') | join('\n        and ') }}
    group by {{ prefixed('nested.', dimensions) | join(', ') }}
),
{% if carried %}
-- A pool is finished by a later release than its first years: what those have shown of parts of it stays shown.
shown_before as (
    select
        {{ prefixed('pool.', dimensions) | join(',\n        ') }},
        {{ shown_in_ledger(rules) | join(',\n        ') }}
    from judged as pool
    inner join {{ carried }} as part
        on {{ lies_within(rules, 'part', 'pool') | join('\n        and ') }}
    where pool.{{ pooling.year_from }} < pool.{{ pooling.year }}
    group by {{ prefixed('pool.', dimensions) | join(', ') }}
),
{% endif %}
apart as (
    select
        judged.*,
        {{ is_near(rules, carried) | join(',\n        ') }}
    from judged
    left join too_near
        on {{ same(dimensions, 'too_near.', 'judged.') | join('\n        and ') }}
    {%- if carried %}
    left join shown_before
        on {{ same(dimensions, 'shown_before.', 'judged.') | join('\n        and ') }}
    {%- endif %}
)
{%- endmacro %}


{# ... and what wholes and their parts leave over, after `apart`. #}
{% macro nested_wholes(rules, source) -%}
{%- set dimensions = rules.dimensions | list -%}
{%- set nesting = rules.get('nesting') -%}
{%- set quantiles = measures_of(rules, ['quantile']) -%}
{%- if nesting and quantiles -%}
{%- set of_whole = dimensions | reject('equalto', nesting.dimension) | list %}
of_wholes as (
    select
        {{ prefixed('whole.', of_whole) | join(',\n        ') }},
        whole.{{ rules.person }},
        {{ told_by_a_part(rules) | join(',\n        ') }}
    from {{ source }} as whole
    inner join apart as total
        on {{ same(dimensions, 'total.', 'whole.') | join('\n        and ') }}
    left join {{ source }} as part
        on {{ same(of_whole, 'part.', 'whole.') | join('\n        and ') }}
        and part.{{ rules.person }} = whole.{{ rules.person }}
        and part.{{ nesting.dimension }} <> '{{ nesting.whole }}'
    left join apart as cell
        on {{ same(dimensions, 'cell.', 'part.') | join('\n        and ') }}
    where whole.{{ nesting.dimension }} = '{{ nesting.whole }}'
    group by {{ (prefixed('whole.', of_whole) + ['whole.' ~ rules.person]) | join(', ') }}
),

left_over as (
    select
        {{ of_whole | join(',\n        ') }},
        {{ left_by_parts(rules) | join(',\n        ') }}
    from of_wholes
    group by {{ of_whole | join(', ') }}
),
{% endif %}
nested_apart as (
    select
        {%- if nesting and quantiles %}
        apart.*,
        {{ is_linked(rules, of_whole) | join(',\n        ') }}
        {%- else %}
        apart.*
        {%- endif %}
    from apart
    {%- if nesting and quantiles %}
    left join left_over
        on {{ same(of_whole, 'left_over.', 'apart.') | join('\n        and ') }}
        and apart.{{ nesting.dimension }} <> '{{ nesting.whole }}'
    {%- endif %}
)
{%- endmacro %}


{# Whether a mart has cells within cells and figures without noise. #}
{% macro has_nests(rules) %}
    {%- set bare = measures_of(rules, ['quantile']) or measures_of(rules, ['count']) | selectattr('sensitive', 'defined') | list -%}
    {{ return(true if bare and (rules.get('nesting') or rules.get('pooling')) else false) }}
{% endmacro %}


{# Conditions under which one cell lies within another one: a part in its whole, a year in its pool, or both. #}
{% macro lies_within(rules, fine, coarse) %}
    {%- set nesting, pooling = rules.get('nesting') or {}, rules.get('pooling') or {} -%}
    {%- set conditions, other = [], [] -%}
    {%- for name in rules.dimensions -%}
        {%- if name == nesting.dimension -%}
            {% do conditions.append('(' ~ fine ~ '.' ~ name ~ ' = ' ~ coarse ~ '.' ~ name ~ ' or ' ~ coarse ~ '.' ~ name ~ " = '" ~ nesting.whole ~ "')") %}
            {% do other.append(fine ~ '.' ~ name ~ ' <> ' ~ coarse ~ '.' ~ name) %}
        {%- elif name == pooling.year_from or name == pooling.year -%}
            {% do conditions.append(fine ~ '.' ~ name ~ (' >= ' if name == pooling.year_from else ' <= ') ~ coarse ~ '.' ~ name) %}
            {% do other.append(fine ~ '.' ~ name ~ ' <> ' ~ coarse ~ '.' ~ name) %}
        {%- else -%}
            {% do conditions.append(fine ~ '.' ~ name ~ ' = ' ~ coarse ~ '.' ~ name) %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(conditions + ['(' ~ (other | join(' or ')) ~ ')']) }}
{% endmacro %}


{# The groups of persons behind figures without noise: those with a value, and the bases of sensitive counts. #}
{% macro bare_groups(rules) %}
    {%- set groups = {} -%}
    {%- for measure in quantile_values(rules) -%}
        {% do groups.update({'with_' ~ measure.value: '{cell}.' ~ measure.value ~ ' is not null'}) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['count']) if measure.get('sensitive') -%}
        {%- set where = measure_named(rules, measure.of).get('where') -%}
        {% do groups.update({measure.of: '{cell}.' ~ where if where else 'true'}) %}
    {%- endfor -%}
    {{ return(groups) }}
{% endmacro %}


{% macro persons_of_both(rules) %}
    {%- set columns = [] -%}
    {%- for name, condition in bare_groups(rules).items() -%}
        {%- set both = condition | replace('{cell}', 'fine') ~ ' and ' ~ condition | replace('{cell}', 'coarse') -%}
        {% do columns.append('count(*) filter (where ' ~ both ~ ') as both_' ~ name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Persons in one of two groups and not in the other: some, and too few. #}
{% macro differs_by_few(group) -%}
    fine.true_{{ group }} + coarse.true_{{ group }} - 2 * nested.both_{{ group }} between 1 and {{ policy('nesting', 'smallest_difference') - 1 }}
{%- endmacro %}


{% macro near_another(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {%- set shown = 'fine.' ~ measure.name ~ '_own_reason is null and coarse.' ~ measure.name ~ '_own_reason is null' -%}
        {% do columns.append('bool_or(' ~ shown ~ ' and ' ~ differs_by_few('with_' ~ measure.value) ~ ') as is_near_' ~ measure.name) %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['count']) if measure.get('sensitive') -%}
        {%- set bands = 'fine.lowest_' ~ measure.name ~ ' is not null and coarse.lowest_' ~ measure.name ~ ' is not null' -%}
        {%- set clipped = '(fine.clipped_' ~ measure.name ~ ' is not null or coarse.clipped_' ~ measure.name ~ ' is not null)' -%}
        {% do columns.append('bool_or(' ~ bands ~ ' and ' ~ clipped ~ ' and ' ~ differs_by_few(measure.of) ~ ') as is_near_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# The measures that are never compared by noise: each quantile, each sensitive count. #}
{% macro bare_measures(rules) %}
    {{ return(measures_of(rules, ['quantile']) + (measures_of(rules, ['count']) | selectattr('sensitive', 'defined') | list)) }}
{% endmacro %}


{# In the ledger a quantile, or the rates that show a sensitive count. #}
{% macro shown_in_ledger(rules) %}
    {%- set columns = [] -%}
    {%- for measure in bare_measures(rules) -%}
        {%- set shown = [] -%}
        {%- for other in shown_measures(rules) if other.name == measure.name or (other.kind == 'rate' and other.numerator == measure.name) -%}
            {% do shown.append('part.' ~ other.name ~ ' is not null') %}
        {%- endfor -%}
        {% do columns.append('coalesce(bool_or(' ~ (shown | join(' or ') or 'false') ~ '), false) as is_shown_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro is_near(rules, carried) %}
    {%- set columns = [] -%}
    {%- for measure in bare_measures(rules) -%}
        {%- set near = 'coalesce(too_near.is_near_' ~ measure.name ~ ', false)' -%}
        {%- if carried -%}{%- set near = near ~ ' or coalesce(shown_before.is_shown_' ~ measure.name ~ ', false)' -%}{%- endif -%}
        {% do columns.append(near ~ ' as is_near_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# For each person of a whole: whether the whole's figure is shown, and whether a part's that the person is behind is. #}
{% macro told_by_a_part(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {%- set shown = measure.name ~ '_own_reason is null and not {cell}.is_near_' ~ measure.name -%}
        {%- set of_total = 'total.' ~ (shown | replace('{cell}', 'total')) ~ ' and whole.' ~ measure.value ~ ' is not null' -%}
        {%- set of_part = 'cell.' ~ (shown | replace('{cell}', 'cell')) ~ ' and part.' ~ measure.value ~ ' is not null' -%}
        {% do columns.append('bool_or(' ~ of_total ~ ') as is_behind_' ~ measure.name) %}
        {% do columns.append('coalesce(bool_or(' ~ of_part ~ '), false) as is_told_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro left_by_parts(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {% do columns.append('count(*) filter (where is_behind_' ~ measure.name ~ ' and not is_told_' ~ measure.name ~ ') as left_' ~ measure.name) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# The smallest part that is shown, where whole and parts would leave too few persons over. #}
{% macro is_linked(rules, of_whole) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {%- set shown = 'apart.' ~ measure.name ~ '_own_reason is null and not apart.is_near_' ~ measure.name -%}
        {%- set first -%}
row_number() over (
            partition by apart.{{ of_whole | join(', apart.') }}, left_over.left_{{ measure.name }} is null, {{ shown }}
            order by apart.true_with_{{ measure.value }}, apart.{{ rules.nesting.dimension }}
        ) = 1
        {%- endset -%}
        {% do columns.append(
            'coalesce(left_over.left_' ~ measure.name ~ ' between 1 and ' ~ (policy('nesting', 'smallest_difference') - 1)
            ~ ' and ' ~ shown ~ ' and ' ~ first ~ ', false) as is_linked_' ~ measure.name
        ) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Lists of columns and conditions, written once. #}
{% macro prefixed(prefix, names) %}
    {%- set found = [] -%}
    {%- for name in names -%}{% do found.append(prefix ~ name) %}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro renamed(prefix, names, new) %}
    {%- set found = [] -%}
    {%- for name in names -%}{% do found.append(prefix ~ name ~ ' as ' ~ new ~ name) %}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro same(names, left, right, right_prefix='') %}
    {%- set found = [] -%}
    {%- for name in names -%}{% do found.append(left ~ name ~ ' = ' ~ right ~ right_prefix ~ name) %}{%- endfor -%}
    {{ return(found) }}
{% endmacro %}
