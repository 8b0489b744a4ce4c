with
/* The noise of counts, by class (policy counts). */

noise_coarse as (
    select
        list(deviations order by true_count) as deviations,
        list(keys_upto order by true_count) as keys_upto
    from (
        select
            true_count,
            list(deviation order by key_from) as deviations,
            list(key_upto order by key_from) as keys_upto
        from "warehouse"."seeds"."perturbation_table"
        where noise_class = 'coarse'
        group by true_count
    ) as blocks
),

/* The key of the draws, which the connection lends. */
cell_pads as (
    select
        (
        select
            case
                when key_hex is null then error('The key table of this connection holds no key: run dbt through anonymart build.')
                else xor(
                    cast(unhex(rpad(if(length(key_hex) > 128, sha256(unhex(key_hex)), key_hex), 128, '0')) as bit),
                    cast(unhex(repeat('36', 64)) as bit)
                )::blob
            end
        from (select (select record_key from anonymart_keys) as key_hex)
    ) as inner_pad,
        (
        select
            case
                when key_hex is null then error('The key table of this connection holds no key: run dbt through anonymart build.')
                else xor(
                    cast(unhex(rpad(if(length(key_hex) > 128, sha256(unhex(key_hex)), key_hex), 128, '0')) as bit),
                    cast(unhex(repeat('5c', 64)) as bit)
                )::blob
            end
        from (select (select record_key from anonymart_keys) as key_hex)
    ) as outer_pad
),

/* Who is in a cell, with what its figures need and no more. */
people as (
    select
        diploma_id,
        graduation_year,
        graduation_year as graduation_year_from,
        months_after,
        pseudonym,
        record_key,
        closing_on,
        has_answered,
        is_employed,
        is_in_field,
        salary_eur_year
    from "warehouse"."intermediate"."int_people__salary_outcome"
    where true
),

/* A cell comes once, when its period, its observation and the delay are over (S-ANON). */
closing as (
    select
        period_key,
        closes_on
    from "warehouse"."intermediate"."int_closed_periods"
    where mart = 'salary_outcome'
),

closed as (
    select
        people.*,
        closing.closes_on
    from people
    inner join closing on closing.period_key = cast(people.graduation_year as string) || '|' || cast(people.months_after as string)
),

/* Small years are pooled with those before them (policy pooling). */
all_years as (
    select
        people.diploma_id,
        people.months_after,
        people.graduation_year,
        count(closing.period_key) > 0 as closes_now,
        count(*) filter (where has_answered) as true_count,
        cast(coalesce(sum(record_key) filter (where has_answered), 0) % 4294967296 as bigint) as set_key
    from people
    left join closing on closing.period_key = cast(people.graduation_year as string) || '|' || cast(people.months_after as string)
    group by people.diploma_id, people.months_after, people.graduation_year
),

suppressed_before as (
    select
        diploma_id,
        months_after,
        graduation_year
    from all_years
    where false
),

drawn_years as (
    select
        all_years.*,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year as string) || '|' || cast(months_after as string) || '|' || cast(set_key as string))))), 1, 8)) as bit) as bigint) as draw_key
    from all_years
),

years as (
    select
        drawn_years.*,
        (closes_now and cast(true_count + (select deviations from noise_coarse)[cast(least(1 + true_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_key))] as integer) < 33)
        or (not closes_now and suppressed_before.graduation_year is not null) as is_free,
        coalesce(sum(drawn_years.true_count) over (
            partition by drawn_years.diploma_id, drawn_years.months_after
            order by drawn_years.graduation_year
            rows between unbounded preceding and 1 preceding
        ), 0) as true_before,
        coalesce(sum(drawn_years.set_key) over (
            partition by drawn_years.diploma_id, drawn_years.months_after
            order by drawn_years.graduation_year
            rows between unbounded preceding and 1 preceding
        ), 0) as key_before
    from drawn_years
    left join suppressed_before
        on suppressed_before.diploma_id = drawn_years.diploma_id
        and suppressed_before.months_after = drawn_years.months_after
        and suppressed_before.graduation_year = drawn_years.graduation_year
),

-- A row for each cohort, with a column for each year: the years are walked in order without a query that calls itself.
laid_out as (
    select
        diploma_id,
        months_after,
        bool_or(case when graduation_year = 2008 then is_free end) as is_free_2008,
        bool_or(case when graduation_year = 2008 then closes_now end) as closes_now_2008,
        max(case when graduation_year = 2008 then true_before end) as before_2008,
        max(case when graduation_year = 2008 then true_before + true_count end) as upto_2008,
        max(case when graduation_year = 2008 then key_before end) as key_before_2008,
        max(case when graduation_year = 2008 then key_before + set_key end) as key_upto_2008,
        bool_or(case when graduation_year = 2009 then is_free end) as is_free_2009,
        bool_or(case when graduation_year = 2009 then closes_now end) as closes_now_2009,
        max(case when graduation_year = 2009 then true_before end) as before_2009,
        max(case when graduation_year = 2009 then true_before + true_count end) as upto_2009,
        max(case when graduation_year = 2009 then key_before end) as key_before_2009,
        max(case when graduation_year = 2009 then key_before + set_key end) as key_upto_2009,
        bool_or(case when graduation_year = 2010 then is_free end) as is_free_2010,
        bool_or(case when graduation_year = 2010 then closes_now end) as closes_now_2010,
        max(case when graduation_year = 2010 then true_before end) as before_2010,
        max(case when graduation_year = 2010 then true_before + true_count end) as upto_2010,
        max(case when graduation_year = 2010 then key_before end) as key_before_2010,
        max(case when graduation_year = 2010 then key_before + set_key end) as key_upto_2010,
        bool_or(case when graduation_year = 2011 then is_free end) as is_free_2011,
        bool_or(case when graduation_year = 2011 then closes_now end) as closes_now_2011,
        max(case when graduation_year = 2011 then true_before end) as before_2011,
        max(case when graduation_year = 2011 then true_before + true_count end) as upto_2011,
        max(case when graduation_year = 2011 then key_before end) as key_before_2011,
        max(case when graduation_year = 2011 then key_before + set_key end) as key_upto_2011,
        bool_or(case when graduation_year = 2012 then is_free end) as is_free_2012,
        bool_or(case when graduation_year = 2012 then closes_now end) as closes_now_2012,
        max(case when graduation_year = 2012 then true_before end) as before_2012,
        max(case when graduation_year = 2012 then true_before + true_count end) as upto_2012,
        max(case when graduation_year = 2012 then key_before end) as key_before_2012,
        max(case when graduation_year = 2012 then key_before + set_key end) as key_upto_2012,
        bool_or(case when graduation_year = 2013 then is_free end) as is_free_2013,
        bool_or(case when graduation_year = 2013 then closes_now end) as closes_now_2013,
        max(case when graduation_year = 2013 then true_before end) as before_2013,
        max(case when graduation_year = 2013 then true_before + true_count end) as upto_2013,
        max(case when graduation_year = 2013 then key_before end) as key_before_2013,
        max(case when graduation_year = 2013 then key_before + set_key end) as key_upto_2013,
        bool_or(case when graduation_year = 2014 then is_free end) as is_free_2014,
        bool_or(case when graduation_year = 2014 then closes_now end) as closes_now_2014,
        max(case when graduation_year = 2014 then true_before end) as before_2014,
        max(case when graduation_year = 2014 then true_before + true_count end) as upto_2014,
        max(case when graduation_year = 2014 then key_before end) as key_before_2014,
        max(case when graduation_year = 2014 then key_before + set_key end) as key_upto_2014,
        bool_or(case when graduation_year = 2015 then is_free end) as is_free_2015,
        bool_or(case when graduation_year = 2015 then closes_now end) as closes_now_2015,
        max(case when graduation_year = 2015 then true_before end) as before_2015,
        max(case when graduation_year = 2015 then true_before + true_count end) as upto_2015,
        max(case when graduation_year = 2015 then key_before end) as key_before_2015,
        max(case when graduation_year = 2015 then key_before + set_key end) as key_upto_2015,
        bool_or(case when graduation_year = 2016 then is_free end) as is_free_2016,
        bool_or(case when graduation_year = 2016 then closes_now end) as closes_now_2016,
        max(case when graduation_year = 2016 then true_before end) as before_2016,
        max(case when graduation_year = 2016 then true_before + true_count end) as upto_2016,
        max(case when graduation_year = 2016 then key_before end) as key_before_2016,
        max(case when graduation_year = 2016 then key_before + set_key end) as key_upto_2016,
        bool_or(case when graduation_year = 2017 then is_free end) as is_free_2017,
        bool_or(case when graduation_year = 2017 then closes_now end) as closes_now_2017,
        max(case when graduation_year = 2017 then true_before end) as before_2017,
        max(case when graduation_year = 2017 then true_before + true_count end) as upto_2017,
        max(case when graduation_year = 2017 then key_before end) as key_before_2017,
        max(case when graduation_year = 2017 then key_before + set_key end) as key_upto_2017,
        bool_or(case when graduation_year = 2018 then is_free end) as is_free_2018,
        bool_or(case when graduation_year = 2018 then closes_now end) as closes_now_2018,
        max(case when graduation_year = 2018 then true_before end) as before_2018,
        max(case when graduation_year = 2018 then true_before + true_count end) as upto_2018,
        max(case when graduation_year = 2018 then key_before end) as key_before_2018,
        max(case when graduation_year = 2018 then key_before + set_key end) as key_upto_2018,
        bool_or(case when graduation_year = 2019 then is_free end) as is_free_2019,
        bool_or(case when graduation_year = 2019 then closes_now end) as closes_now_2019,
        max(case when graduation_year = 2019 then true_before end) as before_2019,
        max(case when graduation_year = 2019 then true_before + true_count end) as upto_2019,
        max(case when graduation_year = 2019 then key_before end) as key_before_2019,
        max(case when graduation_year = 2019 then key_before + set_key end) as key_upto_2019,
        bool_or(case when graduation_year = 2020 then is_free end) as is_free_2020,
        bool_or(case when graduation_year = 2020 then closes_now end) as closes_now_2020,
        max(case when graduation_year = 2020 then true_before end) as before_2020,
        max(case when graduation_year = 2020 then true_before + true_count end) as upto_2020,
        max(case when graduation_year = 2020 then key_before end) as key_before_2020,
        max(case when graduation_year = 2020 then key_before + set_key end) as key_upto_2020,
        bool_or(case when graduation_year = 2021 then is_free end) as is_free_2021,
        bool_or(case when graduation_year = 2021 then closes_now end) as closes_now_2021,
        max(case when graduation_year = 2021 then true_before end) as before_2021,
        max(case when graduation_year = 2021 then true_before + true_count end) as upto_2021,
        max(case when graduation_year = 2021 then key_before end) as key_before_2021,
        max(case when graduation_year = 2021 then key_before + set_key end) as key_upto_2021,
        bool_or(case when graduation_year = 2022 then is_free end) as is_free_2022,
        bool_or(case when graduation_year = 2022 then closes_now end) as closes_now_2022,
        max(case when graduation_year = 2022 then true_before end) as before_2022,
        max(case when graduation_year = 2022 then true_before + true_count end) as upto_2022,
        max(case when graduation_year = 2022 then key_before end) as key_before_2022,
        max(case when graduation_year = 2022 then key_before + set_key end) as key_upto_2022,
        bool_or(case when graduation_year = 2023 then is_free end) as is_free_2023,
        bool_or(case when graduation_year = 2023 then closes_now end) as closes_now_2023,
        max(case when graduation_year = 2023 then true_before end) as before_2023,
        max(case when graduation_year = 2023 then true_before + true_count end) as upto_2023,
        max(case when graduation_year = 2023 then key_before end) as key_before_2023,
        max(case when graduation_year = 2023 then key_before + set_key end) as key_upto_2023,
        bool_or(case when graduation_year = 2024 then is_free end) as is_free_2024,
        bool_or(case when graduation_year = 2024 then closes_now end) as closes_now_2024,
        max(case when graduation_year = 2024 then true_before end) as before_2024,
        max(case when graduation_year = 2024 then true_before + true_count end) as upto_2024,
        max(case when graduation_year = 2024 then key_before end) as key_before_2024,
        max(case when graduation_year = 2024 then key_before + set_key end) as key_upto_2024,
        bool_or(case when graduation_year = 2025 then is_free end) as is_free_2025,
        bool_or(case when graduation_year = 2025 then closes_now end) as closes_now_2025,
        max(case when graduation_year = 2025 then true_before end) as before_2025,
        max(case when graduation_year = 2025 then true_before + true_count end) as upto_2025,
        max(case when graduation_year = 2025 then key_before end) as key_before_2025,
        max(case when graduation_year = 2025 then key_before + set_key end) as key_upto_2025,
        bool_or(case when graduation_year = 2026 then is_free end) as is_free_2026,
        bool_or(case when graduation_year = 2026 then closes_now end) as closes_now_2026,
        max(case when graduation_year = 2026 then true_before end) as before_2026,
        max(case when graduation_year = 2026 then true_before + true_count end) as upto_2026,
        max(case when graduation_year = 2026 then key_before end) as key_before_2026,
        max(case when graduation_year = 2026 then key_before + set_key end) as key_upto_2026
    from years
    group by diploma_id, months_after
),

