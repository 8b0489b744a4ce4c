"""Each attack succeeds where its defence is off, on small releases with known truth, and finds nothing where
it is on (S-ANON).
"""

import hashlib
import json
import random
from base64 import b64encode
from dataclasses import replace
from datetime import date

import duckdb
import numpy as np
import pytest

from anonymart.attack import (
    averaging,
    controls,
    corrections,
    dictionary,
    differences,
    dominance,
    equal_sets,
    homogeneity,
    linear,
    quantiles,
    recounting,
    relations,
    subtraction,
)
from anonymart.attack.observed import published_ranges, true_ranges
from anonymart.attack.rules import EXACT
from anonymart.attack.score import Fact, Top, Truth, interval

NPS = "nps_quarterly"
QUARTER = date(2025, 1, 1)


def answers(promoters, passives, detractors, path="path-a", **more):
    n = promoters + passives + detractors
    return {
        "path_id": path, "quarter": QUARTER, "n_invited": 2 * n, "n_respondents": n, "n_promoters": promoters,
        "n_passives": passives, "n_detractors": detractors, **more,
    }  # fmt: skip


def solve(release, rules, truth):
    return linear.attack(release, rules, truth, linear.bounds_of(release, rules))


# Attack 1


@pytest.mark.parametrize(("parts", "further"), [
    ((20, 15, 12), 11),  # 15 and two thirds of it, rounded up
    ((24, 23, 0), 16),  # a part that is 0 takes no share, so the others take its too
    ((47, 0, 0), 31),
])  # fmt: skip
def test_a_part_that_was_moved_may_be_off_by_what_the_others_do_not_take(made, rules, parts, further):
    """D (N - 1) / n more than the largest deviation D, of N parts with n that are not 0."""
    table = made(nps_quarterly=[answers(*parts)]).tables[NPS]
    published = published_ranges(table, f"path-a|{QUARTER}", rules)
    _, high = true_ranges(table, f"path-a|{QUARTER}", rules, published)["n_promoters"]
    assert high == parts[0] + 15 + further


def test_what_is_hidden_alone_follows_by_subtraction(made, rules, truth_of):
    rows = [answers(20, 15, 4)]
    result = solve(
        made(nps_quarterly=controls.hide_small(rows)), rules.naive(controls.HIDDEN_BELOW), truth_of(NPS, rows)
    )
    assert result.places == {(NPS, "n_detractors"): 1}


def test_what_is_hidden_with_a_sister_does_not(made, rules, truth_of):
    rows = [answers(20, 5, 4)]
    result = solve(
        made(nps_quarterly=controls.hide_small(rows)), rules.naive(controls.HIDDEN_BELOW), truth_of(NPS, rows)
    )
    assert result.succeeded == 0


def test_margins_of_other_cells_are_used(made, rules, truth_of):
    """One path is hidden whole; "all" less the other paths gives it away."""
    rows = [
        answers(20, 15, 12),
        answers(3, 0, 0, "path-b", n_invited=40),
        answers(23, 15, 12, "all", n_invited=134),
    ]
    release = made(nps_quarterly=controls.hide_small(rows))
    bounds = linear.bounds_of(release, rules.naive(controls.HIDDEN_BELOW))
    assert bounds[NPS, f"path-b|{QUARTER}", "n_promoters"] == (3, 3)


def span(from_month, n_months, active, new):
    row = {"from_month": from_month, "n_months": n_months, "n_active_learners": active, "n_new_learners": new}
    return row | {"n_new_learners_reason": None if new else "too_few"}


def test_new_learners_of_months_add_up_to_their_quarter(made, rules):
    """5 are hidden in March, and the quarter tells them; with noise it tells nobody."""
    months = [span(date(2025, month, 1), 1, 60, new) for month, new in ((1, 20), (2, 30), (3, None))]
    release = made(school_activity=[*months, span(QUARTER, 3, 70, 55)])
    place = ("school_activity", "2025-03-01|1", "n_new_learners")
    assert linear.bounds_of(release, rules.naive(11))[place] == (5, 5)
    low, high = linear.bounds_of(release, rules)[place]
    assert low == 0 and high > 40


