{# What a mart's own YAML says about its protection (meta.disclosure), checked.
   The gate reads the same lines: so the rule that protects and the rule that checks cannot drift apart. #}

{% macro disclosure(mart) %}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ mart) -%}
    {%- if not node -%}
        {% do stop_mart(mart, "is no model of this project: add models/marts/" ~ mart ~ ".sql and its YAML") %}
    {%- endif -%}
    {%- set rules = (node.config.get('meta') or {}).get('disclosure') -%}
    {%- if not rules -%}
        {% do stop_mart(mart, "has no meta.disclosure: say its people, person, dimensions, period and measures in its YAML") %}
    {%- endif -%}
    {% do check_disclosure(mart, rules) %}
    {{ return(rules) }}
{% endmacro %}


{# All marts of the project with their rules, by name. #}
{% macro disclosed_marts() %}
    {%- set found = {} -%}
    {%- for node in graph.nodes.values() | sort(attribute='name')
            if node.resource_type == 'model' and (node.config.get('meta') or {}).get('disclosure') -%}
        {% do found.update({node.name: disclosure(node.name)}) %}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{% macro stop_mart(mart, what) %}
    {{ exceptions.raise_compiler_error("The mart " ~ mart ~ " " ~ what ~ ".") }}
{% endmacro %}


{% macro check_disclosure(mart, rules) %}
    {%- for name in ['people', 'person', 'noise', 'dimensions', 'period', 'measures'] if not rules.get(name) -%}
        {% do stop_mart(mart, "has no " ~ name ~ " in meta.disclosure: add it") %}
    {%- endfor -%}
    {%- for name in ['column', 'grain', 'observation'] if rules.period.get(name) is none -%}
        {% do stop_mart(mart, "has no period." ~ name ~ " in meta.disclosure: add it") %}
    {%- endfor -%}
    {%- if rules.period.column not in rules.dimensions -%}
        {% do stop_mart(mart, "has a period that is not one of its dimensions: name its column under dimensions") %}
    {%- endif -%}
    {%- if rules.period.grain not in grain_months() -%}
        {% do stop_mart(mart, "has the unknown period grain " ~ rules.period.grain ~ ": use month, quarter, half_year or year") %}
    {%- endif -%}
    {%- for noise in [rules.noise] + (rules.measures | selectattr('noise', 'defined') | map(attribute='noise') | list) if noise not in ['coarse', 'fine', 'broad'] -%}
        {% do stop_mart(mart, "has the unknown noise " ~ noise ~ ": use coarse, fine for a mart of many small cells, or broad for one of the whole school") %}
    {%- endfor -%}
    {%- for measure in rules.measures -%}
        {% do check_measure(mart, rules, measure) %}
    {%- endfor -%}
    {%- if measures_of(rules, ['nps']) | length > 1 -%}
        {% do stop_mart(mart, "has more than one measure of kind nps: give the second a mart of its own") %}
    {%- elif measures_of(rules, ['nps_low', 'nps_high']) and not measures_of(rules, ['nps']) -%}
        {% do stop_mart(mart, "has an interval without its score: declare a measure of kind nps") %}
    {%- endif -%}
    {% do check_nesting(mart, rules) %}
    {% do check_consistent(mart, rules) %}
    {% do check_thresholds(mart, rules) %}
{% endmacro %}


{# A dimension that knows a whole beside its parts must say so, or nobody would hold the two against each other. #}
{% macro check_nesting(mart, rules) %}
    {%- set nesting = rules.get('nesting') or {} -%}
    {%- for name, spec in rules.dimensions.items() if spec is string and spec.endswith('_or_all') and nesting.get('dimension') != name -%}
        {% do stop_mart(mart, "has a whole in " ~ name ~ " without a nesting: add nesting: {dimension: " ~ name ~ ", whole: all} to meta.disclosure") %}
    {%- endfor -%}
    {%- if nesting and (nesting.get('dimension') not in rules.dimensions or not nesting.get('whole')) -%}
        {% do stop_mart(mart, "has a nesting without a dimension of its own or its whole: say nesting: {dimension: ..., whole: all}") %}
    {%- endif -%}
{% endmacro %}


{# What is made consistent is shown, and is told here first; only the parts of a partition may be sensitive. #}
{% macro check_consistent(mart, rules) %}
    {%- for each in rules.get('consistent', []) -%}
        {%- set fits = each.falls and (each.order and each.along in rules.dimensions if each.falls is string else each.falls | length == 2) or each.sums and each.to -%}
        {%- if not fits -%}
            {% do stop_mart(mart, "has an entry of consistent that is none: say falls: [whole, part], falls: count with along and order, or sums: [parts] with to") %}
        {%- endif -%}
        {%- for name in (each.sums or ([each.falls] if each.falls is string else each.falls)) -%}
            {%- set measure = measure_named(rules, name) or {} -%}
            {%- if measure.kind != 'count' or measure.get('hidden') or measure.get('told_by') or (measure.get('sensitive') and not each.sums) -%}
                {% do stop_mart(mart, "makes " ~ name ~ " consistent: name a shown count that no other cell tells first and that is not sensitive") %}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}


{% macro check_measure(mart, rules, measure) %}
    {%- set needs = {
        'count': [],
        'rate': ['numerator', 'denominator'],
        'rate_low': ['rate'],
        'rate_high': ['rate'],
        'mean': ['value', 'base'],
        'quantile': ['value', 'quantile'],
        'nps': ['promoters', 'passives', 'detractors'],
        'nps_low': ['promoters', 'passives', 'detractors'],
        'nps_high': ['promoters', 'passives', 'detractors'],
    } -%}
    {%- set label = measure.get('name', '(without name)') -%}
    {%- if measure.get('kind') not in needs -%}
        {% do stop_mart(mart, "has the measure " ~ label ~ " of unknown kind " ~ measure.get('kind') ~ ": use one of " ~ (needs.keys() | join(', '))) %}
    {%- endif -%}
    {%- for field in ['name'] + needs[measure.kind] if measure.get(field) is none -%}
        {% do stop_mart(mart, "has the measure " ~ label ~ " without " ~ field ~ ": add it in its YAML") %}
    {%- endfor -%}
    {%- for field in ['where', 'value'] if measure.get(field) is not none and not modules.re.fullmatch('[a-z_][a-z0-9_]*', measure[field]) -%}
        {% do stop_mart(mart, "has in " ~ label ~ " a " ~ field ~ " that is not a column: compute it in " ~ rules.people ~ " and name that column") %}
    {%- endfor -%}
    {%- set counts = measures_of(rules, ['count']) | map(attribute='name') | list -%}
    {%- for field in ['of', 'numerator', 'denominator', 'base', 'promoters', 'passives', 'detractors']
            if measure.get(field) is not none and measure[field] not in counts -%}
        {% do stop_mart(mart, "has in " ~ label ~ " the " ~ field ~ " " ~ measure[field] ~ ", which is no count: declare it, hidden if need be") %}
    {%- endfor -%}
    {%- if measure.kind == 'count' and not measure.get('of') and (measure.get('sensitive') or measure.get('partition')) -%}
        {% do stop_mart(mart, "has the sensitive count " ~ label ~ " without 'of': name the count that it is a part of") %}
    {%- endif -%}
    {%- if measure.kind == 'rate' and measure.get('sensitive') -%}
        {%- set numerator = measure_named(rules, measure.numerator) -%}
        {%- if not numerator.get('sensitive') or numerator.get('of') != measure.denominator -%}
            {% do stop_mart(mart, "has the sensitive rate " ~ label ~ ": declare its numerator with sensitive: true and of: " ~ measure.denominator) %}
        {%- endif -%}
    {%- endif -%}
    {%- if measure.kind in ['rate_low', 'rate_high'] and measure.rate not in measures_of(rules, ['rate']) | map(attribute='name') | list -%}
        {% do stop_mart(mart, "has the interval " ~ label ~ " of " ~ measure.rate ~ ", which is no rate: name a measure of kind rate") %}
    {%- endif -%}
    {%- if measure.kind == 'quantile' -%}
        {%- if measure.quantile not in [0.25, 0.5, 0.75] -%}
            {% do stop_mart(mart, "has in " ~ label ~ " the quantile " ~ measure.quantile ~ ": only 0.25, 0.5 and 0.75 are ever published") %}
        {%- endif -%}
        {%- if not measure.get('money') and measure.get('unit') not in ['points', 'days'] -%}
            {% do stop_mart(mart, "has the quantile " ~ label ~ " without a unit: say unit: points, unit: days or money: true") %}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Every threshold is looked up before any SQL is written, so that a missing one names the mart that needed it. #}
{% macro check_thresholds(mart, rules) %}
    {%- set needed = ['publication.first_period_on', 'publication.delay_days', 'window.last_use_before_record_months',
                      'counts.smallest', 'counts.variance', 'rates.smallest_base', 'rates.decimals'] -%}
    {%- set of_kind = {
        'rate_low': ['rates.confidence'], 'rate_high': ['rates.confidence'],
        'mean': ['means.decimals', 'means.largest_events_per_person', 'means.noise_of_largest'],
        'nps': ['nps.smallest_base', 'nps.confidence', 'nps.decimals'], 'nps_low': ['nps.confidence', 'nps.decimals'], 'nps_high': ['nps.confidence', 'nps.decimals'],
        'quantile': ['quantiles.smallest_base_median', 'quantiles.smallest_base_quartile', 'quantiles.persons_each_side',
                     'quantiles.points_round_to', 'quantiles.days_round_to', 'quantiles.points_rank_noise', 'quantiles.days_rank_noise'],
    } -%}
    {%- for measure in rules.measures -%}
        {% do needed.extend(of_kind.get(measure.kind, [])) %}
        {%- if measure.get('money') -%}{% do needed.extend(['money.round_to_eur', 'money.rank_noise', 'money.p_percent', 'money.largest_share_percent']) %}{%- endif -%}
        {%- if measure.get('sensitive') -%}{% do needed.append('sensitive_bands') %}{%- endif -%}
    {%- endfor -%}
    {%- if rules.get('pooling') -%}{% do needed.append('pooling.longest_years') %}{%- endif -%}
    {%- if has_nests(rules) -%}{% do needed.append('nesting.smallest_difference') %}{%- endif -%}
    {%- if has_remainders(rules) -%}{% do needed.append('nesting.largest_posterior') %}{%- endif -%}
    {%- for name in needed -%}
        {%- set found = namespace(value=policy()) -%}
        {%- for part in name.split('.') -%}
            {%- set found.value = found.value.get(part) if found.value is mapping else none -%}
        {%- endfor -%}
        {%- if found.value is none -%}
            {% do stop_mart(mart, "needs " ~ name ~ ", which the policy does not have: add it to expectations/policy.yml") %}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro measures_of(rules, kinds) %}
    {{ return(rules.measures | selectattr('kind', 'in', kinds) | list) }}
{% endmacro %}


{% macro measure_named(rules, name) %}
    {{ return(rules.measures | selectattr('name', 'equalto', name) | first) }}
{% endmacro %}


{# The figures that the mart shows, in the order of its YAML. #}
{% macro shown_measures(rules) %}
    {{ return(rules.measures | rejectattr('hidden', 'defined') | list) }}
{% endmacro %}


{# The quantile measures, one per value column: quartiles of one value share their persons. #}
{% macro quantile_values(rules) %}
    {%- set firsts = {} -%}
    {%- for measure in measures_of(rules, ['quantile']) if measure.value not in firsts -%}
        {% do firsts.update({measure.value: measure}) %}
    {%- endfor -%}
    {{ return(firsts.values() | list) }}
{% endmacro %}