walked as (



































            select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, pooled_from_2021, pooled_from_2022, pooled_from_2023, pooled_from_2024, pooled_from_2025, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2026, false) and not is_pooled then coalesce(free_from, 2026) end as free_from,
        case when is_pooled then earliest_2026 end as pooled_from_2026
    from (
        select *, coalesce(is_free_2026 and closes_now_2026 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2026 - case earliest_2026 when 2024 then before_2024 when 2025 then before_2025 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2026 as string) || '|' || cast(earliest_2026 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2026 - case earliest_2026 when 2024 then key_before_2024 when 2025 then key_before_2025 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2024) end as earliest_2026
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, pooled_from_2021, pooled_from_2022, pooled_from_2023, pooled_from_2024, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2025, false) and not is_pooled then coalesce(free_from, 2025) end as free_from,
        case when is_pooled then earliest_2025 end as pooled_from_2025
    from (
        select *, coalesce(is_free_2025 and closes_now_2025 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2025 - case earliest_2025 when 2023 then before_2023 when 2024 then before_2024 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2025 as string) || '|' || cast(earliest_2025 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2025 - case earliest_2025 when 2023 then key_before_2023 when 2024 then key_before_2024 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2023) end as earliest_2025
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, pooled_from_2021, pooled_from_2022, pooled_from_2023, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2024, false) and not is_pooled then coalesce(free_from, 2024) end as free_from,
        case when is_pooled then earliest_2024 end as pooled_from_2024
    from (
        select *, coalesce(is_free_2024 and closes_now_2024 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2024 - case earliest_2024 when 2022 then before_2022 when 2023 then before_2023 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2024 as string) || '|' || cast(earliest_2024 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2024 - case earliest_2024 when 2022 then key_before_2022 when 2023 then key_before_2023 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2022) end as earliest_2024
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, pooled_from_2021, pooled_from_2022, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2023, false) and not is_pooled then coalesce(free_from, 2023) end as free_from,
        case when is_pooled then earliest_2023 end as pooled_from_2023
    from (
        select *, coalesce(is_free_2023 and closes_now_2023 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2023 - case earliest_2023 when 2021 then before_2021 when 2022 then before_2022 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2023 as string) || '|' || cast(earliest_2023 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2023 - case earliest_2023 when 2021 then key_before_2021 when 2022 then key_before_2022 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2021) end as earliest_2023
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, pooled_from_2021, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2022, false) and not is_pooled then coalesce(free_from, 2022) end as free_from,
        case when is_pooled then earliest_2022 end as pooled_from_2022
    from (
        select *, coalesce(is_free_2022 and closes_now_2022 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2022 - case earliest_2022 when 2020 then before_2020 when 2021 then before_2021 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2022 as string) || '|' || cast(earliest_2022 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2022 - case earliest_2022 when 2020 then key_before_2020 when 2021 then key_before_2021 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2020) end as earliest_2022
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, pooled_from_2020, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2021, false) and not is_pooled then coalesce(free_from, 2021) end as free_from,
        case when is_pooled then earliest_2021 end as pooled_from_2021
    from (
        select *, coalesce(is_free_2021 and closes_now_2021 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2021 - case earliest_2021 when 2019 then before_2019 when 2020 then before_2020 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2021 as string) || '|' || cast(earliest_2021 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2021 - case earliest_2021 when 2019 then key_before_2019 when 2020 then key_before_2020 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2019) end as earliest_2021
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, pooled_from_2019, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2020, false) and not is_pooled then coalesce(free_from, 2020) end as free_from,
        case when is_pooled then earliest_2020 end as pooled_from_2020
    from (
        select *, coalesce(is_free_2020 and closes_now_2020 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2020 - case earliest_2020 when 2018 then before_2018 when 2019 then before_2019 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2020 as string) || '|' || cast(earliest_2020 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2020 - case earliest_2020 when 2018 then key_before_2018 when 2019 then key_before_2019 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2018) end as earliest_2020
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, pooled_from_2018, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2019, false) and not is_pooled then coalesce(free_from, 2019) end as free_from,
        case when is_pooled then earliest_2019 end as pooled_from_2019
    from (
        select *, coalesce(is_free_2019 and closes_now_2019 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2019 - case earliest_2019 when 2017 then before_2017 when 2018 then before_2018 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2019 as string) || '|' || cast(earliest_2019 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2019 - case earliest_2019 when 2017 then key_before_2017 when 2018 then key_before_2018 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2017) end as earliest_2019
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, pooled_from_2017, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2018, false) and not is_pooled then coalesce(free_from, 2018) end as free_from,
        case when is_pooled then earliest_2018 end as pooled_from_2018
    from (
        select *, coalesce(is_free_2018 and closes_now_2018 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2018 - case earliest_2018 when 2016 then before_2016 when 2017 then before_2017 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2018 as string) || '|' || cast(earliest_2018 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2018 - case earliest_2018 when 2016 then key_before_2016 when 2017 then key_before_2017 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2016) end as earliest_2018
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, pooled_from_2016, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2017, false) and not is_pooled then coalesce(free_from, 2017) end as free_from,
        case when is_pooled then earliest_2017 end as pooled_from_2017
    from (
        select *, coalesce(is_free_2017 and closes_now_2017 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2017 - case earliest_2017 when 2015 then before_2015 when 2016 then before_2016 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2017 as string) || '|' || cast(earliest_2017 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2017 - case earliest_2017 when 2015 then key_before_2015 when 2016 then key_before_2016 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2015) end as earliest_2017
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, pooled_from_2015, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2016, false) and not is_pooled then coalesce(free_from, 2016) end as free_from,
        case when is_pooled then earliest_2016 end as pooled_from_2016
    from (
        select *, coalesce(is_free_2016 and closes_now_2016 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2016 - case earliest_2016 when 2014 then before_2014 when 2015 then before_2015 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2016 as string) || '|' || cast(earliest_2016 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2016 - case earliest_2016 when 2014 then key_before_2014 when 2015 then key_before_2015 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2014) end as earliest_2016
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, pooled_from_2014, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2015, false) and not is_pooled then coalesce(free_from, 2015) end as free_from,
        case when is_pooled then earliest_2015 end as pooled_from_2015
    from (
        select *, coalesce(is_free_2015 and closes_now_2015 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2015 - case earliest_2015 when 2013 then before_2013 when 2014 then before_2014 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2015 as string) || '|' || cast(earliest_2015 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2015 - case earliest_2015 when 2013 then key_before_2013 when 2014 then key_before_2014 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2013) end as earliest_2015
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, pooled_from_2013, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2014, false) and not is_pooled then coalesce(free_from, 2014) end as free_from,
        case when is_pooled then earliest_2014 end as pooled_from_2014
    from (
        select *, coalesce(is_free_2014 and closes_now_2014 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2014 - case earliest_2014 when 2012 then before_2012 when 2013 then before_2013 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2014 as string) || '|' || cast(earliest_2014 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2014 - case earliest_2014 when 2012 then key_before_2012 when 2013 then key_before_2013 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2012) end as earliest_2014
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, pooled_from_2012, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2013, false) and not is_pooled then coalesce(free_from, 2013) end as free_from,
        case when is_pooled then earliest_2013 end as pooled_from_2013
    from (
        select *, coalesce(is_free_2013 and closes_now_2013 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2013 - case earliest_2013 when 2011 then before_2011 when 2012 then before_2012 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2013 as string) || '|' || cast(earliest_2013 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2013 - case earliest_2013 when 2011 then key_before_2011 when 2012 then key_before_2012 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2011) end as earliest_2013
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, pooled_from_2011, is_free_2011, closes_now_2011, before_2011, upto_2011, key_before_2011, key_upto_2011, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2012, false) and not is_pooled then coalesce(free_from, 2012) end as free_from,
        case when is_pooled then earliest_2012 end as pooled_from_2012
    from (
        select *, coalesce(is_free_2012 and closes_now_2012 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2012 - case earliest_2012 when 2010 then before_2010 when 2011 then before_2011 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2012 as string) || '|' || cast(earliest_2012 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2012 - case earliest_2012 when 2010 then key_before_2010 when 2011 then key_before_2011 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2010) end as earliest_2012
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, pooled_from_2010, is_free_2010, closes_now_2010, before_2010, upto_2010, key_before_2010, key_upto_2010, is_free_2011, closes_now_2011, before_2011, upto_2011, key_before_2011, key_upto_2011, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2011, false) and not is_pooled then coalesce(free_from, 2011) end as free_from,
        case when is_pooled then earliest_2011 end as pooled_from_2011
    from (
        select *, coalesce(is_free_2011 and closes_now_2011 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2011 - case earliest_2011 when 2009 then before_2009 when 2010 then before_2010 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2011 as string) || '|' || cast(earliest_2011 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2011 - case earliest_2011 when 2009 then key_before_2009 when 2010 then key_before_2010 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2009) end as earliest_2011
                from (
    select
        diploma_id, months_after, pooled_from_2008, pooled_from_2009, is_free_2009, closes_now_2009, before_2009, upto_2009, key_before_2009, key_upto_2009, is_free_2010, closes_now_2010, before_2010, upto_2010, key_before_2010, key_upto_2010, is_free_2011, closes_now_2011, before_2011, upto_2011, key_before_2011, key_upto_2011, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2010, false) and not is_pooled then coalesce(free_from, 2010) end as free_from,
        case when is_pooled then earliest_2010 end as pooled_from_2010
    from (
        select *, coalesce(is_free_2010 and closes_now_2010 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2010 - case earliest_2010 when 2008 then before_2008 when 2009 then before_2009 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2010 as string) || '|' || cast(earliest_2010 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2010 - case earliest_2010 when 2008 then key_before_2008 when 2009 then key_before_2009 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2008) end as earliest_2010
                from (
    select
        diploma_id, months_after, pooled_from_2008, is_free_2008, closes_now_2008, before_2008, upto_2008, key_before_2008, key_upto_2008, is_free_2009, closes_now_2009, before_2009, upto_2009, key_before_2009, key_upto_2009, is_free_2010, closes_now_2010, before_2010, upto_2010, key_before_2010, key_upto_2010, is_free_2011, closes_now_2011, before_2011, upto_2011, key_before_2011, key_upto_2011, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2009, false) and not is_pooled then coalesce(free_from, 2009) end as free_from,
        case when is_pooled then earliest_2009 end as pooled_from_2009
    from (
        select *, coalesce(is_free_2009 and closes_now_2009 and cast(pool_count + (select deviations from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + pool_count, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= pool_key))] as integer) >= 33, false) as is_pooled
        from (
            select *, upto_2009 - case earliest_2009 when 2008 then before_2008 end as pool_count, cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(2009 as string) || '|' || cast(earliest_2009 as string) || '|' || cast(months_after as string) || '|' || cast((key_upto_2009 - case earliest_2009 when 2008 then key_before_2008 end) % 4294967296 as string))))), 1, 8)) as bit) as bigint) as pool_key
            from (
                select *, case when free_from is not null then greatest(free_from, 2007) end as earliest_2009
                from (
    select
        diploma_id, months_after, is_free_2008, closes_now_2008, before_2008, upto_2008, key_before_2008, key_upto_2008, is_free_2009, closes_now_2009, before_2009, upto_2009, key_before_2009, key_upto_2009, is_free_2010, closes_now_2010, before_2010, upto_2010, key_before_2010, key_upto_2010, is_free_2011, closes_now_2011, before_2011, upto_2011, key_before_2011, key_upto_2011, is_free_2012, closes_now_2012, before_2012, upto_2012, key_before_2012, key_upto_2012, is_free_2013, closes_now_2013, before_2013, upto_2013, key_before_2013, key_upto_2013, is_free_2014, closes_now_2014, before_2014, upto_2014, key_before_2014, key_upto_2014, is_free_2015, closes_now_2015, before_2015, upto_2015, key_before_2015, key_upto_2015, is_free_2016, closes_now_2016, before_2016, upto_2016, key_before_2016, key_upto_2016, is_free_2017, closes_now_2017, before_2017, upto_2017, key_before_2017, key_upto_2017, is_free_2018, closes_now_2018, before_2018, upto_2018, key_before_2018, key_upto_2018, is_free_2019, closes_now_2019, before_2019, upto_2019, key_before_2019, key_upto_2019, is_free_2020, closes_now_2020, before_2020, upto_2020, key_before_2020, key_upto_2020, is_free_2021, closes_now_2021, before_2021, upto_2021, key_before_2021, key_upto_2021, is_free_2022, closes_now_2022, before_2022, upto_2022, key_before_2022, key_upto_2022, is_free_2023, closes_now_2023, before_2023, upto_2023, key_before_2023, key_upto_2023, is_free_2024, closes_now_2024, before_2024, upto_2024, key_before_2024, key_upto_2024, is_free_2025, closes_now_2025, before_2025, upto_2025, key_before_2025, key_upto_2025, is_free_2026, closes_now_2026, before_2026, upto_2026, key_before_2026, key_upto_2026,
        case when coalesce(is_free_2008, false) then coalesce(free_from, 2008) end as free_from,
        cast(null as integer) as pooled_from_2008
    from (
    select *, cast(null as integer) as free_from from laid_out
    ) as before_2008
    ) as before_2009
            ) as begun_2009
        ) as drawn_2009
    ) as judged_2009
    ) as before_2010
            ) as begun_2010
        ) as drawn_2010
    ) as judged_2010
    ) as before_2011
            ) as begun_2011
        ) as drawn_2011
    ) as judged_2011
    ) as before_2012
            ) as begun_2012
        ) as drawn_2012
    ) as judged_2012
    ) as before_2013
            ) as begun_2013
        ) as drawn_2013
    ) as judged_2013
    ) as before_2014
            ) as begun_2014
        ) as drawn_2014
    ) as judged_2014
    ) as before_2015
            ) as begun_2015
        ) as drawn_2015
    ) as judged_2015
    ) as before_2016
            ) as begun_2016
        ) as drawn_2016
    ) as judged_2016
    ) as before_2017
            ) as begun_2017
        ) as drawn_2017
    ) as judged_2017
    ) as before_2018
            ) as begun_2018
        ) as drawn_2018
    ) as judged_2018
    ) as before_2019
            ) as begun_2019
        ) as drawn_2019
    ) as judged_2019
    ) as before_2020
            ) as begun_2020
        ) as drawn_2020
    ) as judged_2020
    ) as before_2021
            ) as begun_2021
        ) as drawn_2021
    ) as judged_2021
    ) as before_2022
            ) as begun_2022
        ) as drawn_2022
    ) as judged_2022
    ) as before_2023
            ) as begun_2023
        ) as drawn_2023
    ) as judged_2023
    ) as before_2024
            ) as begun_2024
        ) as drawn_2024
    ) as judged_2024
    ) as before_2025
            ) as begun_2025
        ) as drawn_2025
    ) as judged_2025
    ) as before_2026
            ) as begun_2026
        ) as drawn_2026
    ) as judged_2026
),