def test_active_learners_of_a_month_are_active_in_its_quarter_and_year(made, rules):
    months = [span(date(2025, month, 1), 1, 40, 20) for month in (1, 2, 3)]
    release = made(school_activity=[*months, span(QUARTER, 3, None, 55), span(QUARTER, 12, 50, 49)])
    # No fewer than the new ones of its quarter, whoever the year tells; the quarter is in the year.
    place = ("school_activity", f"{QUARTER}|3", "n_active_learners")
    found = list(relations.relations(release))
    for month in ("01", "02", "03"):
        part = ("school_activity", f"2025-{month}-01|1", "n_active_learners")
        assert relations.Relation(((part, 1), (place, -1)), is_sound=False) in found
    year = ("school_activity", f"{QUARTER}|12", "n_active_learners")
    assert relations.Relation(((place, 1), (year, -1)), is_sound=False) in found
    assert not [each for each in found if each.terms[0] == (year, 1)], "three quarters are missing"


def test_a_cohort_in_its_first_month_is_the_new_learners_of_its_quarter(made):
    cohort = [{"cohort_quarter": QUARTER, "months_since_start": n, "n_learners": 60} for n in (0, 1)]
    release = made(learner_retention_cohort=cohort, school_activity=[span(QUARTER, 3, 90, 60)])
    whole = ("school_activity", f"{QUARTER}|3", "n_new_learners")
    found = list(relations.relations(release))
    for months, is_all in ((0, True), (1, False)):
        part = ("learner_retention_cohort", f"{QUARTER}|{months}", "n_learners")
        assert relations.Relation(((part, 1), (whole, -1))) in found
        assert (relations.Relation(((whole, 1), (part, -1))) in found) is is_all


def test_contracts_of_everybody_do_not_tell_that_everybody_works(made, rules):
    """As many contracts as answers: without noise all respondents are employed; with it they need not be."""
    cell = {"diploma_id": "d", "graduation_year": 2023, "months_after": 6}
    answered = cell | {"graduation_year_from": 2023, "n_graduates": 90, "n_respondents": 80}
    release = made(salary_outcome=[answered], employment_quality=[cell | {"n_contracts": 80}])
    place = ("salary_outcome", "d|2023|2023|6", "n_employed")
    assert linear.bounds_of(release, rules.naive())[place] == (80, 80)
    low, high = linear.bounds_of(release, rules)[place]
    assert (low, high) == (80 - 23, 80 + 15), "fine noise below, that of the answers above"


@pytest.mark.parametrize("seed", range(4))
def test_noise_leaves_no_small_count_exact_and_no_true_count_out_of_bounds(
    made, rules, noise, truth_of, seed
):
    rows = controls.naive_nps()
    release = made(nps_quarterly=controls.with_fresh_noise(rows, noise, seed))
    truth, bounds = truth_of(NPS, rows), linear.bounds_of(release, rules)
    assert linear.attack(release, rules, truth, bounds).succeeded == 0
    for (mart, cell, measure), (low, high) in bounds.items():
        assert low <= truth.count(mart, cell, measure) <= high


def test_without_the_noise_the_same_release_is_read_off(made, rules, truth_of):
    rows = [answers(20, 15, 2)]
    result = solve(
        made(nps_quarterly=rows), replace(rules.naive(), smallest=rules.smallest), truth_of(NPS, rows)
    )
    assert result.places == {(NPS, "n_detractors"): 1}


def test_a_hidden_count_follows_from_its_rate(made, rules):
    row = {"cohort_quarter": QUARTER, "months_since_start": 3, "n_learners": 45, "share_active": 0.75}
    table = made(learner_retention_cohort=[row]).tables["learner_retention_cohort"]
    (cell,) = table.cells
    assert published_ranges(table, cell, rules)["n_cohort"] == (60, 60)


