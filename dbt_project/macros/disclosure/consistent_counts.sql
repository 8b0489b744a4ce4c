{# Published counts that a reader holds against each other are made consistent, from the published counts alone (S-ANON):

   - `falls: [whole, part]`: two counts of one cell, of which the second is a part of the first;
   - `falls: count, along: dimension, order: [...], first: base`: one count over the steps of a funnel; `base`, if there is one, is the first step's;
   - `sums: [parts], to: whole`: the parts of a partition.

   What may not rise is the closest sequence that does not (antitonic regression, least squares; Barlow and others 1972): counts that rise are joined and become
   their mean, in whole persons (a half goes to the even one). None is further from the truth than the largest deviation, as the truth falls too. Parts share equally what they lack of their
   whole; the whole stays. A published 0 stays 0 and joins nothing: it says nobody, or a few whom the noise took, and what follows would be too small in the mean. A partition stays as it was drawn where a part is hidden, would
   leave its band, or would become smaller than counts.smallest. So does every cell of a recalled period: some of its counts are carried. #}

{# A list of counts that are made consistent, by name. Their noisy value is noisy_<name>, the consistent one perturbed_<name>. #}
{% macro consistent_counts(rules) %}
    {%- set found = [] -%}
    {%- for each in rules.get('consistent', []) -%}
        {% do found.extend(each.sums or ([each.falls] if each.falls is string else each.falls)) %}
        {%- if each.first -%}{% do found.append(each.first) %}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{# The column that holds a count with its noise, before it is made consistent. #}
{% macro noisy(rules, name) %}
    {{ return(('noisy_' if name in consistent_counts(rules) else 'perturbed_') ~ name) }}
{% endmacro %}


{# The CTE `consistent`, after `cells`; where the mart has a funnel, its steps before it. #}
{% macro consistent_cells(rules, cells) -%}
{%- set columns = [] -%}
{%- for each in rules.consistent -%}
    {%- if each.sums -%}
        {% do columns.extend(parts_of_a_sum(rules, each)) %}
    {%- elif each.along -%}
        {% do columns.extend(steps_of_a_funnel(each)) %}
    {%- else -%}
        {% do columns.extend(part_within_whole(each.falls)) %}
    {%- endif -%}
{%- endfor -%}
{%- for each in rules.consistent if each.along %}
{{ falling_steps(rules, each, cells) }},
{% endfor %}
consistent as (
    select
        {{ (['cells.*'] + columns) | join(',\n        ') }}
    from {{ cells }} as cells
    {%- for each in rules.consistent if each.along %}
    {%- set others = rules.dimensions | reject('equalto', each.along) | list %}
    left join falling_{{ each.falls }} as here
        on {{ same(rules.dimensions, 'here.', 'cells.') | join('\n        and ') }}
    left join falling_{{ each.falls }} as first_step
        on {{ (same(others, 'first_step.', 'cells.') + ['first_step.step_no = 1']) | join('\n        and ') }}
    {%- endfor %}
)
{%- endmacro %}


{# Two counts that should fall and rise become their mean. #}
{% macro part_within_whole(names) %}
    {%- set whole, part = 'noisy_' ~ names[0], 'noisy_' ~ names[1] -%}
    {%- set mean = whole_mean(whole ~ ' + ' ~ part, '2') -%}
    {%- set apart = 'is_corrected or ' ~ whole ~ ' = 0 or ' ~ part ~ ' <= ' ~ whole -%}
    {{ return([
        'case when ' ~ apart ~ ' then ' ~ whole ~ ' else ' ~ mean ~ ' end as perturbed_' ~ names[0],
        'case when ' ~ apart ~ ' then ' ~ part ~ ' else ' ~ mean ~ ' end as perturbed_' ~ names[1],
    ]) }}
{% endmacro %}


{# A sum over n, to the nearest whole number; a half goes to the even one. Integers only: the same on every engine. #}
{% macro whole_mean(sum, n) -%}
    {%- set twice = '(2 * (' ~ sum ~ ') + ' ~ n ~ ')' -%}
    cast(floor({{ twice }} / cast(2 * {{ n }} as double)) as integer)
        - case when {{ twice }} % (4 * {{ n }}) = 2 * {{ n }} then 1 else 0 end
{%- endmacro %}


{% macro steps_of_a_funnel(each) %}
    {%- set columns = ['coalesce(here.falling, noisy_' ~ each.falls ~ ') as perturbed_' ~ each.falls] -%}
    {%- if each.first -%}{% do columns.append('coalesce(first_step.falling, noisy_' ~ each.first ~ ') as perturbed_' ~ each.first) %}{%- endif -%}
    {{ return(columns) }}
{% endmacro %}


{# The steps of each funnel with the count that does not rise. A level is min over a <= i of max over b >= i of the mean of steps a to b. #}
{% macro falling_steps(rules, each, cells) -%}
{%- set count = each.falls -%}
{%- set others = rules.dimensions | reject('equalto', each.along) | list -%}
{%- set funnel = others | join(', ') -%}
{%- set step_no -%}
case {{ each.along }}{% for step in each.order %} when '{{ step }}' then {{ loop.index }}{% endfor %} end
{%- endset -%}
steps_{{ count }} as (
    select
        {{ rules.dimensions | join(',\n        ') }},
        {{ step_no }} as step_no,
        noisy_{{ count }} as noisy
    from {{ cells }}
    where not is_corrected and {{ step_no }} is not null and noisy_{{ count }} > 0
),

placed_{{ count }} as (
    select
        *,
        row_number() over (partition by {{ funnel }} order by step_no) as place,
        sum(noisy) over (partition by {{ funnel }} order by step_no) as total
    from steps_{{ count }}
),

levels_{{ count }} as (
    select
        {{ prefixed('here.', rules.dimensions) | join(',\n        ') }},
        here.step_no,
        here.noisy,
        from_step.place as from_place,
        max(cast(to_step.total - from_step.total + from_step.noisy as double) / (to_step.place - from_step.place + 1)) as highest
    from placed_{{ count }} as here
    inner join placed_{{ count }} as from_step
        on {{ same(others, 'from_step.', 'here.') | join('\n        and ') }}
        and from_step.place <= here.place
    inner join placed_{{ count }} as to_step
        on {{ same(others, 'to_step.', 'here.') | join('\n        and ') }}
        and to_step.place >= here.place
    group by {{ prefixed('here.', rules.dimensions) | join(', ') }}, here.step_no, here.noisy, from_step.place
),

level_{{ count }} as (
    select
        {{ rules.dimensions | join(',\n        ') }},
        step_no,
        noisy,
        min(highest) as level
    from levels_{{ count }}
    group by {{ rules.dimensions | join(', ') }}, step_no, noisy
),

falling_{{ count }} as (
    select
        *,
        {{ whole_mean('sum(noisy) over (partition by ' ~ funnel ~ ', level)', 'count(*) over (partition by ' ~ funnel ~ ', level)') }} as falling
    from level_{{ count }}
)
{%- endmacro %}


{# The parts that are not 0 share equally what they lack of their whole, or have too much; the persons left over go to the largest parts. #}
{% macro parts_of_a_sum(rules, each) %}
    {%- set smallest = policy_for(rules.noise, 'counts', 'smallest') -%}
    {%- set parts, whole = each.sums, 'perturbed_' ~ each.to -%}
    {%- set lacking = '(' ~ whole ~ ' - noisy_' ~ (parts | join(' - noisy_')) ~ ')' -%}
    {%- set n = [] -%}
    {%- for part in parts -%}{% do n.append('case when noisy_' ~ part ~ ' > 0 then 1 else 0 end') %}{%- endfor -%}
    {%- set n = '(' ~ (n | join(' + ')) ~ ')' -%}
    {%- set moved, keeps = {}, ['not is_corrected', whole ~ ' > 0', n ~ ' > 0'] -%}
    {%- for part in parts -%}
        {%- set larger = [] -%}
        {%- for other in parts if other != part -%}
            {% do larger.append('case when noisy_' ~ other ~ (' >= ' if parts.index(other) < parts.index(part) else ' > ') ~ 'noisy_' ~ part ~ ' then 1 else 0 end') %}
        {%- endfor -%}
        {%- set share = 'cast(floor(abs(' ~ lacking ~ ') / cast(greatest(' ~ n ~ ', 1) as double)) as integer)' -%}
        {%- set left_over = 'case when ' ~ (larger | join(' + ')) ~ ' < abs(' ~ lacking ~ ') % greatest(' ~ n ~ ', 1) then 1 else 0 end' -%}
        {% do moved.update({part: 'case when noisy_' ~ part ~ ' = 0 then 0 else noisy_' ~ part ~ ' + sign(' ~ lacking ~ ') * (' ~ share ~ ' + ' ~ left_over ~ ') end'}) %}
        {% do keeps.append('(noisy_' ~ part ~ ' = 0 or ' ~ moved[part] ~ ' >= ' ~ smallest ~ ')') %}
        {%- if measure_named(rules, part).get('sensitive') -%}
            {% do keeps.extend(['lowest_' ~ part ~ ' is not null', 'clipped_' ~ part ~ ' is null',
                                moved[part] ~ ' between lowest_' ~ part ~ ' * ' ~ whole ~ ' and highest_' ~ part ~ ' * ' ~ whole]) %}
        {%- endif -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for part in parts -%}
        {% do columns.append('cast(case when ' ~ (keeps | join(' and ')) ~ ' then ' ~ moved[part] ~ ' else noisy_' ~ part ~ ' end as integer) as perturbed_' ~ part) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