pools as (
    select *
    from (
        select
            walked.diploma_id,
            walked.months_after,
            each_year.graduation_year,
            case each_year.graduation_year
                when 2008 then walked.pooled_from_2008
                when 2009 then walked.pooled_from_2009
                when 2010 then walked.pooled_from_2010
                when 2011 then walked.pooled_from_2011
                when 2012 then walked.pooled_from_2012
                when 2013 then walked.pooled_from_2013
                when 2014 then walked.pooled_from_2014
                when 2015 then walked.pooled_from_2015
                when 2016 then walked.pooled_from_2016
                when 2017 then walked.pooled_from_2017
                when 2018 then walked.pooled_from_2018
                when 2019 then walked.pooled_from_2019
                when 2020 then walked.pooled_from_2020
                when 2021 then walked.pooled_from_2021
                when 2022 then walked.pooled_from_2022
                when 2023 then walked.pooled_from_2023
                when 2024 then walked.pooled_from_2024
                when 2025 then walked.pooled_from_2025
                when 2026 then walked.pooled_from_2026
            end as pooled_from
        from walked as walked
        cross join (values (2008), (2009), (2010), (2011), (2012), (2013), (2014), (2015), (2016), (2017), (2018), (2019), (2020), (2021), (2022), (2023), (2024), (2025), (2026)) as each_year (graduation_year)
    ) as found
    where pooled_from is not null
),

