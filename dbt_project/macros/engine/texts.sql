{# Lower case, no accents, everything that is neither letter nor digit turned into one space, a space at both ends:
   ' developpeuse web '. So a word or a phrase is found whole, between spaces. #}
{% macro folded_words(text) %}
    {{ return(adapter.dispatch('folded_words', 'anonymart')(text)) }}
{% endmacro %}

{% macro duckdb__folded_words(text) -%}
    regexp_replace(' ' || lower(strip_accents({{ text }})) || ' ', '[^a-z0-9+#]+', ' ', 'g')
{%- endmacro %}

{# The accents of the Latin letters, written out: the dialect has no function that takes them off. #}
{% macro spark__folded_words(text) -%}
    regexp_replace(
        concat(
            ' ',
            translate(
                lower({{ text }}),
                'àáâãäåāăąçćĉċčďèéêëēĕėęěĝğġģĥìíîïĩīĭįĵķĺļľñńņňòóôõöōŏőŕŗřśŝşšţťùúûüũūŭůűųŵýÿŷźżž',
                'aaaaaaaaacccccdeeeeeeeeegggghiiiiiiiijklllnnnnoooooooorrrssssttuuuuuuuuuuwyyyzzz'
            ),
            ' '
        ),
        '[^a-z0-9+#]+', ' '
    )
{%- endmacro %}

{# The text without addresses and handles: support@school.example is no word about support. The detector's own patterns (D-IDENT). #}
{% macro without_addresses(text) %}
    {{ return(adapter.dispatch('without_addresses', 'anonymart')(text)) }}
{% endmacro %}

{% macro duckdb__without_addresses(text) -%}
    anonymart_without_addresses({{ text }})
{%- endmacro %}

{# The detector's patterns are the vault's, and comments do not leave it: no engine is handed one. #}
{% macro spark__without_addresses(text) -%}
    {{ exceptions.raise_compiler_error('Comments are read where the vault is: no model of another engine may ask for one.') if execute else text }}
{%- endmacro %}

{# What follows the last slash, hash sign or colon of an IRI, without query and closing slashes. #}
{% macro last_segment(iri) %}
    {{ return(adapter.dispatch('last_segment', 'anonymart')(iri)) }}
{% endmacro %}

{% macro duckdb__last_segment(iri) -%}
    regexp_extract(split_part({{ iri }}, '?', 1), '([^/#:]+)[/#:]*$', 1)
{%- endmacro %}

{% macro spark__last_segment(iri) -%}
    regexp_extract(split_part({{ iri }}, '?', 1), '([^/#:]+)[/#:]*$', 1)
{%- endmacro %}

{# What verbs are compared by: the normal form of the IRI in small letters, without its scheme and a leading www. #}
{% macro verb_key(iri) %}
    {{ return(adapter.dispatch('verb_key', 'anonymart')(iri)) }}
{% endmacro %}

{% macro duckdb__verb_key(iri) -%}
    regexp_replace(lower(anonymart_normal_iri({{ iri }})), '^https?://(www[.])?', '')
{%- endmacro %}

{# The normal form of an IRI is made where the vault is: statements come to an engine with their verbs known. #}
{% macro spark__verb_key(iri) -%}
    {{ exceptions.raise_compiler_error('Verbs are read where the vault is: no model of another engine may ask for one.') if execute else iri }}
{%- endmacro %}

{# Of what no catalogue knows only a code is kept, never an address or a text (D-IDENT). #}
{% macro is_code(text) -%}
    {{ text_matches(text, '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$') }}
{%- endmacro %}

{% macro text_matches(text, pattern) %}
    {{ return(adapter.dispatch('text_matches', 'anonymart')(text, pattern)) }}
{% endmacro %}

{% macro duckdb__text_matches(text, pattern) -%}
    coalesce(regexp_matches({{ text }}, '{{ pattern }}'), false)
{%- endmacro %}

{% macro spark__text_matches(text, pattern) -%}
    coalesce({{ text }} rlike '{{ pattern }}', false)
{%- endmacro %}

{# The distinct values of a group as a sorted list of texts, empty rather than NULL; and whether a list holds one. #}
{% macro sorted_list(text) %}
    {{ return(adapter.dispatch('sorted_list', 'anonymart')(text)) }}
{% endmacro %}

{% macro duckdb__sorted_list(text) -%}
    coalesce(list_sort(list(distinct {{ text }}) filter (where {{ text }} is not null)), {{ empty_list() }})
{%- endmacro %}

{% macro spark__sorted_list(text) -%}
    sort_array(collect_set({{ text }}))
{%- endmacro %}

{% macro empty_list() %}
    {{ return(adapter.dispatch('empty_list', 'anonymart')()) }}
{% endmacro %}

{% macro duckdb__empty_list() -%}
    cast([] as varchar[])
{%- endmacro %}

{% macro spark__empty_list() -%}
    cast(array() as array<string>)
{%- endmacro %}

{% macro list_holds(list, value) %}
    {{ return(adapter.dispatch('list_holds', 'anonymart')(list, value)) }}
{% endmacro %}

{% macro duckdb__list_holds(list, value) -%}
    list_contains({{ list }}, {{ value }})
{%- endmacro %}

{% macro spark__list_holds(list, value) -%}
    array_contains({{ list }}, {{ value }})
{%- endmacro %}

{# An entry of a text that is a JSON object, in small letters; of any other text the text itself. #}
{% macro text_or_json_entry(text, entry) %}
    {{ return(adapter.dispatch('text_or_json_entry', 'anonymart')(text, entry)) }}
{% endmacro %}

{% macro duckdb__text_or_json_entry(text, entry) -%}
    lower(trim(if(json_valid({{ text }}), coalesce(json_extract_string({{ text }}, '$.{{ entry }}'), ''), {{ text }})))
{%- endmacro %}

{% macro spark__text_or_json_entry(text, entry) -%}
    lower(trim(
        case
            when trim({{ text }}) rlike '^[{].*[}]$' then coalesce(get_json_object({{ text }}, '$.{{ entry }}'), '')
            else {{ text }}
        end
    ))
{%- endmacro %}

{# Each title with the roles that it lists between semicolons or bars, as title, role_no (from 1), role_text. #}
{% macro listed_roles(titles) %}
    {{ return(adapter.dispatch('listed_roles', 'anonymart')(titles)) }}
{% endmacro %}

{% macro duckdb__listed_roles(titles) -%}
    (
        select
            title,
            unnest(string_split_regex(title, '[;|]')) as role_text,
            generate_subscripts(string_split_regex(title, '[;|]'), 1) as role_no
        from {{ titles }}
    )
{%- endmacro %}

{% macro spark__listed_roles(titles) -%}
    (
        select
            title,
            role_text,
            place + 1 as role_no
        from {{ titles }}
        lateral view posexplode(split(title, '[;|]')) as place, role_text
    )
{%- endmacro %}
