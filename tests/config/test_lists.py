"""The school's own lists and mappings over the shipped ones, as ingestion and dbt read them."""

from __future__ import annotations

import csv

import pytest

from anonymart import definitions, lists, objects
from anonymart.errors import UsageError
from anonymart.ingest.learning_map import load_map
from anonymart.surveys import mapping
from tests.dbt.small_home import SmallHome

VERB = "https://ours.example/verbs/done"


def _rows(name: str) -> list[dict[str, str]]:
    with lists.path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_without_lists_of_its_own_the_shipped_files_are_read(configure):
    configure(policy_yml="raw: {keep_days: 60}\n")
    assert lists.folder() == lists.SHIPPED


def test_a_row_adds_or_takes_a_shipped_one_s_place(configure):
    before = {row["verb_id"]: row["verb"] for row in _rows("verbs")}
    shipped = next(name for name, verb in before.items() if verb == "experienced")
    configure(lists__verbs_csv=f"verb_id,verb\n{VERB},completed\n{shipped},launched\n")
    assert {row["verb_id"]: row["verb"] for row in _rows("verbs")} == before | {
        VERB: "completed",
        shipped: "launched",
    }
    assert (lists.folder() / "verbs.yml").read_bytes() == (lists.SHIPPED / "verbs.yml").read_bytes()


def test_files_are_called_the_same_in_every_home(configure):
    configure(lists__verbs_csv=f"verb_id,verb\n{VERB},completed\n", learning_yml="verbs: {}\n")
    found = definitions.files()
    assert [definitions.named(path) for path in found["seeds/verbs"]] == ["dbt_project/seeds/verbs.csv"]
    assert [definitions.named(path) for path in found["mappings/learning"]] == [
        "expectations/learning.yml",
        "config/learning.yml",
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("verbs", "verb,verb_id\n", "verbs.csv:1: the first line must be verb_id,verb"),
        ("verbs", "verb_id,verb\nx,done\n", "verbs.csv:2: verb is none"),
        ("verbs", "verb_id,verb\nx,completed\nx,passed\n", "verbs.csv:3: it is there twice"),
        ("verbs", "verb_id,verb\nx\n", "verbs.csv:2: it has 1 values where 2 are needed"),
        ("verbs", "verb_id,verb\n,passed\n", "verbs.csv:2: verb_id is empty"),
        (
            "exchange_rates",
            "currency,year,per_eur\nBRL,2025,0\n",
            "exchange_rates.csv:2: per_eur is no number",
        ),
        (
            "job_family_words",
            "word,job_family,priority\nbûcheron,other,1\n",
            "job_family_words.csv:2: word must",
        ),
        ("perturbation_table", "a\n", "perturbation_table is not for a school"),
        ("strange", "a\n", "strange is not for a school"),
    ],
)
def test_a_list_that_no_model_would_understand_is_refused(configure, name, text, told):
    configure(**{f"lists__{name}_csv": text})
    with pytest.raises(UsageError) as refused:
        lists.folder()
    assert told in str(refused.value)


def test_types_of_learning_are_added_and_moved(configure):
    moved = load_map().kinds["chapter"][0]
    configure(learning_yml=f"kinds: {{course: [sequence, {moved}]}}\n")
    after = load_map()
    assert {"sequence", moved} <= set(after.kinds["course"]) and moved not in after.kinds["chapter"]
    assert objects.query_rules()
    folder = configure(learning_yml="kindz: {}\n")
    with pytest.raises(UsageError, match="kindz"):
        load_map()
    configure(learning_yml="kinds: {lesson: [x]}\n")
    with pytest.raises(UsageError, match=str(folder / "learning.yml")):
        load_map()


OURS = """
tool: ours
title: Our own tool
recognised_by: [[note de 0 a 10], [quand]]
sources: [nps]
fields: {score: Note de 0 a 10, answered_at: Quand}
"""


def test_a_mapping_of_its_own_goes_before_the_shipped_ones(configure):
    shipped = mapping.load(mapping.FOLDER / "wootric.yml")
    columns = [name for group in shipped.recognised_by for name in group]
    configure(
        sources__ours_yml=OURS,
        sources__wootric_yml="extends: wootric\ntool: wootric\ntitle: Ours\ntime_zone: Europe/Paris\n",
    )
    known = {each.name: each for each in mapping.load_all()}
    assert known["ours"].is_own and known["wootric"].is_own and not known["delighted"].is_own
    assert (known["wootric"].time_zone, known["wootric"].fields) == ("Europe/Paris", shipped.fields)
    assert [each.name for each in mapping.recognise(columns, known.values(), "nps")] == ["wootric"]
    both = [*columns, "Note de 0 à 10", "Quand"]
    assert {each.name for each in mapping.recognise(both, known.values(), "nps")} <= {"ours", "wootric"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kinds: {course: sequence}\n", "'kinds.course' must be a list"),
        ("kinds: [sequence]\n", "'kinds' must be a group of entries"),
        ("moodle: {site: [a]}\n", "'moodle.site' must be one value"),
        ("moodle: {site: 3}\n", "'moodle.site' must be a text"),
        ("kinds: {course: }\n", "'kinds.course' must be a list"),
    ],
)
def test_an_entry_of_another_form_is_refused(configure, text, told):
    configure(learning_yml=text)
    with pytest.raises(UsageError) as refused:
        load_map()
    assert told in str(refused.value)


def test_an_empty_entry_of_the_shipped_file_is_filled(configure):
    assert not load_map().moodle["site"]
    configure(learning_yml="moodle: {site: https://moodle.example}\n")
    assert load_map().moodle["site"] == "https://moodle.example"


def test_words_of_surveys_are_added(configure):
    before = mapping.shared("questions.yml")
    configure(sources__questions_yml="sentinels: [sans objet du tout]\n")
    after = mapping.shared("questions.yml")
    assert (
        after["sentinels"] == [*before["sentinels"], "sans objet du tout"] and after["nps"] == before["nps"]
    )
    configure(sources__questions_yml="sentinel: [x]\n")
    with pytest.raises(UsageError, match=r"questions\.yml:1: there is no entry 'sentinel'"):
        mapping.shared("questions.yml")


@pytest.mark.long
def test_a_build_reads_them(configure, tmp_path, monkeypatch):
    monkeypatch.delenv("ANONYMART_CONFIG")
    home = SmallHome(tmp_path / "home")
    home.load_first()
    home.execute(f"""
        INSERT INTO vault.raw.learning (load_no, admitted_no, actor, verb_id, object_id, occurred_at)
        VALUES (1, 1, 'learner:L3', '{VERB}', 'h1', '2025-05-05 10:00:00')""")
    (home.home.root / "config" / "lists").mkdir(parents=True)
    (home.home.root / "config" / "lists" / "verbs.csv").write_text(f"verb_id,verb\n{VERB},completed\n")
    home.build(select="verbs object_kinds")
    assert home.rows(f"SELECT verb FROM warehouse.seeds.verbs WHERE verb_id = '{VERB}'") == [("completed",)]
    (home.home.root / "config" / "lists" / "verbs.csv").unlink()
    home.build(select="verbs object_kinds")
    assert home.rows(f"SELECT verb FROM warehouse.seeds.verbs WHERE verb_id = '{VERB}'") == []
