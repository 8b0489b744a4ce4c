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

verbs as (
    select
        named.verb_id,
        known.verb
    from (
        select
            verb_id,
            {{ verb_key('verb_id') }} as verb_key
        from (select distinct verb_id from {{ new_statements }} as new_rows) as verb_ids
    ) as named
    inner join (
        select
            verb,
            {{ verb_key('verb_id') }} as verb_key
        from {{ ref('verbs') }}
    ) as known
        on named.verb_key = known.verb_key
),

-- Which item an id names was found when it came in (anonymart.catalogue); the catalogue says where it stands.
places as (
    select
        matches.named,
        matches.named_type,
        matches.role,
        catalogue.item_kind,
        catalogue.item_id,
        catalogue.path_id,
        coalesce(catalogue.course_id, matches.course_id) as course_id,
        catalogue.chapter_id
    from {{ ref('stg_catalogue__matches') }} as matches
    left join {{ ref('int_catalogue') }} as catalogue
        on
            matches.item_kind = catalogue.item_kind
            and matches.item_id = catalogue.item_id
),

objects as (
    select
        things.object_id,
        things.object_type,
        -- A page that calls itself a course and is none of the catalogue's is use of the course around it.
        case
            when places.item_id is null and object_kinds.object_kind = 'course' then 'other'
            else coalesce(places.item_kind, object_kinds.object_kind, 'other')
        end as object_kind,
        places.item_id,
        places.path_id,
        places.course_id,
        places.chapter_id
    from (
        select distinct
            object_id,
            coalesce(object_type, '') as object_type
        from {{ new_statements }} as new_rows
    ) as things
    left join {{ ref('object_kinds') }} as object_kinds
        on lower({{ last_segment('things.object_type') }}) = object_kinds.type_segment
    left join places
        on
            things.object_id = places.named
            and things.object_type = places.named_type
            and places.role = 'object'
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
    new_rows.is_use,
    new_rows.form,

    new_rows.is_repeat,
    new_rows.had_course,
    new_rows.had_object,

    quarter_hours.occurred_on,
    new_rows.occurred_at
from {{ new_statements }} as new_rows
inner join actors
    on new_rows.identifier = actors.identifier
inner join objects
    on
        new_rows.object_id = objects.object_id
        and coalesce(new_rows.object_type, '') = objects.object_type
inner join quarter_hours
    on {{ quarter_hour('new_rows.occurred_at') }} = quarter_hours.quarter_hour
left join places as parents
    on
        new_rows.parent_id = parents.named
        and parents.role = 'whole'
left join places as groupings
    on
        new_rows.grouping_id = groupings.named
        and groupings.role = 'whole'
left join verbs
    on new_rows.verb_id = verbs.verb_id
