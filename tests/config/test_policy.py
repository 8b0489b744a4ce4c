"""A school's own figures of the policy over the shipped ones: stricter or other, never weaker (S-ANON,
S-SAFE).
"""

from __future__ import annotations

import json

import pytest
import yaml

from anonymart import config, limits
from anonymart.definitions import definitions
from anonymart.errors import UsageError
from anonymart.policy import POLICY_FILE, load_policy, origins, policy_id
from tests.policy.changes import leaves

SHIPPED = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))


def test_only_what_the_school_changes_is_changed(configure):
    configure(policy_yml="raw: {keep_days: 60}\nrates:\n  smallest_base: {fine: 60}\n")
    policy = load_policy()
    assert policy.figure("raw", "keep_days") == 60
    assert policy.figure("rates", "smallest_base") == {"coarse": 33, "fine": 60, "broad": 50}
    assert policy.figure("backups") == SHIPPED["backups"]
    assert load_policy(POLICY_FILE).raw == SHIPPED


def test_it_lies_in_the_home_too(tmp_path, monkeypatch):
    monkeypatch.delenv("ANONYMART_CONFIG", raising=False)
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    assert load_policy().raw == SHIPPED
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "policy.yml").write_text("raw: {keep_days: 7}\n")
    assert load_policy().figure("raw", "keep_days") == 7


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("raw: {keep_day: 3}", "raw.keep_day"),
        ("nothing: 3", "nothing"),
        ("raw: {keep_days: many}", "raw.keep_days"),
        ("raw: {keep_days: true}", "raw.keep_days"),
        ("raw: 3", "raw"),
        ("raw: {keep_days: 91}", "raw.keep_days"),
        ("rates: {smallest_base: {fine: 40}}", "rates.smallest_base.fine"),
        ("rates: {smallest_base: 60}", "rates.smallest_base"),
        ("purposes: {P-STAT: {keep_years_after_last_use: 6}}", "purposes.P-STAT.keep_years_after_last_use"),
        ("purposes: {P-SURVEY: {basis: habit}}", "purposes.P-SURVEY.basis"),
        ("minimum_age_years: 13", "minimum_age_years"),
        ("counts: {variance: {fine: 60}}", "counts.variance.fine"),
        ("sensitive_bands: []", "sensitive_bands"),
        ('sharing: {without_safeguard: ["US"]}', "sharing.without_safeguard"),
        ("window: {time_zone: Paris}", "window.time_zone"),
        ("publication: {first_period_on: soon}", "publication.first_period_on"),
        ("rates: {confidence: 0.5}", "rates.confidence"),
        ("salary: {net_to_gross: .nan}", "salary.net_to_gross"),
        ("salary: {net_to_gross: .inf}", "salary.net_to_gross"),
        ("salary: {hours_per_week: 0}", "salary.hours_per_week"),
        ("salary: {smallest_eur_year: 600000}", "salary.smallest_eur_year"),
        ("observation: {salary_first_from_months: 10}", "observation.salary_first_from_months"),
        ("raw: {keep_days: 3}\nraw: {keep_days: 4}", "raw"),
        ("version: 2", "version"),
    ],
)
def test_what_is_refused_names_file_and_entry(configure, text, entry):
    folder = configure(policy_yml=text + "\n")
    with pytest.raises(UsageError) as refused:
        load_policy()
    assert str(folder / "policy.yml") in str(refused.value) and f"'{entry}'" in str(refused.value)


def test_a_noise_that_needs_another_table_says_so(configure):
    configure(policy_yml="counts: {smallest: {fine: 12}}\n")
    with pytest.raises(UsageError, match="anonymart perturbation --write"):
        load_policy()


@pytest.mark.parametrize("text", ["- 3\n", "raw: [\n", "raw: {keep_days: !!python/name:os.sep }\n"])
def test_a_file_that_is_no_yaml_of_entries_is_refused(configure, text):
    configure(policy_yml=text)
    with pytest.raises(UsageError, match=r"policy\.yml"):
        load_policy()