def test_a_part_of_another_marts_count_is_never_more_than_it(made):
    """Who raised a theme has answered: the contract says so (`part_of`), and an attacker reads it there."""
    theme = {
        "theme": "tutor",
        "quarter": QUARTER,
        "n_respondents": 100,
        "positive_share": 0.5,
        "negative_share": 0.5,
    }
    score = {"path_id": "all", "quarter": QUARTER, "n_invited": 300, "n_respondents": 200}
    release = made(nps_theme_quarterly=[theme], nps_quarterly=[score])
    part = ("nps_theme_quarterly", f"tutor|{QUARTER}", "n_respondents")
    whole = ("nps_quarterly", f"all|{QUARTER}", "n_respondents")
    assert relations.Relation(((part, 1), (whole, -1))) in list(relations.relations(release))


def test_a_share_on_the_edge_of_its_band_tells_no_number(made, rules):
    low, _ = rules.band(100)
    row = {
        "theme": "tutor",
        "quarter": QUARTER,
        "n_respondents": 100,
        "positive_share": low,
        "negative_share": 0.5,
    }
    table = made(nps_theme_quarterly=[row]).tables["nps_theme_quarterly"]
    found = published_ranges(table, next(iter(table.cells)), rules)
    assert found["n_positive"][0] == 0
    assert found["n_negative"] == (50, 50)


def test_assumptions_that_contradict_the_figures_are_given_up(made, rules):
    """Learners of two paths: the sum of the paths is more than all, which no assumption survives."""
    rows = [answers(20, 15, 12), answers(20, 15, 12, "path-b"), answers(25, 15, 12, "all")]
    bounds = linear.bounds_of(made(nps_quarterly=rows), rules.naive())
    assert bounds[NPS, f"all|{QUARTER}", "n_promoters"] == (25, 25)


# Attack 2


def test_a_cell_that_changed_tells_of_a_newcomer(made, rules):
    before, after = (
        made("before", nps_quarterly=[answers(20, 15, 12)]),
        made("after", nps_quarterly=[answers(21, 15, 12)]),
    )
    assert differences.attack(after, [before], rules, Truth()).succeeded == 1


def test_a_correction_may_differ_in_recalled_marts_and_in_no_other(made, rules):
    before = made(
        "before", nps_quarterly=[answers(20, 15, 12)], salary_outcome=[outcome(0.8, salary_p50=30_000.0)]
    )
    after = made(
        "after", nps_quarterly=[answers(21, 15, 12)], salary_outcome=[outcome(0.8, salary_p50=31_000.0)]
    )
    assert differences.attack(after, [before], rules, Truth()).succeeded == 2
    for marts, n_succeeded in (
        (["salary_outcome"], 1),
        (["nps_quarterly"], 1),
        (["nps_quarterly", "salary_outcome"], 0),
    ):
        (before.folder / "WITHDRAWN.json").write_text(json.dumps({"marts": marts}))
        result = differences.attack(after, [before], rules, Truth())
        assert (result.succeeded, result.details["cells_corrected"]) == (n_succeeded, len(marts))


def test_an_interval_that_an_older_cell_was_given_tells_nothing_and_any_other_new_figure_is_a_difference(
    made, rules
):
    row = {"theme": "tutor", "quarter": QUARTER, "n_respondents": 100, "positive_share": 0.5}
    ends = {"positive_share_low": 0.4, "positive_share_high": 0.6}
    before = made("before", nps_theme_quarterly=[row])
    for cell in before.tables["nps_theme_quarterly"].cells.values():
        for name in [name for name in cell if "_low" in name or "_high" in name]:
            del cell[name]
    given = made("given", nps_theme_quarterly=[{**row, **ends}])
    assert differences.attack(given, [before], rules, Truth()).succeeded == 0
    more = made("more", nps_theme_quarterly=[{**row, "negative_share": 0.3}])
    moved = made("moved", nps_theme_quarterly=[{**row, **ends, "positive_share_low": 0.41}])
    assert differences.attack(more, [before], rules, Truth()).succeeded == 1
    assert differences.attack(moved, [given], rules, Truth()).succeeded == 1


def test_new_cells_beside_unchanged_ones_tell_nothing(made, rules):
    before = made("before", nps_quarterly=[answers(20, 15, 12)])
    after = made("after", nps_quarterly=[answers(20, 15, 12), answers(21, 15, 12, "path-b")])
    result = differences.attack(after, [before], rules, Truth())
    assert (result.tried, result.succeeded) == (1, 0)


