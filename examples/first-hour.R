# The first hour with a release, in R: the three questions of first-hour.ipynb.
# Needs: install.packages(c("DBI", "duckdb")). No test runs it, for R is not among the project's tools; a test
# runs the SQL in it.
# Rscript examples/first-hour.R var/releases/current
library(DBI)

given <- commandArgs(trailingOnly = TRUE)
release <- if (length(given) > 0) given[[1]] else "var/releases/current"
if (file.exists(file.path(release, "WITHDRAWN.json"))) {
  stop("This release was recalled: read WITHDRAWN.json first.")
}
marts <- dbConnect(duckdb::duckdb(), dbdir = file.path(release, "marts.duckdb"), read_only = TRUE)

# Which courses are most alive? Two counts that differ by twelve or less may be the same.
last <- dbGetQuery(marts, "
  SELECT coalesce(course.title, mart.course_id) AS course, mart.month, mart.n_active_learners
  FROM course_engagement_monthly AS mart
  LEFT JOIN names.course AS course ON course.code = mart.course_id
  WHERE mart.is_complete AND mart.month = (SELECT max(month) FROM course_engagement_monthly)
  ORDER BY mart.n_active_learners DESC NULLS LAST
")
stopifnot(inherits(last$month, "Date"))
last$as_many_as_the_first <- max(last$n_active_learners, na.rm = TRUE) - last$n_active_learners <= 12
print(head(last, 8))
cat("Hidden in this month:", sum(is.na(last$n_active_learners)), "of", nrow(last), "courses\n")

# Would learners recommend us, and has that changed in a year?
scores <- dbGetQuery(marts, "
  SELECT coalesce(path.title, now.path_id) AS path, now.quarter, before.nps AS nps_before, now.nps,
    now.nps_low, now.nps_high,
    abs(now.nps - before.nps) > sqrt(
      ((now.nps_high - now.nps_low) / 2) ** 2 + ((before.nps_high - before.nps_low) / 2) ** 2
    ) AS has_changed,
    coalesce(now.nps_reason, before.nps_reason) AS reason
  FROM nps_quarterly AS now
  LEFT JOIN nps_quarterly AS before
    ON before.path_id = now.path_id AND before.quarter = now.quarter - INTERVAL 1 YEAR AND before.is_complete
  LEFT JOIN names.path AS path ON path.code = now.path_id
  WHERE now.is_complete AND now.quarter = (SELECT max(quarter) FROM nps_quarterly)
  ORDER BY path
")
scores$verdict <- ifelse(
  is.na(scores$has_changed), paste("not published:", scores$reason),
  ifelse(scores$has_changed, "changed", "not to be told apart")
)
print(scores[c("path", "quarter", "nps_before", "nps", "nps_low", "nps_high", "verdict")])

# What do graduates earn half a year on? What is not published stays NA, with its reason.
salaries <- dbGetQuery(marts, "
  SELECT coalesce(diploma.title, mart.diploma_id) AS diploma, mart.graduation_year, mart.n_respondents,
    mart.salary_p25, mart.salary_p50, mart.salary_p75, mart.salary_p50_reason AS reason
  FROM salary_outcome AS mart
  LEFT JOIN names.diploma AS diploma ON diploma.code = mart.diploma_id
  WHERE mart.months_after = 6 AND mart.graduation_year_from = mart.graduation_year AND mart.is_complete
  ORDER BY mart.graduation_year DESC, diploma
")
print(head(salaries, 12))
print(table(salaries$reason, useNA = "ifany"))
dbDisconnect(marts, shutdown = TRUE)