closed_and_pooled as (
    select * from closed

    union all

    select
        diploma_id,
        graduation_year,
        graduation_year_from,
        months_after,
        pseudonym,
        record_key,
        closing_on,
        has_answered,
        is_employed,
        is_in_field,
        salary_eur_year,
        closes_on
    from (
        select
            people.diploma_id,
            people.months_after,
            people.pseudonym,
            people.record_key,
            people.closing_on,
            people.has_answered,
            people.is_employed,
            people.is_in_field,
            people.salary_eur_year,
            pools.graduation_year,
            pools.pooled_from as graduation_year_from,
            closing.closes_on,
            row_number() over (
                partition by pools.diploma_id, pools.months_after, pools.graduation_year, people.pseudonym
                order by people.graduation_year desc
            ) as position
        from pools
        inner join people
            on people.graduation_year between pools.pooled_from and pools.graduation_year
            and people.diploma_id = pools.diploma_id
            and people.months_after = pools.months_after
        inner join closing on closing.period_key = cast(pools.graduation_year as string) || '|' || cast(pools.months_after as string)
    ) as pooled
    where position = 1
),

/* The true figures: persons, never rows. They stay in the warehouse. */
counted_now as (
    select
        diploma_id,
        graduation_year,
        graduation_year_from,
        months_after,
        cast(closed_and_pooled.graduation_year as string) || '|' || cast(closed_and_pooled.months_after as string) as period_key,
        min(closes_on) as closes_on,
        min(closing_on) as earliest_closing_on,
        count(*) as true_n_graduates,
        cast(coalesce(sum(record_key), 0) % 4294967296 as bigint) as key_n_graduates,
        count(*) filter (where has_answered) as true_n_respondents,
        cast(coalesce(sum(record_key) filter (where has_answered), 0) % 4294967296 as bigint) as key_n_respondents,
        count(*) filter (where is_employed) as true_n_employed,
        cast(coalesce(sum(record_key) filter (where is_employed), 0) % 4294967296 as bigint) as key_n_employed,
        count(*) filter (where is_in_field) as true_n_in_field,
        cast(coalesce(sum(record_key) filter (where is_in_field), 0) % 4294967296 as bigint) as key_n_in_field,
        count(*) filter (where salary_eur_year is not null) as true_with_salary_eur_year,
        cast(coalesce(sum(record_key) filter (where salary_eur_year is not null), 0) % 4294967296 as bigint) as key_with_salary_eur_year,
        list(salary_eur_year order by salary_eur_year) filter (where salary_eur_year is not null) as all_salary_eur_year,
        quantile_cont(salary_eur_year, 0.25) as true_salary_p25,
        quantile_cont(salary_eur_year, 0.5) as true_salary_p50,
        quantile_cont(salary_eur_year, 0.75) as true_salary_p75
    from closed_and_pooled
    group by diploma_id, graduation_year, graduation_year_from, months_after
),

counted as (
    select * from counted_now
),

/* A figure that another cell tells too is told once (told_by). */
with_first as (
    select
        counted.*
    from counted
),

/* What each draw is looked up by: a keyed hash of the cell and of the record keys of its people. */
keyed as (
    select
        *,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_graduates|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || '6' || '|' || cast(key_n_graduates as string))))), 1, 8)) as bit) as bigint) as draw_n_graduates,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_respondents|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || cast(months_after as string) || '|' || cast(key_n_respondents as string))))), 1, 8)) as bit) as bigint) as draw_n_respondents,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_employed|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || cast(months_after as string) || '|' || cast(key_n_employed as string))))), 1, 8)) as bit) as bigint) as draw_n_employed,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.n_in_field|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || cast(months_after as string) || '|' || cast(key_n_in_field as string))))), 1, 8)) as bit) as bigint) as draw_n_in_field,
        cast(cast(unhex(substr(sha256((select outer_pad from cell_pads) || unhex(sha256((select inner_pad from cell_pads) || encode('cell|' || 'salary_outcome.with_salary_eur_year|' || cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || cast(months_after as string) || '|' || cast(key_with_salary_eur_year as string))))), 1, 8)) as bit) as bigint) as draw_with_salary_eur_year
    from with_first
),

/* Counts with the noise of their cell. */
perturbed as (
    select
        keyed.*,
        cast(true_n_graduates + (select deviations from noise_coarse)[cast(least(1 + true_n_graduates, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_n_graduates, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_n_graduates))] as integer) as perturbed_n_graduates,
        cast(true_n_respondents + (select deviations from noise_coarse)[cast(least(1 + true_n_respondents, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_n_respondents, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_n_respondents))] as integer) as perturbed_n_respondents,
        cast(true_n_employed + (select deviations from noise_coarse)[cast(least(1 + true_n_employed, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_n_employed, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_n_employed))] as integer) as perturbed_n_employed,
        cast(true_n_in_field + (select deviations from noise_coarse)[cast(least(1 + true_n_in_field, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_n_in_field, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_n_in_field))] as integer) as perturbed_n_in_field,
        cast(true_with_salary_eur_year + (select deviations from noise_coarse)[cast(least(1 + true_with_salary_eur_year, len((select keys_upto from noise_coarse))) as bigint)][1 + len(list_filter((select keys_upto from noise_coarse)[cast(least(1 + true_with_salary_eur_year, len((select keys_upto from noise_coarse))) as bigint)], lambda upto : upto <= draw_with_salary_eur_year))] as integer) as perturbed_with_salary_eur_year,
        case when list_sum(all_salary_eur_year) > 0 then round(all_salary_eur_year[-1] / list_sum(all_salary_eur_year), 6) end as largest_share_salary_eur_year,
        100 * (list_sum(all_salary_eur_year) - all_salary_eur_year[-1] - coalesce(all_salary_eur_year[-2], 0)) >= 10 * all_salary_eur_year[-1] as p_percent_ok_salary_eur_year,
        len(list_filter(all_salary_eur_year, lambda each : each < true_salary_p25)) as below_salary_p25,
        len(list_filter(all_salary_eur_year, lambda each : each > true_salary_p25)) as above_salary_p25,
        least(greatest(0.25 * (true_with_salary_eur_year - 1) + 14 * (((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 500001501) % 4294967296) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 500001501) % 4294967296) / 256) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 500001501) % 4294967296) / 65536) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 500001501) % 4294967296) / 16777216) % 256 - 510) / 512e0, 3), true_with_salary_eur_year - 1 - 3) as rank_salary_p25,
        len(list_filter(all_salary_eur_year, lambda each : each < true_salary_p50)) as below_salary_p50,
        len(list_filter(all_salary_eur_year, lambda each : each > true_salary_p50)) as above_salary_p50,
        least(greatest(0.5 * (true_with_salary_eur_year - 1) + 14 * (((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1000003001) % 4294967296) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1000003001) % 4294967296) / 256) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1000003001) % 4294967296) / 65536) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1000003001) % 4294967296) / 16777216) % 256 - 510) / 512e0, 3), true_with_salary_eur_year - 1 - 3) as rank_salary_p50,
        len(list_filter(all_salary_eur_year, lambda each : each < true_salary_p75)) as below_salary_p75,
        len(list_filter(all_salary_eur_year, lambda each : each > true_salary_p75)) as above_salary_p75,
        least(greatest(0.75 * (true_with_salary_eur_year - 1) + 14 * (((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1500004501) % 4294967296) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1500004501) % 4294967296) / 256) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1500004501) % 4294967296) / 65536) % 256 + floor(((((((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) % 65536) * 65536 + cast(floor(((draw_with_salary_eur_year * 1597334677 + 374761393) % 4294967296) / 65536) as bigint)) * 1500004501) % 4294967296) / 16777216) % 256 - 510) / 512e0, 3), true_with_salary_eur_year - 1 - 3) as rank_salary_p75
    from keyed
),

/* The band that a sensitive count may lie in, by its base (policy sensitive_bands). */
banded as (
    select
        perturbed.*,
        case
            when perturbed_n_respondents >= 310 then 0.01
            when perturbed_n_respondents >= 110 then 0.02
            when perturbed_n_respondents >= 50 then 0.05
            when perturbed_n_respondents >= 33 then 0.1
        end as lowest_n_employed,
        case
            when perturbed_n_respondents >= 310 then 0.99
            when perturbed_n_respondents >= 110 then 0.98
            when perturbed_n_respondents >= 50 then 0.95
            when perturbed_n_respondents >= 33 then 0.9
        end as highest_n_employed,
        case
            when perturbed_n_respondents >= 310 then 0.01
            when perturbed_n_respondents >= 110 then 0.02
            when perturbed_n_respondents >= 50 then 0.05
            when perturbed_n_respondents >= 33 then 0.1
        end as lowest_n_in_field,
        case
            when perturbed_n_respondents >= 310 then 0.99
            when perturbed_n_respondents >= 110 then 0.98
            when perturbed_n_respondents >= 50 then 0.95
            when perturbed_n_respondents >= 33 then 0.9
        end as highest_n_in_field
    from perturbed
),