@pytest.mark.parametrize(("apart", "hits"), [(0, 0), (1, 1), (10, 1), (11, 0)])
def test_medians_of_nested_people_a_few_apart(made, rules, apart, hits):
    year = {
        "graduation_year": 2023,
        "graduation_year_from": 2023,
        "months_after": 6,
        "n_graduates": 90,
        "salary_p50": 30_000.0,
    }
    rows = [{"diploma_id": "all", **year}, {"diploma_id": "D1", **year, "salary_p50": 30_100.0}]
    release = made(salary_outcome=rows)
    cells = {row["diploma_id"]: key for key, row in release.tables["salary_outcome"].cells.items()}
    truth = Truth(
        {
            ("salary_outcome", cells["all"], "salary_p50"): Fact("quantile", 60 + apart, 30_000.0),
            ("salary_outcome", cells["D1"], "salary_p50"): Fact("quantile", 60, 30_100.0),
        }
    )
    assert differences.attack(release, [], rules, truth).succeeded == hits


# Attack 3


def test_fresh_noise_averages_away_and_remembered_noise_does_not(contracts, rules, noise, truth_of):
    rows, contract = controls.naive_nps(quarters=8), contracts[NPS]

    def releases(seeds):
        return [
            controls.in_memory(f"r{n}", contract, controls.with_fresh_noise(rows, noise, seed))
            for n, seed in enumerate(seeds)
        ]

    truth = truth_of(NPS, rows)
    fresh, remembered = releases(range(20)), releases([1] * 20)
    forgotten = averaging.attack(fresh[0], fresh[1:], rules, truth)
    assert forgotten.succeeded > 0
    assert forgotten.details["error_averaged"] < 0.5 * forgotten.details["error_published"]
    assert averaging.attack(remembered[0], remembered[1:], rules, truth).succeeded == 0


# Attack 4

EMAIL, LEARNER = "anne.martin@gmail.com", "learner-000042"


@pytest.mark.parametrize("word", [EMAIL, LEARNER])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("coding", ["hex", "base64"])
def test_a_hashed_identifier_is_undone(made, word, algorithm, coding):
    digest = hashlib.new(algorithm, word.encode())
    code = digest.hexdigest().upper() if coding == "hex" else b64encode(digest.digest()).decode()
    release = made(nps_quarterly=[answers(20, 15, 12, code)])
    assert dictionary.attack(release.folder, size=10_000).succeeded == 1


@pytest.mark.parametrize(
    "name", ["manifest.json", "data_docs/index.html", "parquet/x.parquet", "comment", "mbox"]
)
def test_every_file_is_read(made, name):
    folder = made(nps_quarterly=[answers(20, 15, 12)]).folder
    if name == "manifest.json":
        (folder / name).write_text(json.dumps({"by": EMAIL}))
    elif name.endswith("html"):
        (folder / "data_docs").mkdir()
        (folder / name).write_text(f"<p>Made for {EMAIL}.</p>")
    elif name.endswith("parquet"):
        (folder / "parquet").mkdir()
        duckdb.sql(
            f"COPY (SELECT 1 AS n) TO '{folder / name}' (FORMAT parquet, KV_METADATA {{owner: '{EMAIL}'}})"
        )
    else:
        text = EMAIL if name == "comment" else hashlib.sha1(f"mailto:{EMAIL}".encode()).hexdigest()
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{folder / 'marts.duckdb'}' AS release")
            connection.execute(f"COMMENT ON TABLE release.main.nps_quarterly IS '{text}'")
    assert dictionary.attack(folder, size=10_000).succeeded >= 1


def test_identifiers_of_the_school_are_tried_too(made):
    release = made(nps_quarterly=[answers(20, 15, 12, "Zoe.LeGoff@exemple.fr")])
    assert dictionary.attack(release.folder, size=1000).succeeded == 0
    assert dictionary.attack(release.folder, ["zoe.legoff@exemple.fr"], size=1000).succeeded == 1


def test_codes_and_checksums_are_no_identifiers(made):
    release = made(nps_quarterly=[answers(20, 15, 12, "course-data"), answers(20, 15, 12, "RNCP37805")])
    assert dictionary.attack(release.folder).succeeded == 0


