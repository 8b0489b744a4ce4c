{# The codes of one list, as a subquery: only these may stand in a dimension. #}
{% macro codes(code_list) -%}
    (select listed.code from {{ ref('int_code_lists') }} as listed where listed.code_list = '{{ code_list }}')
{%- endmacro %}

{# The items of one kind with the codes that are published for them, as a relation: histories hold item_id, marts the code. #}
{% macro items_of(item_kind) -%}
    (
        select
            listed.item_id,
            listed.code,
            listed.path_id,
            listed.course_id
        from {{ ref('int_catalogue') }} as listed
        where listed.item_kind = '{{ item_kind }}'
    )
{%- endmacro %}

{# A delivered text as the warehouse may hold it: the key of the path that it names, where it may name one, else what looks
   like a code and is no identifier of a person, else 'unknown' (D-IDENT). #}
{% macro code_beyond_vault(text, item_kind=none) -%}
    case
        when {{ text }} is null then null
        {%- if item_kind %}
        when {{ text }} in (
            select matched.named from {{ ref('stg_catalogue__matches') }} as matched where matched.role = '{{ item_kind }}'
        )
            then (
                select max(matched.item_id)
                from {{ ref('stg_catalogue__matches') }} as matched
                where matched.role = '{{ item_kind }}' and matched.named = {{ text }}
            )
        {%- endif %}
        when
            {{ is_code(text) }}
            and lower({{ text }}) not in (
                select known.known_text from {{ ref('stg_register__known_texts') }} as known
            ) then {{ text }}
        else 'unknown'
    end
{%- endmacro %}
