{# Counts are published with their noise, as 0 or from policy counts.smallest on; a true zero is 0. A sensitive count (and
   all parts of the same partition, which would give it away by subtraction) is protected where its share of its base lies
   outside the band, and too_few where its base is too small to have a band. #}

{# The band of each sensitive count, by the published count that it is a part of; NULL where that base has none. #}
{% macro band_edges(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['count']) if measure.get('sensitive') -%}
        {%- for edge in ['lowest', 'highest'] -%}
            {% do columns.append(band_edge('perturbed_' ~ measure.of, edge) ~ ' as ' ~ edge ~ '_' ~ measure.name) %}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Literals with decimals are exact decimals in SQL: a share on the edge itself is not left to floating point. #}
{% macro band_edge(base, edge) -%}
    case
        {%- for band in policy('sensitive_bands') | sort(attribute='base_from', reverse=true) %}
            when {{ base }} >= {{ band.base_from }} then {{ band[edge] }}
        {%- endfor %}
        end
{%- endmacro %}


{# On which side a sensitive count is outside its band: so few persons in it, or so few out of it, that it speaks of
   all. Looked at on the true count (the edge itself is outside) and on the published one. #}
{% macro clipped_sides(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['count']) if measure.get('sensitive') -%}
        {%- set base, drawn = 'perturbed_' ~ measure.of, noisy(rules, measure.name) -%}
        {%- set low = 'lowest_' ~ measure.name ~ ' * ' ~ base -%}
        {%- set high = 'highest_' ~ measure.name ~ ' * ' ~ base -%}
        {%- set part -%}
case
            when true_{{ measure.name }} <= {{ low }} or {{ drawn }} < {{ low }} then 'lowest'
            when true_{{ measure.of }} - true_{{ measure.name }} <= {{ base }} - {{ high }} or {{ drawn }} > {{ high }} then 'highest'
        end as clipped_{{ measure.name }}
        {%- endset -%}
        {% do columns.append(part) %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{# Why a count or a quantile may not be published. #}
{% macro own_reasons(rules) %}
    {%- set columns = [] -%}
    {%- for measure in measures_of(rules, ['count']) -%}
        {% do columns.append(count_reason(rules, measure) ~ ' as ' ~ measure.name ~ '_reason') %}
    {%- endfor -%}
    {%- for measure in measures_of(rules, ['quantile']) -%}
        {%- set reason = nested_quantile_reason(rules, measure) if has_nests(rules) else quantile_reason(rules, measure) -%}
        {% do columns.append(reason ~ ' as ' ~ measure.name ~ '_reason') %}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}


{% macro count_reason(rules, measure) -%}
    {%- set sisters = sensitive_sisters(rules, measure) -%}
    {%- if not sisters -%}
cast(null as string)
    {%- else -%}
case
            when true_{{ measure.of }} = 0 then null
            when lowest_{{ sisters[0] }} is null then 'too_few'
            {%- for sister in sisters %}
            when clipped_{{ sister }} is not null{{ ' or is_near_' ~ sister if has_nests(rules) }}{{ ' or gives_way_' ~ sister if has_remainders(rules) }} then 'protected'
            {%- endfor %}
        end
    {%- endif -%}
{%- endmacro %}


{# The sensitive counts whose protection also binds this one: itself, and those of the same partition. #}
{% macro sensitive_sisters(rules, measure) %}
    {%- set found = [] -%}
    {%- for other in measures_of(rules, ['count']) if other.get('sensitive') -%}
        {%- if other.name == measure.name
                or (measure.get('partition') and other.get('partition') == measure.partition and other.of == measure.of) -%}
            {% do found.append(other.name) %}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
