"""The picture of docs/speed.md is drawn from the figures that are kept beside it."""

from __future__ import annotations

import json

from anonymart.bench import growth


def test_the_picture_is_that_of_the_figures():
    assert growth.PICTURE.read_text(encoding="utf-8") == growth.drawn()


def test_another_figure_is_another_picture(tmp_path):
    told = json.loads(growth.FIGURES.read_text(encoding="utf-8"))
    told["measured"][0]["seconds"]["ingest"] *= 2
    (tmp_path / "growth.json").write_text(json.dumps(told), encoding="utf-8")
    assert growth.drawn(tmp_path / "growth.json") != growth.drawn()
