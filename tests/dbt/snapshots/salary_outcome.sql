with new_cells as (
    select
        diploma_id,
        graduation_year,
        graduation_year_from,
        months_after,
        n_graduates,
        n_graduates_reason,
        n_respondents,
        n_respondents_reason,
        response_rate,
        response_rate_reason,
        response_rate_low,
        response_rate_low_reason,
        response_rate_high,
        response_rate_high_reason,
        employed_rate,
        employed_rate_reason,
        employed_rate_low,
        employed_rate_low_reason,
        employed_rate_high,
        employed_rate_high_reason,
        in_field_rate,
        in_field_rate_reason,
        in_field_rate_low,
        in_field_rate_low_reason,
        in_field_rate_high,
        in_field_rate_high_reason,
        salary_p25,
        salary_p25_reason,
        salary_p50,
        salary_p50_reason,
        salary_p75,
        salary_p75_reason,
        is_complete
    from "warehouse"."intermediate"."int_cells__salary_outcome"
)

select * from new_cells
order by diploma_id, graduation_year, graduation_year_from, months_after