def test_an_empty_file_changes_nothing(configure):
    configure(policy_yml="# nothing yet\n")
    assert load_policy().raw == SHIPPED


def test_every_entry_says_how_far_a_school_may_go():
    entries = {
        ".".join(map(str, path[: path.index(0)] if 0 in path else path))
        for path in leaves(SHIPPED)
        if not any(isinstance(step, int) and step > 0 for step in path)
    }
    assert {limits.name_of(entry) for entry in entries} == set(limits.LIMITS)


def test_each_limit_holds_at_its_edge(configure):
    for path in leaves(SHIPPED):
        entry = ".".join(map(str, path))
        limit = limits.LIMITS.get(limits.name_of(entry))
        if limit not in (limits.Limit.AT_LEAST, limits.Limit.AT_MOST):
            continue
        value = SHIPPED
        for step in path:
            value = value[step]
        weaker, stricter = (-1, 1) if limit is limits.Limit.AT_LEAST else (1, -1)
        text = {}
        for number in (weaker, 0, stricter):
            text[number] = _nested(path, max(value + number, 0))
        configure(policy_yml=yaml.safe_dump(text[0]))
        assert load_policy().raw == SHIPPED
        configure(policy_yml=yaml.safe_dump(text[stricter]))
        assert load_policy().raw != SHIPPED or value == 0
        if value + weaker >= 0:
            configure(policy_yml=yaml.safe_dump(text[weaker]))
            with pytest.raises(UsageError, match=f"'{entry}'"):
                load_policy()


def _nested(path: tuple, value: object) -> object:
    for step in reversed(path):
        value = {step: value}
    return value


def test_an_unknown_file_or_folder_is_refused(configure, monkeypatch):
    folder = configure(polcy_yml="raw: {keep_days: 3}\n")
    with pytest.raises(UsageError, match=r"polcy\.yml"):
        load_policy()
    monkeypatch.setenv("ANONYMART_CONFIG", str(folder / "nowhere"))
    with pytest.raises(UsageError, match="ANONYMART_CONFIG"):
        load_policy()


def test_where_each_entry_is_from(configure):
    folder = configure(
        policy_yml="# ours\nraw:\n  keep_days: 60\nrates:\n  smallest_base: {coarse: 33, fine: 60}\n"
    )
    found = {each.entry: each for each in origins()}
    assert found["raw.keep_days"] == found["raw.keep_days"].__class__(
        "raw.keep_days", 60, 90, f"{folder / 'policy.yml'}:3", "at most 90"
    )
    assert found["rates.smallest_base.coarse"].source.endswith("policy.yml:5")
    assert found["backups.keep_days"].source == "shipped"
    assert [name for name, each in found.items() if each.is_changed] == [
        "raw.keep_days",
        "rates.smallest_base.fine",
    ]


def test_the_hash_of_the_policy_is_a_definition(configure):
    before = definitions()["policy"]
    assert before.startswith(policy_id(load_policy()))
    folder = configure(policy_yml="raw: {keep_days: 60}\n")
    assert definitions()["policy"] != before
    # What changes nothing has the hash of the shipped one, wherever it stands.
    (folder / "policy.yml").write_text("raw: {keep_days: 90}\n")
    assert definitions()["policy"] == before


def test_other_definitions_follow_the_school_s_lists(configure):
    before = definitions()
    configure(lists__verbs_csv="verb_id,verb\nhttps://ours.example/verbs/done,completed\n")
    after = definitions()
    assert [name for name in before if before[name] != after[name]] == ["seeds/verbs"] and len(before) == len(
        after
    )


def test_what_the_folder_holds_is_looked_at_again(configure):
    configure(policy_yml="raw: {keep_days: 60}\n")
    first = config.stamp()
    configure(policy_yml="raw: {keep_days: 59}\n# longer\n")
    assert config.stamp() != first and json.dumps(load_policy().raw["raw"]) == '{"keep_days": 59}'