/* Sensitive counts outside of it: nearly everybody, or nearly nobody. */
clipped as (
    select
        banded.*,
        case
            when true_n_employed <= lowest_n_employed * perturbed_n_respondents or perturbed_n_employed < lowest_n_employed * perturbed_n_respondents then 'lowest'
            when true_n_respondents - true_n_employed <= perturbed_n_respondents - highest_n_employed * perturbed_n_respondents or perturbed_n_employed > highest_n_employed * perturbed_n_respondents then 'highest'
        end as clipped_n_employed,
        case
            when true_n_in_field <= lowest_n_in_field * perturbed_n_respondents or perturbed_n_in_field < lowest_n_in_field * perturbed_n_respondents then 'lowest'
            when true_n_respondents - true_n_in_field <= perturbed_n_respondents - highest_n_in_field * perturbed_n_respondents or perturbed_n_in_field > highest_n_in_field * perturbed_n_respondents then 'highest'
        end as clipped_n_in_field
    from banded
),

/* Of cells within cells, figures without noise stand apart by many people (policy nesting). */
judged as (
    select
        before.*,
        case
            when perturbed_with_salary_eur_year < 55 then 'too_few'
            when perturbed_n_respondents < 33 then 'too_few'
            when not p_percent_ok_salary_eur_year then 'protected'
            when 100 * largest_share_salary_eur_year > 85 then 'protected'
            when below_salary_p25 < 10 or above_salary_p25 < 10 then 'protected'
        end as salary_p25_own_reason,
        case
            when perturbed_with_salary_eur_year < 35 then 'too_few'
            when perturbed_n_respondents < 33 then 'too_few'
            when not p_percent_ok_salary_eur_year then 'protected'
            when 100 * largest_share_salary_eur_year > 85 then 'protected'
            when below_salary_p50 < 10 or above_salary_p50 < 10 then 'protected'
        end as salary_p50_own_reason,
        case
            when perturbed_with_salary_eur_year < 55 then 'too_few'
            when perturbed_n_respondents < 33 then 'too_few'
            when not p_percent_ok_salary_eur_year then 'protected'
            when 100 * largest_share_salary_eur_year > 85 then 'protected'
            when below_salary_p75 < 10 or above_salary_p75 < 10 then 'protected'
        end as salary_p75_own_reason
    from clipped as before
),

nested as (
    select
        fine.diploma_id,
        fine.graduation_year,
        fine.graduation_year_from,
        fine.months_after,
        coarse.diploma_id as of_diploma_id,
        coarse.graduation_year as of_graduation_year,
        coarse.graduation_year_from as of_graduation_year_from,
        coarse.months_after as of_months_after,
        count(*) filter (where fine.salary_eur_year is not null and coarse.salary_eur_year is not null) as both_with_salary_eur_year,
        count(*) filter (where fine.has_answered and coarse.has_answered) as both_n_respondents
    from closed_and_pooled as fine
    inner join closed_and_pooled as coarse
        on (fine.diploma_id = coarse.diploma_id or coarse.diploma_id = 'all')
        and fine.graduation_year <= coarse.graduation_year
        and fine.graduation_year_from >= coarse.graduation_year_from
        and fine.months_after = coarse.months_after
        and (fine.diploma_id <> coarse.diploma_id or fine.graduation_year <> coarse.graduation_year or fine.graduation_year_from <> coarse.graduation_year_from)
        and fine.pseudonym = coarse.pseudonym
    group by fine.diploma_id, fine.graduation_year, fine.graduation_year_from, fine.months_after, coarse.diploma_id, coarse.graduation_year, coarse.graduation_year_from, coarse.months_after
),

too_near as (
    select
        nested.diploma_id,
        nested.graduation_year,
        nested.graduation_year_from,
        nested.months_after,
        bool_or(fine.salary_p25_own_reason is null and coarse.salary_p25_own_reason is null and fine.true_with_salary_eur_year + coarse.true_with_salary_eur_year - 2 * nested.both_with_salary_eur_year between 1 and 10) as is_near_salary_p25,
        bool_or(fine.salary_p50_own_reason is null and coarse.salary_p50_own_reason is null and fine.true_with_salary_eur_year + coarse.true_with_salary_eur_year - 2 * nested.both_with_salary_eur_year between 1 and 10) as is_near_salary_p50,
        bool_or(fine.salary_p75_own_reason is null and coarse.salary_p75_own_reason is null and fine.true_with_salary_eur_year + coarse.true_with_salary_eur_year - 2 * nested.both_with_salary_eur_year between 1 and 10) as is_near_salary_p75,
        bool_or(fine.lowest_n_employed is not null and coarse.lowest_n_employed is not null and (fine.clipped_n_employed is not null or coarse.clipped_n_employed is not null) and fine.true_n_respondents + coarse.true_n_respondents - 2 * nested.both_n_respondents between 1 and 10) as is_near_n_employed,
        bool_or(fine.lowest_n_in_field is not null and coarse.lowest_n_in_field is not null and (fine.clipped_n_in_field is not null or coarse.clipped_n_in_field is not null) and fine.true_n_respondents + coarse.true_n_respondents - 2 * nested.both_n_respondents between 1 and 10) as is_near_n_in_field
    from nested
    inner join judged as fine
        on fine.diploma_id = nested.diploma_id
        and fine.graduation_year = nested.graduation_year
        and fine.graduation_year_from = nested.graduation_year_from
        and fine.months_after = nested.months_after
    inner join judged as coarse
        on coarse.diploma_id = nested.of_diploma_id
        and coarse.graduation_year = nested.of_graduation_year
        and coarse.graduation_year_from = nested.of_graduation_year_from
        and coarse.months_after = nested.of_months_after
    group by nested.diploma_id, nested.graduation_year, nested.graduation_year_from, nested.months_after
),

apart as (
    select
        judged.*,
        coalesce(too_near.is_near_salary_p25, false) as is_near_salary_p25,
        coalesce(too_near.is_near_salary_p50, false) as is_near_salary_p50,
        coalesce(too_near.is_near_salary_p75, false) as is_near_salary_p75,
        coalesce(too_near.is_near_n_employed, false) as is_near_n_employed,
        coalesce(too_near.is_near_n_in_field, false) as is_near_n_in_field
    from judged
    left join too_near
        on too_near.diploma_id = judged.diploma_id
        and too_near.graduation_year = judged.graduation_year
        and too_near.graduation_year_from = judged.graduation_year_from
        and too_near.months_after = judged.months_after
),

of_wholes as (
    select
        whole.graduation_year,
        whole.graduation_year_from,
        whole.months_after,
        whole.pseudonym,
        bool_or(total.salary_p25_own_reason is null and not total.is_near_salary_p25 and whole.salary_eur_year is not null) as is_behind_salary_p25,
        coalesce(bool_or(cell.salary_p25_own_reason is null and not cell.is_near_salary_p25 and part.salary_eur_year is not null), false) as is_told_salary_p25,
        bool_or(total.salary_p50_own_reason is null and not total.is_near_salary_p50 and whole.salary_eur_year is not null) as is_behind_salary_p50,
        coalesce(bool_or(cell.salary_p50_own_reason is null and not cell.is_near_salary_p50 and part.salary_eur_year is not null), false) as is_told_salary_p50,
        bool_or(total.salary_p75_own_reason is null and not total.is_near_salary_p75 and whole.salary_eur_year is not null) as is_behind_salary_p75,
        coalesce(bool_or(cell.salary_p75_own_reason is null and not cell.is_near_salary_p75 and part.salary_eur_year is not null), false) as is_told_salary_p75
    from closed_and_pooled as whole
    inner join apart as total
        on total.diploma_id = whole.diploma_id
        and total.graduation_year = whole.graduation_year
        and total.graduation_year_from = whole.graduation_year_from
        and total.months_after = whole.months_after
    left join closed_and_pooled as part
        on part.graduation_year = whole.graduation_year
        and part.graduation_year_from = whole.graduation_year_from
        and part.months_after = whole.months_after
        and part.pseudonym = whole.pseudonym
        and part.diploma_id <> 'all'
    left join apart as cell
        on cell.diploma_id = part.diploma_id
        and cell.graduation_year = part.graduation_year
        and cell.graduation_year_from = part.graduation_year_from
        and cell.months_after = part.months_after
    where whole.diploma_id = 'all'
    group by whole.graduation_year, whole.graduation_year_from, whole.months_after, whole.pseudonym
),

left_over as (
    select
        graduation_year,
        graduation_year_from,
        months_after,
        count(*) filter (where is_behind_salary_p25 and not is_told_salary_p25) as left_salary_p25,
        count(*) filter (where is_behind_salary_p50 and not is_told_salary_p50) as left_salary_p50,
        count(*) filter (where is_behind_salary_p75 and not is_told_salary_p75) as left_salary_p75
    from of_wholes
    group by graduation_year, graduation_year_from, months_after
),

