"""Contracts of the marts are read whole, or refused in one sentence."""

import re

import pytest
import yaml

from anonymart.contracts import MARTS_FOLDER, load_contracts
from anonymart.errors import UsageError

MART = {
    "name": "visits",
    "description": "Visits.",
    "config": {
        "contract": {"enforced": True},
        "meta": {
            "disclosure": {
                "noise": "coarse",
                "dimensions": {"month": "period"},
                "period": {"column": "month", "grain": "month", "observation": "0"},
                "measures": [{"name": "n", "kind": "count"}],
            }
        },
    },
    "columns": [{"name": "month", "data_type": "date", "description": "Month."}],
}


def test_the_marts():
    contracts = load_contracts()
    assert len(contracts) >= 12
    # Places where a person may be, and the ledger of cells, know a mart by the name of its file.
    assert list(contracts) == sorted(path.stem for path in MARTS_FOLDER.glob("*.yml"))
    assert contracts["salary_outcome"].period_key == ("graduation_year", "months_after")
    assert contracts["nps_quarterly"].figures[:2] == ("n_invited", "n_respondents")
    for contract in contracts.values():
        assert set(contract.dimensions) <= set(contract.column_names)
        shown = {measure["name"] for measure in contract.measures if not measure.get("hidden")}
        assert shown == set(contract.figures)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("config", "contract", "enforced"), "no enforced contract"),
        (("config", "meta", "disclosure"), "no meta.disclosure"),
        (("config", "meta", "disclosure", "noise"), "no noise"),
        (("config", "meta", "disclosure", "measures"), "no measures"),
        (("columns", 0, "description"), "no description"),
        (("config", "meta", "disclosure", "period", "grain"), "needs column, grain"),
    ],
)
def test_a_mart_that_says_too_little(tmp_path, path, message):
    mart = yaml.safe_load(yaml.safe_dump(MART))
    inner = mart
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    (tmp_path / "visits.yml").write_text(yaml.safe_dump({"models": [mart]}))
    with pytest.raises(UsageError, match=message):
        load_contracts(tmp_path)


def test_a_description_that_stands_in_a_block(tmp_path):
    """`docs.md` beside the folder of marts, as dbt reads it too; a block that is not there is told."""
    mart = yaml.safe_load(yaml.safe_dump(MART))
    mart["columns"][0]["description"] = "{{ doc('month') }} A closed one."
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts" / "visits.yml").write_text(yaml.safe_dump({"models": [mart]}))
    with pytest.raises(UsageError, match=r"names month that is no block of dbt_project/models/docs\.md"):
        load_contracts(tmp_path / "marts")
    (tmp_path / "docs.md").write_text("{% docs month %}\nFirst day\nof the month.\n{% enddocs %}\n")
    [column] = load_contracts(tmp_path / "marts")["visits"].columns
    assert column.description == "First day of the month. A closed one."


@pytest.mark.parametrize("text", ["{{ var('month') }}", "{{ doc(month) }}", "{{ doc('other') }} {{"])
def test_a_description_is_text_and_blocks_alone(tmp_path, text):
    mart = yaml.safe_load(yaml.safe_dump(MART)) | {"description": text}
    (tmp_path / "visits.yml").write_text(yaml.safe_dump({"models": [mart]}))
    with pytest.raises(UsageError, match="no block"):
        load_contracts(tmp_path)


def test_each_block_is_named_by_several_columns():
    models = MARTS_FOLDER.parent
    texts = "\n".join(path.read_text(encoding="utf-8") for path in models.rglob("*.yml"))
    blocks = re.findall(r"\{% docs (\w+) %\}", (models / "docs.md").read_text(encoding="utf-8"))
    assert len(blocks) == len(set(blocks)) > 10
    assert [name for name in blocks if texts.count(f"{{{{ doc('{name}') }}}}") < 4] == []
    assert set(re.findall(r"\{\{ doc\('(\w+)'\) \}\}", texts)) == set(blocks)


def test_what_is_told_twice_is_drawn_from_one_noise(tmp_path):
    """A mart of fine noise that repeats a count of a coarse one, and does not say so: it would draw it
    anew.
    """
    other = yaml.safe_load(yaml.safe_dump(MART)) | {"name": "returns"}
    rules = other["config"]["meta"]["disclosure"]
    rules["noise"] = "fine"
    rules["measures"][0]["told_by"] = {"mart": "visits", "at": {"month": "month"}}
    page = tmp_path / "marts.yml"
    page.write_text(yaml.safe_dump({"models": [MART, other]}))
    with pytest.raises(UsageError, match="add noise: coarse"):
        load_contracts(tmp_path)
    rules["measures"][0]["noise"] = "coarse"
    page.write_text(yaml.safe_dump({"models": [MART, other]}))
    assert load_contracts(tmp_path)["returns"].noise_of("n") == "coarse"


@pytest.mark.parametrize("part_of", [
    {"mart": "returns", "measure": "n", "at": {"month": "month"}},
    {"mart": "visits", "measure": "people", "at": {"month": "month"}},
    {"mart": "visits", "measure": "n", "at": {"quarter": "month"}},
])  # fmt: skip
def test_a_part_of_nothing(tmp_path, part_of):
    mart = yaml.safe_load(yaml.safe_dump(MART))
    mart["config"]["meta"]["disclosure"]["measures"][0]["part_of"] = part_of
    (tmp_path / "visits.yml").write_text(yaml.safe_dump({"models": [mart]}))
    with pytest.raises(UsageError, match="part of a count that no mart has"):
        load_contracts(tmp_path)


def test_no_mart_at_all(tmp_path):
    with pytest.raises(UsageError, match="No mart"):
        load_contracts(tmp_path)