# Attack 5


def outcome(share, **more):
    return {
        "diploma_id": "D1",
        "graduation_year": 2023,
        "graduation_year_from": 2023,
        "months_after": 6,
        "n_graduates": 60,
        "n_respondents": 50,
        "employed_rate": share,
        "in_field_rate": 0.5,
        **more,
    }


@pytest.mark.parametrize(("share", "hits"), [(1.0, 1), (0.0, 1), (0.95, 0), (0.05, 0), (0.5, 0)])
def test_a_sensitive_share_of_all_or_none(made, rules, share, hits):
    release = made(salary_outcome=[outcome(share)])
    result = homogeneity.attack(release, rules, Truth(), linear.bounds_of(release, rules))
    assert result.succeeded == hits


def test_no_detractor_among_exact_counts_is_certain_and_among_noisy_ones_is_not(made, rules):
    release = made(nps_quarterly=[answers(20, 15, 0)])
    for known, hits in ((rules.naive(), 1), (rules, 0)):
        assert homogeneity.attack(release, known, Truth(), linear.bounds_of(release, known)).succeeded == hits


def test_one_salary_for_all(made, rules):
    release = made(
        salary_outcome=[outcome(0.5, salary_p25=30_000.0, salary_p50=30_000.0, salary_p75=30_000.0)]
    )
    for known, hits in ((rules.naive(), 1), (rules, 0)):
        assert homogeneity.attack(release, known, Truth(), linear.bounds_of(release, known)).succeeded == hits


# Attack 6


def exercise(mean, n):
    return {
        "course_id": "c",
        "exercise_id": "e",
        "half_year": QUARTER,
        "n_learners": n,
        "attempts_per_learner": mean,
    }


@pytest.mark.parametrize(
    ("tries", "hits"), [([1, 2, 100], 1), ([30, 40, 50], 0), ([1] * 30 + [2, 400], 1), ([5] * 40 + [49], 0)]
)
def test_a_mean_gives_the_largest_to_the_second(made, rules, tries, hits):
    n = len(tries)
    release = made(exercise_difficulty=[exercise(round(sum(tries) / n, 4), n)])
    key = next(iter(release.tables["exercise_difficulty"].cells))
    truth = Truth({}, {("exercise_difficulty", key, "n_attempts"): Top(tries[-1], tries[-2], n)})
    assert dominance.attack(release, replace(rules.naive(), mean_decimals=4), truth).succeeded == hits
    assert dominance.attack(release, rules, truth).succeeded == 0


def test_a_quartile_of_three_gives_the_largest_to_the_second(made, rules):
    """Three salaries of 20,000, 30,000 and 90,000: the third quartile lies halfway between the upper two."""
    release = made(salary_outcome=[outcome(0.5, salary_p75=60_000.0)])
    key = next(iter(release.tables["salary_outcome"].cells))
    for persons, hits in ((3, 1), (45, 0)):
        truth = Truth({}, {("salary_outcome", key, "salary_eur_year"): Top(90_000.0, 30_000.0, persons)})
        assert dominance.attack(release, rules, truth).succeeded == hits


# The score


def test_the_interval_is_that_of_clopper_and_pearson():
    """Published values: 0 of 10 is 0 to 0.3085, 5 of 10 is 0.1871 to 0.8129 (Newcombe 1998 gives the same
    method).
    """
    assert interval(0, 10) == (0.0, pytest.approx(0.308497, abs=1e-6))
    assert interval(5, 10) == (pytest.approx(0.187086, abs=1e-6), pytest.approx(0.812914, abs=1e-6))
    assert interval(10, 10)[1] == 1.0
    assert interval(0, 0) == (0.0, 1.0)


# Attack 7


def path(path_id, size, detractors, passives=20):
    told = {} if detractors is None else {
        "n_promoters": size - detractors - passives, "n_passives": passives, "n_detractors": detractors,
    }  # fmt: skip
    return {
        "path_id": path_id,
        "quarter": date(2025, 1, 1),
        "n_invited": 2 * size,
        "n_respondents": size,
        **told,
    }