nested_apart as (
    select
        apart.*,
        coalesce(left_over.left_salary_p25 between 1 and 10 and apart.salary_p25_own_reason is null and not apart.is_near_salary_p25 and row_number() over (
            partition by apart.graduation_year, apart.graduation_year_from, apart.months_after, left_over.left_salary_p25 is null, apart.salary_p25_own_reason is null and not apart.is_near_salary_p25
            order by apart.true_with_salary_eur_year, apart.diploma_id
        ) = 1, false) as is_linked_salary_p25,
        coalesce(left_over.left_salary_p50 between 1 and 10 and apart.salary_p50_own_reason is null and not apart.is_near_salary_p50 and row_number() over (
            partition by apart.graduation_year, apart.graduation_year_from, apart.months_after, left_over.left_salary_p50 is null, apart.salary_p50_own_reason is null and not apart.is_near_salary_p50
            order by apart.true_with_salary_eur_year, apart.diploma_id
        ) = 1, false) as is_linked_salary_p50,
        coalesce(left_over.left_salary_p75 between 1 and 10 and apart.salary_p75_own_reason is null and not apart.is_near_salary_p75 and row_number() over (
            partition by apart.graduation_year, apart.graduation_year_from, apart.months_after, left_over.left_salary_p75 is null, apart.salary_p75_own_reason is null and not apart.is_near_salary_p75
            order by apart.true_with_salary_eur_year, apart.diploma_id
        ) = 1, false) as is_linked_salary_p75
    from apart
    left join left_over
        on left_over.graduation_year = apart.graduation_year
        and left_over.graduation_year_from = apart.graduation_year_from
        and left_over.months_after = apart.months_after
        and apart.diploma_id <> 'all'
),

/* What a whole leaves over beside its parts tells of nobody (policy nesting). */
held_apart as (
    select
        *,
        diploma_id = 'all' and lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed as is_whole_n_employed,
        diploma_id <> 'all' and lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed as is_part_n_employed,
        diploma_id <> 'all' and not (lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed) as is_hidden_n_employed,
        diploma_id <> 'all' and not (lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed) and perturbed_n_respondents > 0 and (clipped_n_employed is null or is_near_n_employed) as is_secret_n_employed,
        case when lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed then lowest_n_employed else 0.1 end * perturbed_n_respondents as few_with_n_employed,
        (1 - case when lowest_n_employed is not null and clipped_n_employed is null and not is_near_n_employed then highest_n_employed else 0.9 end) * perturbed_n_respondents as few_without_n_employed,
        0 as others_n_employed,
        diploma_id = 'all' and lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field as is_whole_n_in_field,
        diploma_id <> 'all' and lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field as is_part_n_in_field,
        diploma_id <> 'all' and not (lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field) as is_hidden_n_in_field,
        diploma_id <> 'all' and not (lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field) and perturbed_n_respondents > 0 and (clipped_n_in_field is null or is_near_n_in_field) as is_secret_n_in_field,
        case when lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field then lowest_n_in_field else 0.1 end * perturbed_n_respondents as few_with_n_in_field,
        (1 - case when lowest_n_in_field is not null and clipped_n_in_field is null and not is_near_n_in_field then highest_n_in_field else 0.9 end) * perturbed_n_respondents as few_without_n_in_field,
        0 as others_n_in_field
    from nested_apart
),

