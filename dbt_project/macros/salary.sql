{# Gross euros a year at full time (`eur_year`), and why an answer has none (`salary_reason`, NULL when it has one): the one
   definition, read by the model of the history and, before it, by `anonymart sources check` and by ingestion.
   `answers` has salary_amount, salary_currency, salary_period, salary_basis, working_time, is_employed; `answered_year` is SQL on it;
   `rates` has currency, year, per_eur. Plain SQL: it is rendered by dbt and by surveys/salary_figures.py. #}
{% macro salary_judged(answers, rates, answered_year) %}
    select
        amounts.*,
        case
            when salary_amount is null and salary_period = 'unclear' then 'unclear'
            when salary_amount is null then 'not_stated'
            when is_employed is null then 'employment_unknown'
            when not is_employed then 'not_employed'
            when salary_period = 'unclear' then 'unclear'
            when salary_period = 'day' then 'daily_rate'
            when periods_per_year is null then 'period_unknown'
            when to_gross is null then 'basis_unknown'
            when per_eur is null then 'currency_unknown'
            when working_share is null and salary_period != 'hour' then 'working_time_unknown'
            when
                eur_year < {{ policy('salary', 'smallest_eur_year') }}
                or eur_year > {{ policy('salary', 'largest_eur_year') }}
                then 'impossible'
        end as salary_reason
    from (
        select
            factors.*,
            -- An hour's pay is the same at any working time, a month's or a year's is not.
            salary_amount * periods_per_year * to_gross / per_eur
            / case when salary_period = 'hour' then 1 else working_share end as eur_year
        from (
            select
                answers.*,
                case answers.salary_period
                    when 'hour'
                        then {{ policy('salary', 'hours_per_week') }} * {{ policy('salary', 'weeks_per_year') }}
                    when 'week' then {{ policy('salary', 'weeks_per_year') }}
                    when 'fortnight' then {{ policy('salary', 'weeks_per_year') }} / 2e0
                    when 'month' then {{ policy('salary', 'months_per_year') }}
                    when 'year' then 1
                end as periods_per_year,
                case answers.salary_basis
                    when 'gross' then 1
                    when 'net' then {{ policy('salary', 'net_to_gross') }}
                end as to_gross,
                case
                    when answers.working_time = 'full_time' then 1
                    when answers.working_time like 'part_time___' and right(answers.working_time, 2) between '10' and '99'
                        then cast(right(answers.working_time, 2) as double) / 100
                end as working_share,
                case when answers.salary_currency = 'EUR' then 1 else rates.per_eur end as per_eur
            from {{ answers }} as answers
            left join {{ rates }} as rates
                on
                    answers.salary_currency = rates.currency
                    and {{ answered_year }} = rates.year
        ) as factors
    ) as amounts
{% endmacro %}
