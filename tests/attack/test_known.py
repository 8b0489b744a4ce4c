"""Exact counts from elsewhere, such as a filing, in the attacker's hand (S-ANON)."""

from dataclasses import asdict

import pytest

from anonymart.attack import known
from anonymart.attack.score import Fact, Truth
from anonymart.cli.attack import _known_lines
from anonymart.errors import UsageError
from anonymart.policy import load_policy

MART = "rncp_promotion"
PLACE = (MART, "d|2024", "n_certified")


def promotion(**more):
    row = {
        "diploma_id": "d", "promotion_year": 2024, "n_certified": 40, "n_certified_vae_reason": "too_few",
        "insertion_rate_6m_reason": "protected", "insertion_in_field_rate_6m_reason": "protected",
        "is_complete": True,
    }  # fmt: skip
    return {**row, **more}


def file(tmp_path, text):
    path = tmp_path / "known.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_are_read_by_the_names_of_the_columns(tmp_path, contracts):
    path = file(tmp_path, "diploma_id;promotion_year;n_certified;n_employed_6m\nd;2024;38;\ne;2024;9;7\n")
    assert known.read_known(path, contracts) == {
        (MART, "d|2024", "n_certified"): 38, ("rncp_two_years", "d|2024", "n_certified"): 38,
        (MART, "e|2024", "n_certified"): 9, ("rncp_two_years", "e|2024", "n_certified"): 9,
        (MART, "e|2024", "n_employed_6m"): 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("diploma_id,promotion_year,Zoe Durand\nd,2024,3\n", "Column 3"),
        ("diploma_id,n_certified\nd,3\n", "Column 2"),
        ("diploma_id,promotion_year,n_certified\nd,2024,Zoe\n", "Line 2"),
        ("diploma_id,promotion_year,n_certified\nd,2024\n", "Line 2"),
        ("diploma_id,promotion_year,n_certified\n", "holds no counts"),
        ("diploma_id,promotion_year,n_certified\nd,2024,12²\n", "Line 2"),
        (f"diploma_id,promotion_year,n_certified\nd,2024,{'9' * 5000}\n", "Line 2"),
        (f"diploma_id,promotion_year,n_certified\nd,2024,{'9' * 140_000}\n", "Line 2|as CSV"),
        ("diploma_id,promotion_year,n_certified\nd,2024,3\nd,2024,4\n", "Line 3"),
        ("diploma_id,promotion_year,n_certified,n_certified\nd,2024,3,4\n", "twice"),
        ("diploma_id,promotion_year\nd,2024\n", "no column of counts"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_without_its_values(tmp_path, contracts, text, said):
    with pytest.raises(UsageError, match=said) as told:
        known.read_known(file(tmp_path, text), contracts)
    assert "Zoe" not in str(told.value) and "999" not in str(told.value)


def test_spaces_around_a_value_are_not_part_of_it(tmp_path, contracts):
    path = file(tmp_path, "diploma_id , promotion_year,n_certified\n d , 2024 , 38 \n")
    assert known.read_known(path, contracts)[MART, "d|2024", "n_certified"] == 38


def test_it_succeeds_on_its_control(tmp_path, contracts, rules):
    """Two small diplomas are hidden: neither is known before, and one gives away the other."""
    result = known.control(tmp_path, contracts, rules)
    assert result.places == {("salary_outcome", "n_graduates"): 1}


def test_the_known_count_itself_is_no_success(made, rules):
    release = made(rncp_promotion=[promotion()])
    result, found = known.attack(release, rules, Truth(), {PLACE: 43})
    assert (result.succeeded, found, result.details["not_fitting"]) == (0, [], 0)


def salaries(made):
    """One of two diplomas is hidden."""
    rows = [
        {
            "diploma_id": code, "graduation_year": 2024, "graduation_year_from": 2024, "months_after": 6,
            "n_graduates": n_graduates, "n_respondents": n_respondents, "is_complete": True,
            **dict.fromkeys(("employed_rate_reason", "in_field_rate_reason"), "protected"),
        }
        for code, n_graduates, n_respondents in (("all", 52, 41), ("a", 44, 37), ("b", 6, None))
    ]  # fmt: skip
    return made(salary_outcome=rows)


def filed(**counts):
    """What was filed of all and of diploma a."""
    return {
        ("salary_outcome", f"{code}|2024|2024|6", measure): count
        for measure, each in counts.items()
        for code, count in zip(("all", "a"), each, strict=True)
    }


HIDDEN = ("salary_outcome", "b|2024|2024|6")


def test_two_filed_counts_give_a_third_away(made, rules):
    result, found = known.attack(salaries(made), rules, Truth(), filed(n_graduates=(50, 45)))
    assert found == [(*HIDDEN, "n_graduates", "exact", False)]
    assert result.places == {("salary_outcome", "n_graduates"): 1}


def test_counts_that_contradict_each_other_are_told(made, rules):
    """More answered than graduated: each fits its own figure, and together nothing follows."""
    counts = filed(n_graduates=(50, 45)) | {("salary_outcome", "all|2024|2024|6", "n_respondents"): 52}
    result, found = known.attack(salaries(made), rules, Truth(), counts)
    assert (found, result.details["not_fitting"], result.details["contradictory"]) == ([], 0, 3)
    details = {**result.details, "not_in_release": 0}
    lines = _known_lines({"inferable": [], "attacks": [{"attack": known.NAME, "details": details}]})
    assert "no all-clear" in lines[-1] and not any("no other count" in line for line in lines)


def test_a_sensitive_value_that_nobody_has_is_inferable(made, rules):
    counts = filed(n_graduates=(50, 45), n_respondents=(40, 36), n_employed=(30, 30))
    _, found = known.attack(salaries(made), rules, Truth(), counts)
    assert (*HIDDEN, "n_employed", "all_or_none", True) in found


def test_what_the_truth_contradicts_is_wrong(made, rules):
    """The filing counts people whom the statistics leave out."""
    truth = Truth({(*HIDDEN, "n_graduates"): Fact("count", 4, None)})
    result, found = known.attack(salaries(made), rules, truth, filed(n_graduates=(50, 45)))
    assert (found, result.details["wrong"]) == ([], 1)


def test_a_count_that_fits_no_published_figure_is_given_up(made, rules):
    result, found = known.attack(
        made(rncp_promotion=[promotion()]), rules, Truth(), {PLACE: 900, (MART, "x|2024", "n_certified"): 3}
    )
    assert (found, result.details["not_fitting"], result.details["not_in_release"]) == ([], 1, 1)


def test_the_report_holds_no_count(made, contracts, tmp_path):
    head = "diploma_id,graduation_year,graduation_year_from,months_after,n_graduates\n"
    path = file(tmp_path, f"{head}all,2024,2024,6,50\na,2024,2024,6,45\nc,2024,2024,6,9\n")
    outcome, found = known.attack_with(path, (salaries(made).folder, []), load_policy(), Truth(), contracts)
    assert outcome.is_trustworthy and outcome.real.succeeded == 1
    assert asdict(outcome.real)["details"] == {
        "known": 3,
        "not_fitting": 0,
        "contradictory": 0,
        "not_in_release": 1,
        "wrong": 0,
    }
    assert found[0]._asdict() == {
        "mart": "salary_outcome", "cell": "b|2024|2024|6", "measure": "n_graduates", "how": "exact",
        "is_hidden": False,
    }  # fmt: skip