-- One state for each shown part: it and all larger ones are shown, all smaller ones are hidden. The whole's row is the last: no part is shown.
remaining as (
    select
        *,
        max(case when is_whole_n_employed then perturbed_n_respondents end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_employed then cast(0 as bigint) else coalesce(sum(case when is_part_n_employed then perturbed_n_respondents end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_base_n_employed,
        max(case when is_whole_n_employed then perturbed_n_employed end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_employed then cast(0 as bigint) else coalesce(sum(case when is_part_n_employed then perturbed_n_employed end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_with_n_employed,
        max(case when is_whole_n_employed then others_n_employed end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_employed then cast(0 as bigint) else coalesce(sum(case when is_part_n_employed then others_n_employed end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_others_n_employed,
        1 + case when is_whole_n_employed then cast(0 as bigint) else count(case when is_part_n_employed then 1 end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row) end as draws_n_employed,
        bool_or(is_secret_n_employed) over (partition by graduation_year, graduation_year_from, months_after) as has_secret_n_employed,
        bool_or(is_hidden_n_employed) over (partition by graduation_year, graduation_year_from, months_after) as has_hidden_n_employed,
        greatest(coalesce(max(case when is_secret_n_employed then few_with_n_employed end) over (partition by graduation_year, graduation_year_from, months_after), -1), coalesce(case when is_whole_n_employed then max(case when is_part_n_employed then few_with_n_employed end) over (partition by graduation_year, graduation_year_from, months_after) else max(case when is_part_n_employed then few_with_n_employed end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between 1 following and unbounded following) end, -1)) as hidden_few_with_n_employed,
        greatest(coalesce(max(case when is_secret_n_employed then few_without_n_employed end) over (partition by graduation_year, graduation_year_from, months_after), -1), coalesce(case when is_whole_n_employed then max(case when is_part_n_employed then few_without_n_employed end) over (partition by graduation_year, graduation_year_from, months_after) else max(case when is_part_n_employed then few_without_n_employed end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between 1 following and unbounded following) end, -1)) as hidden_few_without_n_employed,
        max(case when is_whole_n_in_field then perturbed_n_respondents end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_in_field then cast(0 as bigint) else coalesce(sum(case when is_part_n_in_field then perturbed_n_respondents end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_base_n_in_field,
        max(case when is_whole_n_in_field then perturbed_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_in_field then cast(0 as bigint) else coalesce(sum(case when is_part_n_in_field then perturbed_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_with_n_in_field,
        max(case when is_whole_n_in_field then others_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after) - case when is_whole_n_in_field then cast(0 as bigint) else coalesce(sum(case when is_part_n_in_field then others_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row), 0) end as left_others_n_in_field,
        1 + case when is_whole_n_in_field then cast(0 as bigint) else count(case when is_part_n_in_field then 1 end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between unbounded preceding and current row) end as draws_n_in_field,
        bool_or(is_secret_n_in_field) over (partition by graduation_year, graduation_year_from, months_after) as has_secret_n_in_field,
        bool_or(is_hidden_n_in_field) over (partition by graduation_year, graduation_year_from, months_after) as has_hidden_n_in_field,
        greatest(coalesce(max(case when is_secret_n_in_field then few_with_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after), -1), coalesce(case when is_whole_n_in_field then max(case when is_part_n_in_field then few_with_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after) else max(case when is_part_n_in_field then few_with_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between 1 following and unbounded following) end, -1)) as hidden_few_with_n_in_field,
        greatest(coalesce(max(case when is_secret_n_in_field then few_without_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after), -1), coalesce(case when is_whole_n_in_field then max(case when is_part_n_in_field then few_without_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after) else max(case when is_part_n_in_field then few_without_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents desc, diploma_id desc rows between 1 following and unbounded following) end, -1)) as hidden_few_without_n_in_field
    from held_apart
),

told as (
    select
        *,
        coalesce(left_base_n_employed > 0 and (
            (greatest(hidden_few_with_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then coalesce(case
            when left_base_n_employed >= 310 then 0.01
            when left_base_n_employed >= 110 then 0.02
            when left_base_n_employed >= 50 then 0.05
            when left_base_n_employed >= 33 then 0.1
        end, 0.1) * left_base_n_employed else -1 end) >= 0 and (1 / (1 + exp(1.5976 * greatest(-8, least(8, (floor(greatest(hidden_few_with_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then coalesce(case
            when left_base_n_employed >= 310 then 0.01
            when left_base_n_employed >= 110 then 0.02
            when left_base_n_employed >= 50 then 0.05
            when left_base_n_employed >= 33 then 0.1
        end, 0.1) * left_base_n_employed else -1 end)) + 0.5 - left_with_n_employed) / sqrt(draws_n_employed * 19))) + 0.07056 * power(greatest(-8, least(8, (floor(greatest(hidden_few_with_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then coalesce(case
            when left_base_n_employed >= 310 then 0.01
            when left_base_n_employed >= 110 then 0.02
            when left_base_n_employed >= 50 then 0.05
            when left_base_n_employed >= 33 then 0.1
        end, 0.1) * left_base_n_employed else -1 end)) + 0.5 - left_with_n_employed) / sqrt(draws_n_employed * 19))), 3))))
                <= (1 - 0.5) * (1 / (1 + exp(1.5976 * greatest(-8, least(8, (-0.5 - left_with_n_employed) / sqrt(draws_n_employed * 19))) + 0.07056 * power(greatest(-8, least(8, (-0.5 - left_with_n_employed) / sqrt(draws_n_employed * 19))), 3)))))
            or (greatest(hidden_few_without_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then (1 - coalesce(case
            when left_base_n_employed >= 310 then 0.99
            when left_base_n_employed >= 110 then 0.98
            when left_base_n_employed >= 50 then 0.95
            when left_base_n_employed >= 33 then 0.9
        end, 0.9)) * left_base_n_employed else -1 end) >= 0 and (1 / (1 + exp(1.5976 * greatest(-8, least(8, (floor(greatest(hidden_few_without_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then (1 - coalesce(case
            when left_base_n_employed >= 310 then 0.99
            when left_base_n_employed >= 110 then 0.98
            when left_base_n_employed >= 50 then 0.95
            when left_base_n_employed >= 33 then 0.9
        end, 0.9)) * left_base_n_employed else -1 end)) + 0.5 - (left_base_n_employed - left_with_n_employed)) / sqrt(draws_n_employed * 38))) + 0.07056 * power(greatest(-8, least(8, (floor(greatest(hidden_few_without_n_employed, case when (has_secret_n_employed or (not has_hidden_n_employed and left_base_n_employed >= 33)) then (1 - coalesce(case
            when left_base_n_employed >= 310 then 0.99
            when left_base_n_employed >= 110 then 0.98
            when left_base_n_employed >= 50 then 0.95
            when left_base_n_employed >= 33 then 0.9
        end, 0.9)) * left_base_n_employed else -1 end)) + 0.5 - (left_base_n_employed - left_with_n_employed)) / sqrt(draws_n_employed * 38))), 3))))
                <= (1 - 0.5) * (1 / (1 + exp(1.5976 * greatest(-8, least(8, (-0.5 - (left_base_n_employed - left_with_n_employed)) / sqrt(draws_n_employed * 38))) + 0.07056 * power(greatest(-8, least(8, (-0.5 - (left_base_n_employed - left_with_n_employed)) / sqrt(draws_n_employed * 38))), 3)))))), false) as tells_n_employed,
        coalesce(left_base_n_in_field > 0 and (
            (greatest(hidden_few_with_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then coalesce(case
            when left_base_n_in_field >= 310 then 0.01
            when left_base_n_in_field >= 110 then 0.02
            when left_base_n_in_field >= 50 then 0.05
            when left_base_n_in_field >= 33 then 0.1
        end, 0.1) * left_base_n_in_field else -1 end) >= 0 and (1 / (1 + exp(1.5976 * greatest(-8, least(8, (floor(greatest(hidden_few_with_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then coalesce(case
            when left_base_n_in_field >= 310 then 0.01
            when left_base_n_in_field >= 110 then 0.02
            when left_base_n_in_field >= 50 then 0.05
            when left_base_n_in_field >= 33 then 0.1
        end, 0.1) * left_base_n_in_field else -1 end)) + 0.5 - left_with_n_in_field) / sqrt(draws_n_in_field * 19))) + 0.07056 * power(greatest(-8, least(8, (floor(greatest(hidden_few_with_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then coalesce(case
            when left_base_n_in_field >= 310 then 0.01
            when left_base_n_in_field >= 110 then 0.02
            when left_base_n_in_field >= 50 then 0.05
            when left_base_n_in_field >= 33 then 0.1
        end, 0.1) * left_base_n_in_field else -1 end)) + 0.5 - left_with_n_in_field) / sqrt(draws_n_in_field * 19))), 3))))
                <= (1 - 0.5) * (1 / (1 + exp(1.5976 * greatest(-8, least(8, (-0.5 - left_with_n_in_field) / sqrt(draws_n_in_field * 19))) + 0.07056 * power(greatest(-8, least(8, (-0.5 - left_with_n_in_field) / sqrt(draws_n_in_field * 19))), 3)))))
            or (greatest(hidden_few_without_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then (1 - coalesce(case
            when left_base_n_in_field >= 310 then 0.99
            when left_base_n_in_field >= 110 then 0.98
            when left_base_n_in_field >= 50 then 0.95
            when left_base_n_in_field >= 33 then 0.9
        end, 0.9)) * left_base_n_in_field else -1 end) >= 0 and (1 / (1 + exp(1.5976 * greatest(-8, least(8, (floor(greatest(hidden_few_without_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then (1 - coalesce(case
            when left_base_n_in_field >= 310 then 0.99
            when left_base_n_in_field >= 110 then 0.98
            when left_base_n_in_field >= 50 then 0.95
            when left_base_n_in_field >= 33 then 0.9
        end, 0.9)) * left_base_n_in_field else -1 end)) + 0.5 - (left_base_n_in_field - left_with_n_in_field)) / sqrt(draws_n_in_field * 38))) + 0.07056 * power(greatest(-8, least(8, (floor(greatest(hidden_few_without_n_in_field, case when (has_secret_n_in_field or (not has_hidden_n_in_field and left_base_n_in_field >= 33)) then (1 - coalesce(case
            when left_base_n_in_field >= 310 then 0.99
            when left_base_n_in_field >= 110 then 0.98
            when left_base_n_in_field >= 50 then 0.95
            when left_base_n_in_field >= 33 then 0.9
        end, 0.9)) * left_base_n_in_field else -1 end)) + 0.5 - (left_base_n_in_field - left_with_n_in_field)) / sqrt(draws_n_in_field * 38))), 3))))
                <= (1 - 0.5) * (1 / (1 + exp(1.5976 * greatest(-8, least(8, (-0.5 - (left_base_n_in_field - left_with_n_in_field)) / sqrt(draws_n_in_field * 38))) + 0.07056 * power(greatest(-8, least(8, (-0.5 - (left_base_n_in_field - left_with_n_in_field)) / sqrt(draws_n_in_field * 38))), 3)))))), false) as tells_n_in_field
    from remaining
),

gives_way as (
    select
        *,
        is_part_n_employed and coalesce(min(case when is_part_n_employed then case when tells_n_employed then 1 else 0 end end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents, diploma_id rows between unbounded preceding and current row) = 1, false) as tells_so_far_n_employed,
        coalesce(bool_and(case when is_part_n_employed or is_whole_n_employed then tells_n_employed end) over (partition by graduation_year, graduation_year_from, months_after), false) as tells_to_the_end_n_employed,
        is_part_n_in_field and coalesce(min(case when is_part_n_in_field then case when tells_n_in_field then 1 else 0 end end) over (partition by graduation_year, graduation_year_from, months_after order by perturbed_n_respondents, diploma_id rows between unbounded preceding and current row) = 1, false) as tells_so_far_n_in_field,
        coalesce(bool_and(case when is_part_n_in_field or is_whole_n_in_field then tells_n_in_field end) over (partition by graduation_year, graduation_year_from, months_after), false) as tells_to_the_end_n_in_field
    from told
),

remainders_apart as (
    select
        *,
        case when tells_to_the_end_n_employed then is_whole_n_employed else tells_so_far_n_employed end as gives_way_n_employed,
        case when tells_to_the_end_n_in_field then is_whole_n_in_field else tells_so_far_n_in_field end as gives_way_n_in_field
    from gives_way
),

/* Why a count or a quantile is not shown: too_few or protected. */
reasoned as (
    select
        *,
        cast(null as string) as n_graduates_reason,
        cast(null as string) as n_respondents_reason,
        case
            when true_n_respondents = 0 then null
            when lowest_n_employed is null then 'too_few'
            when clipped_n_employed is not null or is_near_n_employed or gives_way_n_employed then 'protected'
        end as n_employed_reason,
        case
            when true_n_respondents = 0 then null
            when lowest_n_in_field is null then 'too_few'
            when clipped_n_in_field is not null or is_near_n_in_field or gives_way_n_in_field then 'protected'
        end as n_in_field_reason,
        case
            when salary_p25_own_reason is not null then salary_p25_own_reason
            when is_near_salary_p25 or is_linked_salary_p25 then 'protected'
        end as salary_p25_reason,
        case
            when salary_p50_own_reason is not null then salary_p50_own_reason
            when is_near_salary_p50 or is_linked_salary_p50 then 'protected'
        end as salary_p50_reason,
        case
            when salary_p75_own_reason is not null then salary_p75_own_reason
            when is_near_salary_p75 or is_linked_salary_p75 then 'protected'
        end as salary_p75_reason
    from remainders_apart
),

/* Why a share, mean or score is not shown: what is made of published counts follows them. */
derived as (
    select
        reasoned.*,
        case
            when n_graduates_reason is not null then n_graduates_reason
            when perturbed_n_graduates < 33 then 'too_few'
            else n_respondents_reason
        end as response_rate_reason,
        case
            when n_respondents_reason is not null then n_respondents_reason
            when perturbed_n_respondents < 33 then 'too_few'
            when is_near_n_employed or gives_way_n_employed then 'protected'
            when clipped_n_employed is not null then null
            else n_employed_reason
        end as employed_rate_reason,
        case
            when n_respondents_reason is not null then n_respondents_reason
            when perturbed_n_respondents < 33 then 'too_few'
            when is_near_n_in_field or gives_way_n_in_field then 'protected'
            when clipped_n_in_field is not null then null
            else n_in_field_reason
        end as in_field_rate_reason
    from reasoned
),

/* What may leave: NULL where there is a reason. */
published as (
    select
        derived.*,
        case when n_graduates_reason is null then perturbed_n_graduates end as n_graduates,
        case when n_respondents_reason is null then perturbed_n_respondents end as n_respondents,
        case when n_employed_reason is null then perturbed_n_employed end as n_employed,
        case when n_in_field_reason is null then perturbed_n_in_field end as n_in_field,
        case
            when response_rate_reason is not null then null
            else round(least(1, cast(perturbed_n_respondents as double) / perturbed_n_graduates), 4)
        end as response_rate,
        case
            when employed_rate_reason is not null then null
            when clipped_n_employed = 'lowest' then cast(lowest_n_employed as double)
            when clipped_n_employed = 'highest' then cast(highest_n_employed as double)
            else round(least(1, cast(perturbed_n_employed as double) / perturbed_n_respondents), 4)
        end as employed_rate,
        case
            when in_field_rate_reason is not null then null
            when clipped_n_in_field = 'lowest' then cast(lowest_n_in_field as double)
            when clipped_n_in_field = 'highest' then cast(highest_n_in_field as double)
            else round(least(1, cast(perturbed_n_in_field as double) / perturbed_n_respondents), 4)
        end as in_field_rate,
        case when salary_p25_reason is null then round((all_salary_eur_year[1 + cast(floor(rank_salary_p25) as bigint)] + (rank_salary_p25 - floor(rank_salary_p25)) * (all_salary_eur_year[1 + cast(ceil(rank_salary_p25) as bigint)] - all_salary_eur_year[1 + cast(floor(rank_salary_p25) as bigint)])) / 100) * 100 end as salary_p25,
        case when salary_p50_reason is null then round((all_salary_eur_year[1 + cast(floor(rank_salary_p50) as bigint)] + (rank_salary_p50 - floor(rank_salary_p50)) * (all_salary_eur_year[1 + cast(ceil(rank_salary_p50) as bigint)] - all_salary_eur_year[1 + cast(floor(rank_salary_p50) as bigint)])) / 100) * 100 end as salary_p50,
        case when salary_p75_reason is null then round((all_salary_eur_year[1 + cast(floor(rank_salary_p75) as bigint)] + (rank_salary_p75 - floor(rank_salary_p75)) * (all_salary_eur_year[1 + cast(ceil(rank_salary_p75) as bigint)] - all_salary_eur_year[1 + cast(floor(rank_salary_p75) as bigint)])) / 100) * 100 end as salary_p75
    from derived
),

/* Intervals of rates, from published figures and the policy alone. */
with_intervals as (
    select
        published.*,
        case
            when response_rate is null then null
            else round(least(1, greatest(0, ((2 * (cast(response_rate as double) * cast(perturbed_n_graduates as double) - 0.25) * cast(perturbed_n_graduates as double) + 0 * cast(perturbed_n_graduates as double)) - sqrt(greatest(0, power((2 * (cast(response_rate as double) * cast(perturbed_n_graduates as double) - 0.25) * cast(perturbed_n_graduates as double) + 0 * cast(perturbed_n_graduates as double)), 2) - 4 * (power(cast(perturbed_n_graduates as double), 2) + 0 * cast(perturbed_n_graduates as double) - 72.987718744624) * (power((cast(response_rate as double) * cast(perturbed_n_graduates as double) - 0.25), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_graduates as double), 2) + 0 * cast(perturbed_n_graduates as double) - 72.987718744624)))), 4)
        end as response_rate_low,
        response_rate_reason as response_rate_low_reason,
        case
            when response_rate is null then null
            else round(least(1, greatest(0, ((2 * (cast(response_rate as double) * cast(perturbed_n_graduates as double) + 0.25 + case when response_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_graduates as double) + 0 * cast(perturbed_n_graduates as double)) + sqrt(greatest(0, power((2 * (cast(response_rate as double) * cast(perturbed_n_graduates as double) + 0.25 + case when response_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_graduates as double) + 0 * cast(perturbed_n_graduates as double)), 2) - 4 * (power(cast(perturbed_n_graduates as double), 2) + 0 * cast(perturbed_n_graduates as double) - 72.987718744624) * (power((cast(response_rate as double) * cast(perturbed_n_graduates as double) + 0.25 + case when response_rate = 0 then 3.0 else 0 end), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_graduates as double), 2) + 0 * cast(perturbed_n_graduates as double) - 72.987718744624)))), 4)
        end as response_rate_high,
        response_rate_reason as response_rate_high_reason,
        case
            when employed_rate is null then null
            when employed_rate <= cast(lowest_n_employed as double)
                then 0e0
            when employed_rate >= cast(highest_n_employed as double)
                then round(least(1, greatest(0, ((2 * (cast(highest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)) - sqrt(greatest(0, power((2 * (cast(highest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)), 2) - 4 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624) * (power((cast(highest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25), 2) - 72.987718744624)))) / (2 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624)))), 4)
            else round(least(1, greatest(0, ((2 * (cast(employed_rate as double) * cast(perturbed_n_respondents as double) - 0.25) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)) - sqrt(greatest(0, power((2 * (cast(employed_rate as double) * cast(perturbed_n_respondents as double) - 0.25) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)), 2) - 4 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624) * (power((cast(employed_rate as double) * cast(perturbed_n_respondents as double) - 0.25), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624)))), 4)
        end as employed_rate_low,
        employed_rate_reason as employed_rate_low_reason,
        case
            when employed_rate is null then null
            when employed_rate <= cast(lowest_n_employed as double)
                then round(least(1, greatest(0, ((2 * (cast(lowest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_employed = 0 then 3.0 else 0 end) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)) + sqrt(greatest(0, power((2 * (cast(lowest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_employed = 0 then 3.0 else 0 end) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)), 2) - 4 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624) * (power((cast(lowest_n_employed as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_employed = 0 then 3.0 else 0 end), 2) - 72.987718744624)))) / (2 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624)))), 4)
            when employed_rate >= cast(highest_n_employed as double)
                then 1e0
            else round(least(1, greatest(0, ((2 * (cast(employed_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when employed_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)) + sqrt(greatest(0, power((2 * (cast(employed_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when employed_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)), 2) - 4 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624) * (power((cast(employed_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when employed_rate = 0 then 3.0 else 0 end), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624)))), 4)
        end as employed_rate_high,
        employed_rate_reason as employed_rate_high_reason,
        case
            when in_field_rate is null then null
            when in_field_rate <= cast(lowest_n_in_field as double)
                then 0e0
            when in_field_rate >= cast(highest_n_in_field as double)
                then round(least(1, greatest(0, ((2 * (cast(highest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)) - sqrt(greatest(0, power((2 * (cast(highest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)), 2) - 4 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624) * (power((cast(highest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 0.25), 2) - 72.987718744624)))) / (2 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624)))), 4)
            else round(least(1, greatest(0, ((2 * (cast(in_field_rate as double) * cast(perturbed_n_respondents as double) - 0.25) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)) - sqrt(greatest(0, power((2 * (cast(in_field_rate as double) * cast(perturbed_n_respondents as double) - 0.25) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)), 2) - 4 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624) * (power((cast(in_field_rate as double) * cast(perturbed_n_respondents as double) - 0.25), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624)))), 4)
        end as in_field_rate_low,
        in_field_rate_reason as in_field_rate_low_reason,
        case
            when in_field_rate is null then null
            when in_field_rate <= cast(lowest_n_in_field as double)
                then round(least(1, greatest(0, ((2 * (cast(lowest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_in_field = 0 then 3.0 else 0 end) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)) + sqrt(greatest(0, power((2 * (cast(lowest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_in_field = 0 then 3.0 else 0 end) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double)), 2) - 4 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624) * (power((cast(lowest_n_in_field as double) * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) + 0.25 + case when lowest_n_in_field = 0 then 3.0 else 0 end), 2) - 72.987718744624)))) / (2 * (power(cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double), 2) + 3.841458881296 * cast(case
            when perturbed_n_respondents >= 310 then 310
            when perturbed_n_respondents >= 110 then 110
            when perturbed_n_respondents >= 50 then 50
            when perturbed_n_respondents >= 33 then 33
        end as double) - 72.987718744624)))), 4)
            when in_field_rate >= cast(highest_n_in_field as double)
                then 1e0
            else round(least(1, greatest(0, ((2 * (cast(in_field_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when in_field_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)) + sqrt(greatest(0, power((2 * (cast(in_field_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when in_field_rate = 0 then 3.0 else 0 end) * cast(perturbed_n_respondents as double) + 3.841458881296 * cast(perturbed_n_respondents as double)), 2) - 4 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624) * (power((cast(in_field_rate as double) * cast(perturbed_n_respondents as double) + 0.25 + case when in_field_rate = 0 then 3.0 else 0 end), 2) - 72.987718744624)))) / (2 * (power(cast(perturbed_n_respondents as double), 2) + 3.841458881296 * cast(perturbed_n_respondents as double) - 72.987718744624)))), 4)
        end as in_field_rate_high,
        in_field_rate_reason as in_field_rate_high_reason
    from published
)

select
    diploma_id,
    graduation_year,
    graduation_year_from,
    months_after,
    cast(diploma_id as string) || '|' || cast(graduation_year as string) || '|' || cast(graduation_year_from as string) || '|' || cast(months_after as string) as cell_key,
    period_key,
    closes_on,
    cast(cast(cast(graduation_year_from as string) || '-01-01' as date) + to_months(cast(5 * 12 - (12) as integer)) as date) >= date '2026-06-30' as is_complete,
    earliest_closing_on,
    n_graduates,
    n_graduates_reason,
    n_respondents,
    n_respondents_reason,
    n_employed,
    n_employed_reason,
    n_in_field,
    n_in_field_reason,
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
    true_n_graduates,
    key_n_graduates,
    draw_n_graduates,
    perturbed_n_graduates,
    true_n_respondents,
    key_n_respondents,
    draw_n_respondents,
    perturbed_n_respondents,
    true_n_employed,
    key_n_employed,
    draw_n_employed,
    perturbed_n_employed,
    clipped_n_employed,
    true_n_in_field,
    key_n_in_field,
    draw_n_in_field,
    perturbed_n_in_field,
    clipped_n_in_field,
    true_with_salary_eur_year,
    key_with_salary_eur_year,
    draw_with_salary_eur_year,
    perturbed_with_salary_eur_year,
    largest_share_salary_eur_year,
    p_percent_ok_salary_eur_year,
    true_salary_p25,
    below_salary_p25,
    above_salary_p25,
    true_salary_p50,
    below_salary_p50,
    above_salary_p50,
    true_salary_p75,
    below_salary_p75,
    above_salary_p75
from with_intervals as cells
where
    /* A row of zeros would tell that somebody is there. */
    greatest(perturbed_n_graduates, perturbed_n_respondents, 0) > 0
