{# The family of each title, by the reviewed words; a title that holds none of them is not in it (it is `other`).
   `titles` has the column `title`, each text once; `words` is the seed. Of the words within a role the one with the smallest priority
   decides, the longer one among equals. A title that lists roles ("Web developer; Data scientist; Mobile developer") has
   the family of most of them, of the first one among equals. Rendered by dbt and by surveys/job_families.py. #}
{% macro job_families(titles, words) %}
    select
        title,
        job_family
    from (
        select
            counted.*,
            row_number() over (partition by title order by n_roles desc, first_role_no) as place_no
        from (
            select
                title,
                job_family,
                count(*) as n_roles,
                min(role_no) as first_role_no
            from (
                select
                    roles.title,
                    roles.role_no,
                    words.job_family,
                    row_number() over (
                        partition by roles.title, roles.role_no
                        order by words.priority, length(words.word) desc, words.word
                    ) as found_no
                from (
                    select
                        title,
                        role_no,
                        {{ folded_words('role_text') }} as role_words
                    from {{ listed_roles(titles) }} as listed
                ) as roles
                inner join {{ words }} as words
                    on contains(roles.role_words, ' ' || words.word || ' ')
            ) as found
            where found_no = 1
            group by title, job_family
        ) as counted
    ) as placed
    where place_no = 1
{% endmacro %}