HIDDEN = path("path-a", 100, None)


@pytest.mark.parametrize(("rows", "hits"), [
    ([HIDDEN, path("path-b", 100, 30), path("all", 200, 136)], 1),  # 106 of 100: everybody
    ([HIDDEN, path("path-b", 100, 30), path("all", 200, 29)], 1),  # nobody
    ([HIDDEN, path("path-b", 100, 30), path("all", 200, 100)], 0),  # some, 70 of 100
    ([HIDDEN, path("path-b", 100, 30), path("path-c", 50, 20), path("all", 250, 160)], 1),
    ([HIDDEN, path("path-b", 100, None), path("all", 200, 120)], 0),  # two hidden ones hide each other
    ([HIDDEN, path("path-b", 40, None), path("all", 140, 139, 1)], 1),
    ([path("path-a", 100, 40), path("path-b", 100, 30), path("all", 200, 71)], 0),  # nobody is left
    ([path("path-a", 6, None), path("path-b", 100, 30), path("all", 106, 36)], 0),  # the noise hides six
])  # fmt: skip
def test_a_hidden_path_is_told_by_all_less_the_others(made, rules, rows, hits):
    release = made(nps_quarterly=rows)
    assert subtraction.attack(release, [], rules, Truth()).succeeded == hits


def test_what_an_earlier_release_told_is_no_new_success(made, rules):
    release = made(nps_quarterly=[HIDDEN, path("path-b", 100, 30), path("all", 200, 136)])
    before = replace(release, folder=release.folder.with_name("2020-01-01.1"))
    after = replace(release, folder=release.folder.with_name("2099-01-01.1"))
    found = subtraction.attack(
        replace(release, folder=release.folder.with_name("2026-06-30.1")), [before], rules, Truth()
    )
    assert (found.succeeded, found.details["told_before"]) == (0, 1)
    assert (
        subtraction.attack(
            replace(release, folder=release.folder.with_name("2026-06-30.1")), [after], rules, Truth()
        ).succeeded
        == 1
    )


def test_a_diploma_that_is_too_small_to_tell_is_told_by_its_sisters(made, rules):
    """18 graduates without any work: hidden, and 60 of 60 less 60 of 78 say so."""
    release = made(
        salary_outcome=[
            outcome(None, n_respondents=22, diploma_id="D0"),
            outcome(0.8, n_respondents=100),
            outcome(round(80 / 122, 4), n_respondents=122, diploma_id="all"),
        ]
    )
    certain = replace(rules, law=EXACT, by_class={})
    assert subtraction.attack(release, [], certain, Truth()).succeeded == 1
    assert subtraction.attack(release, [], rules, Truth()).succeeded == 0, (
        "noise of three counts leaves it open"
    )


# Attack 8


