{{ config(incremental_strategy='append') }}

-- The new rows are read several times rather than held once: the engine would have to spill a large load.
{% set new_statements -%}
    (select * from {{ ref('stg_learning__statements') }} where {{ new_loads() }})
{%- endset %}

with
-- Keyed hashes and look-ups are made once per distinct text; the rows are then only joined.
actors as (
    select
        identifier,
        {{ identity_key('identifier') }} as identity_key
    from (select distinct identifier from {{ new_statements }} as new_rows)
),

-- The day depends on the time zone's rules, and to ask them is slow: once a quarter of an hour is enough.
quarter_hours as (
    select
        quarter_hour,
        {{ local_date('quarter_hour') }} as occurred_on
    from (
        select distinct {{ quarter_hour('occurred_at') }} as quarter_hour
        from {{ new_statements }} as new_rows
    )
),

objects as (
    select
        things.object_id,
        things.object_type,
        object_kinds.object_kind as kind_by_type,
        {{ last_segment('things.object_id') }} as object_segment
    from (
        select distinct
            object_id,
            coalesce(object_type, '') as object_type
        from {{ new_statements }} as new_rows
    ) as things
    left join {{ ref('object_kinds') }} as object_kinds
        on lower({{ last_segment('things.object_type') }}) = object_kinds.type_segment
),

wholes as (
    select
        whole_id,
        {{ last_segment('whole_id') }} as whole_segment
    from (
        select distinct parent_id as whole_id from {{ new_statements }} as new_rows
        union
        select distinct grouping_id as whole_id from {{ new_statements }} as new_rows
    ) as named
    where whole_id is not null
),

-- The whole text is tried before its last segment, the kind that the statement names before any other.
object_names as (
    select
        object_id,
        object_type,
        kind_by_type,
        object_id as item_id,
        0 as name_no
    from objects
    union all
    select
        object_id,
        object_type,
        kind_by_type,
        object_segment as item_id,
        1 as name_no
    from objects
),

object_places as (
    select
        named.object_id,
        named.object_type,
        catalogue.item_kind,
        catalogue.item_id,
        catalogue.path_id,
        catalogue.course_id,
        catalogue.chapter_id,
        row_number() over (
            partition by named.object_id, named.object_type
            order by
                if(catalogue.item_kind = named.kind_by_type, 0, 1), named.name_no, catalogue.item_kind
        ) as place_no
    from object_names as named
    inner join {{ ref('int_catalogue') }} as catalogue
        on named.item_id = catalogue.item_id
),

resolved_objects as (
    select
        objects.object_id,
        objects.object_type,
        coalesce(places.item_kind, objects.kind_by_type, 'other') as object_kind,
        coalesce(places.item_id, {{ code_beyond_vault('objects.object_segment') }}) as item_id,
        places.path_id,
        places.course_id,
        places.chapter_id
    from objects
    left join object_places as places
        on
            objects.object_id = places.object_id
            and objects.object_type = places.object_type
            and places.place_no = 1
),

whole_names as (
    select
        whole_id,
        whole_id as item_id,
        0 as name_no
    from wholes
    union all
    select
        whole_id,
        whole_segment as item_id,
        1 as name_no
    from wholes
),

whole_places as (
    select
        named.whole_id,
        catalogue.path_id,
        catalogue.course_id,
        catalogue.chapter_id,
        row_number() over (
            partition by named.whole_id
            order by named.name_no, catalogue.item_kind
        ) as place_no
    from whole_names as named
    inner join {{ ref('int_catalogue') }} as catalogue
        on named.item_id = catalogue.item_id
    where catalogue.item_kind in ('path', 'course', 'chapter')
),

resolved_wholes as (
    select
        whole_id,
        path_id,
        course_id,
        chapter_id
    from whole_places
    where place_no = 1
)

select
    new_rows.load_no,
    actors.identity_key,

    coalesce(verbs.verb, 'other') as verb,
    objects.object_kind,
    if(
        objects.object_kind = 'path', objects.item_id,
        coalesce(objects.path_id, parents.path_id, groupings.path_id)
    ) as path_id,
    if(
        objects.object_kind = 'course', objects.item_id,
        coalesce(objects.course_id, parents.course_id, groupings.course_id)
    ) as course_id,
    if(
        objects.object_kind = 'chapter', objects.item_id,
        coalesce(objects.chapter_id, parents.chapter_id, groupings.chapter_id)
    ) as chapter_id,
    if(objects.object_kind = 'exercise', objects.item_id, null) as exercise_id,
    if(objects.object_kind = 'project', objects.item_id, null) as project_id,

    new_rows.is_success,
    new_rows.is_completion,
    new_rows.score_scaled,
    new_rows.progress,

    quarter_hours.occurred_on,
    new_rows.occurred_at
from {{ new_statements }} as new_rows
inner join actors
    on new_rows.identifier = actors.identifier
inner join resolved_objects as objects
    on
        new_rows.object_id = objects.object_id
        and coalesce(new_rows.object_type, '') = objects.object_type
inner join quarter_hours
    on {{ quarter_hour('new_rows.occurred_at') }} = quarter_hours.quarter_hour
left join resolved_wholes as parents
    on new_rows.parent_id = parents.whole_id
left join resolved_wholes as groupings
    on new_rows.grouping_id = groupings.whole_id
left join {{ ref('verbs') }} as verbs
    on new_rows.verb_id = verbs.verb_id
