"""Every sample that the project makes of a tool's export is known as that tool's, and loads as the tool's own
would.
"""

from datetime import date

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.demo.samples import SAMPLES, sample
from anonymart.errors import UsageError
from anonymart.policy import load_policy
from anonymart.surveys.check import check

N = 40
READERS = {
    "google-forms-fr": "google_forms",
    "google-forms-xlsx": "google_forms",
    "qualtrics-spss": "qualtrics",
    "limesurvey-spss": "limesurvey",
}
WHOLE = {"delighted", "google-forms-fr", "google-forms-en", "google-forms-xlsx"}
ANSWERS = [tool for tool, (source, _, _) in SAMPLES.items() if source == "nps"]


@pytest.mark.parametrize("tool", ANSWERS)
def test_answers_loaded_but_tests_and_partial_ones(tool, tmp_path):
    path = tmp_path / SAMPLES[tool][1]
    path.write_bytes(sample(tool, N))
    found = check(path, "nps", date(2026, 6, 30), load_policy()).as_dict()
    assert found["reader"].partition(":")[0] == READERS.get(tool, tool.replace("-", "_"))
    assert (found["delivered"], found["loaded"], found["quarantined"]) == (
        N,
        N - (tool not in WHOLE),
        int(tool not in WHOLE),
    )
    assert found["status"] == "loaded"


def test_activity_loads(small_school):
    tools = [tool for tool, (source, _, _) in SAMPLES.items() if source == "learning"]
    for tool in tools:
        small_school.deliver("learning", SAMPLES[tool][1], sample(tool, N))
    counts = small_school.ingest()
    assert {
        tool: (
            counts[f"learning/{SAMPLES[tool][1]}"].delivered,
            counts[f"learning/{SAMPLES[tool][1]}"].loaded,
        )
        for tool in tools
    } == dict.fromkeys(tools, (N, N))
    assert small_school.ask(
        "SELECT count(*) FROM vault.raw.learning WHERE object_id IS NULL OR coalesce(grouping_id, "
        "parent_id, '') = ''"
    ) == [(0,)]


def test_the_command_writes_the_same_bytes_each_time(tmp_path):
    for folder in ("one", "two"):
        done = CliRunner().invoke(
            anonymart, ["demo", "sample", "all", "--out", str(tmp_path / folder), "--answers", "7"]
        )
        assert done.exit_code == 0, done.output
    for tool, (source, name, _) in SAMPLES.items():
        assert (
            (tmp_path / "one" / source / name).read_bytes()
            == (tmp_path / "two" / source / name).read_bytes()
            == sample(tool, 7)
        )
    assert CliRunner().invoke(anonymart, ["demo", "sample", "excel", "--out", str(tmp_path)]).exit_code == 2
    with pytest.raises(UsageError, match="delighted"):
        sample("excel")