def twins(n, deviations):
    """Quarters of one path in which the same n people were asked, with these deviations, and the truth."""
    quarters = [date(2010 + number // 4, 1 + 3 * (number % 4), 1) for number in range(len(deviations))]
    rows = [
        {"path_id": "path-a", "quarter": quarter, "n_invited": n + deviation}
        for quarter, deviation in zip(quarters, deviations, strict=True)
    ]
    places = [(NPS, f"path-a|{quarter}", "n_invited") for quarter in quarters]
    return rows, Truth(dict.fromkeys(places, Fact("count", n, float(n))), {}, dict.fromkeys(places, 4711))


def test_people_with_the_same_noise_in_each_cell_are_known_again(made, rules):
    rows, truth = twins(9, [2] * 40)
    result = equal_sets.attack(made(nps_quarterly=rows), rules, truth)
    assert result.tried == 39 and result.succeeded > 25


def test_people_whose_noise_is_drawn_anew_are_not(made, rules, noise):
    dice = random.Random(3)
    law = noise[max(noise)]
    rows, truth = twins(9, dice.choices(list(law), list(law.values()), k=300))
    result = equal_sets.attack(made(nps_quarterly=rows), rules, truth)
    assert (result.tried, result.succeeded) == (299, 0)


def test_a_part_that_everybody_is_in_is_its_whole(made, rules):
    """Made consistent, it is told as the whole is: in a school whose enrolments all go on."""
    rows, facts, sets = [], {}, {}
    for number, n in enumerate(range(60, 81)):
        start = date(2015 + number // 4, 3 * (number % 4) + 1, 1)
        row = {"path_id": "path-a", "start_quarter": start, "n_enrolled": n, "n_graduated": 0}
        rows.append(row | {"n_abandoned": 0, "n_still_in": n})
        for name in ("n_enrolled", "n_still_in"):
            place = ("path_outcome", f"path-a|{start}", name)
            facts[place], sets[place] = Fact("count", 70, 70.0), 1000 + number
    result = equal_sets.attack(made(path_outcome=rows), rules, Truth(facts, sets=sets))
    assert (result.tried, result.succeeded) == (0, 0)


def test_without_a_truth_nobody_knows_which_sets_are_equal(made, rules):
    assert equal_sets.attack(made(nps_quarterly=twins(9, [2] * 40)[0]), rules, Truth()).tried == 0


# Attack 9


def cohort(months, n, share):
    return {"cohort_quarter": QUARTER, "months_since_start": months, "n_learners": n, "share_active": share}


def test_a_cohort_that_is_counted_again_tells_who_left(made, rules):
    release = made(
        learner_retention_cohort=[cohort(0, 60, 1.0), cohort(1, 30, 0.5), cohort(2, 20, round(20 / 59, 4))]
    )
    result = recounting.attack(release, [], rules)
    assert (result.tried, result.places) == (3, {("learner_retention_cohort", "n_cohort"): 1})
    assert (
        recounting.attack(
            made("carried", learner_retention_cohort=[cohort(0, 60, 1.0), cohort(2, 24, 0.4)]), [], rules
        ).succeeded
        == 0
    )


def test_what_an_earlier_release_has_told_is_counted_apart(made, rules):
    rows = [cohort(0, 60, 1.0), cohort(2, 20, round(20 / 59, 4))]
    result = recounting.attack(
        made("now", learner_retention_cohort=rows), [made("then", learner_retention_cohort=rows)], rules
    )
    assert (result.succeeded, result.details["told_before"]) == (0, 1)


# Attack 10


def test_a_naive_quartile_tells_amounts_and_one_with_noise_does_not(made, contracts, rules):
    rows, truth = controls.naive_salaries(contracts["salary_outcome"])
    naive = made(salary_outcome=rows)
    result = quantiles.attack(naive, rules.naive(), truth)
    assert result.tried == 240 and result.succeeded > 60
    assert sum(result.places.values()) == result.succeeded
    assert quantiles.attack(naive, rules.naive(), Truth()).tried == 0


def test_thirty_accounts_no_longer_make_the_median_somebodys_salary(rules):
    """The attacker opens all accounts but one, half far below and half far above: without noise the median is
    the salary itself.
    """
    others = np.sort(np.r_[np.linspace(5_000, 6_000, 15), np.linspace(400_000, 500_000, 15)])
    amounts = np.exp(np.linspace(np.log(15_000), np.log(100_000), 400))
    even = np.full(len(amounts), 1 / len(amounts))
    ranks, at_most = quantiles.law_of(rules.money_rank_noise)
    dice = np.random.default_rng(1)
    right = {True: 0, False: 0}
    for true in dice.choice(amounts, 300):
        earned = np.sort(np.r_[others, true])
        for is_noisy in right:
            place = 15 + (np.interp(dice.random(), at_most, ranks) if is_noisy else 0.0)
            shown = np.interp(min(max(place, 3), 27), np.arange(31), earned)
            law = rules if is_noisy else rules.naive()
            after = even * quantiles.likelihood(quantiles.Seen(others, 15.0, round(shown, -2)), amounts, law)
            guess, _ = quantiles.best(amounts, after if after.sum() > 0 else even)
            right[is_noisy] += abs(guess - true) <= 0.1 * true
    blind = sum(abs(quantiles.best(amounts, even)[0] - true) <= 0.1 * true for true in amounts) / len(amounts)
    assert right[False] == 300
    assert right[True] / 300 <= blind + 0.05


@pytest.mark.parametrize(("moved", "more"), [
    ([(43, 15)], 0),  # one draw of noise, which may happen to lie well
    ([(43, 15), (40, 14)], 25),  # alike in both: hardly chance
    ([(43, 15), (40, 2)], 0),
    ([(40, 6), (40, 7), (40, 5), (40, 6), (40, 6)], 20),
    ([(40, 12), (40, 0), (40, 5), (40, -2), (40, 8)], 0),
    ([(40, 0)] * 30, 0),
    ([(40, 10)] * 30, 240),  # the same in each cell: no chance at all
    ([(0, 0)], 0),
    ([], 0),
])  # fmt: skip
def test_people_of_a_cell_share_its_noise(moved, more):
    found = quantiles._beyond_chance(moved)
    assert (found > 0) is (more > 0) and (not more or abs(found - more) <= 4)


# Attack 11


def recalled(release, mart):
    release.folder.joinpath("WITHDRAWN.json").write_text(json.dumps({"marts": [mart]}))
    return release


def month(has_next=True, **changes):
    """A month of five courses, and the next one of the smallest of them; a course that is given as None has
    no row in the first.
    """
    rows = [
        {
            "course_id": course,
            "month": QUARTER,
            "n_active_learners": n,
            "n_registrations": 3,
            "n_completions": 0,
            "median_progress": median,
        }
        for course, n, median in (
            ("a", 4, None),
            ("b", 40, 61.0),
            ("c", 50, 55.0),
            ("d", 60, 70.0),
            ("e", 70, 48.0),
        )
    ]
    kept = [row for row in rows if changes.get(row["course_id"], 0) is not None]
    return [row | changes.get(row["course_id"], {}) for row in kept] + [
        rows[0] | {"month": date(2025, 2, 1)}
    ] * has_next


NO_MEDIAN = {"median_progress": None}
CORRECTIONS = {
    "one median is hidden": (month(b=NO_MEDIAN), 1),
    "one median moved": (month(b={"median_progress": 60.0}), 1),
    "all moved": (month(**{course: {"median_progress": 9.0} for course in "bcde"}), 4),
    "all are hidden": (month(**dict.fromkeys("bcde", NO_MEDIAN)), 0),
    "hidden but where a count moved by many": (
        month(**dict.fromkeys("bcd", NO_MEDIAN), e={"n_active_learners": 90, "median_progress": 50.0}),
        0,
    ),
    "nothing": (month(), 0),
    # Its code is nowhere else: it may have been recalled for being no code.
    "a course of few is gone, and its code": (month(has_next=False, a=None), 0),
    "a month of few is gone": (month(a=None), 1),
}


@pytest.mark.parametrize(("rows", "hits"), CORRECTIONS.values(), ids=CORRECTIONS)
def test_a_corrected_period_tells_who_left(made, rules, rows, hits):
    mart = "course_engagement_monthly"
    before = recalled(made("recalled", course_engagement_monthly=month()), mart)
    after = made(course_engagement_monthly=rows)
    assert corrections.attack(after, [before], rules).succeeded == hits
    again = made("again", course_engagement_monthly=rows)
    assert corrections.attack(after, [before, again], rules).details["told_before"] == hits, (
        "a release that stands has told so already"
    )


@pytest.mark.parametrize(("now", "n_changed"), [(None, 0), (12, 1)])
def test_a_figure_that_nobody_had_asked_for_is_hidden_in_old_cells(made, rules, now, n_changed):
    """An older release has no such column: hidden there it tells nothing; shown, it opens a closed cell."""
    promotion = {"diploma_id": "d", "promotion_year": 2022, "n_certified": 60, "is_complete": True}
    old = made("before", rncp_promotion=[promotion])
    (key,) = old.tables["rncp_promotion"].cells
    for name in ("n_certified_vae", "n_certified_vae_reason"):
        del old.tables["rncp_promotion"].cells[key][name]
    told = {"n_certified_vae": now, "n_certified_vae_reason": None if now else "protected"}
    new = made("after", rncp_promotion=[{**promotion, **told}])
    result = differences.attack(new, [old], rules, Truth())
    assert result.details["cells_changed"] == n_changed
