{# One test per mart instead of one per column: every figure has a value or a reason and not both, new counts are 0 or at
   least the smallest that may be published (those of an earlier release keep its own, and so do what such a cell tells first and a plain count that
   a correction leaves as it was recalled), rates are 0 to 1 and inside their intervals, and a cell stands once. #}
{% test figures_are_protected(model) %}
{%- if execute -%}
{%- set rules = disclosure(model.identifier) -%}
{%- set carried = ledger_relation('cells_' ~ model.identifier) %}
{%- set withdrawn = withdrawn_relation(model.identifier) %}
with {% if withdrawn -%}
{{ recalled_cells(rules, withdrawn) }},

{% endif -%}
cells as (
    select
        *,
        {{ cell_key(rules) }} as cell_key,
        {{ cell_key(rules) ~ ' not in (select ' ~ cell_key(rules) ~ ' from ' ~ carried ~ ')' if carried else 'true' }} as is_new
        {%- for measure in plain_counts(rules) if withdrawn %},
        ({{ cell_key(rules) }}, {{ measure.name }}) in (
            select ({{ cell_key(rules) }}, recalled_{{ measure.name }}) from recalled where recalled_{{ measure.name }} is not null
        ) as is_as_recalled_{{ measure.name }}
        {%- endfor %}
    from {{ model }}
)

select
    cell_key,
    count(*) as n_rows
from cells
group by cell_key
having
    count(*) > 1
    {%- for measure in shown_measures(rules) %}
    or bool_or(({{ measure.name }} is null) <> (coalesce({{ measure.name }}_reason, '') in ('too_few', 'protected')))
    or bool_or({{ measure.name }} is not null and {{ measure.name }}_reason is not null)
    {%- if measure.kind == 'count' and not measure.get('told_by') %}
    or bool_or(is_new and {{ measure.name }} <> 0 and {{ measure.name }} < {{ policy_for(noise_of(rules, measure), 'counts', 'smallest') }}{{ ' and not is_as_recalled_' ~ measure.name if withdrawn and measure in plain_counts(rules) }})
    {%- elif measure.kind in ['rate', 'rate_low', 'rate_high'] %}
    or bool_or({{ measure.name }} not between 0 and 1)
    {%- if measure.kind == 'rate_low' %}
    or bool_or({{ measure.name }} > {{ measure.rate }})
    {%- elif measure.kind == 'rate_high' %}
    or bool_or({{ measure.name }} < {{ measure.rate }})
    {%- endif %}
    {%- elif measure.kind in ['nps', 'nps_low', 'nps_high'] %}
    or bool_or({{ measure.name }} not between -100 and 100)
    {%- endif %}
    {%- endfor %}
{%- endif -%}
{% endtest %}


{# Persons are counted, never rows: the people of a mart come as one row per cell and person, or the build stops. Looked for
   over all cells at once, which is cheaper than a count of distinct persons in each. #}
{% test counts_each_person_once(model) %}
{%- if execute -%}
{%- set mart = model.identifier | replace('int_cells__', '') -%}
{%- set rules = disclosure(mart) -%}
{%- set place = rules.dimensions | reject('equalto', (rules.get('pooling') or {}).get('year_from')) | list -%}
{%- set people = api.Relation.create(model.database, model.schema, rules.people) -%}
{%- set closing = api.Relation.create(model.database, model.schema, 'int_closed_periods') -%}
select {{ quick_hash((place + [rules.person]) | join(', ')) }} as place_and_person
from {{ people }}
where {{ only_closing_periods(rules, mart, closing) }}
group by place_and_person
having count(*) > 1
{%- endif -%}
{% endtest %}
