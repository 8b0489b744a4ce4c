"""How cost grows with statements, as a picture.

`python -m anonymart.bench.growth` draws `docs/speed.svg` from the figures in `bench/growth.json`, which were
measured by hand.
"""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

from anonymart.home import PROJECT

FIGURES = PROJECT / "bench" / "growth.json"
PICTURE = PROJECT / "docs" / "speed.svg"
_SIZE = (520, 300)


def drawn(figures: Path = FIGURES) -> str:
    """The picture as SVG: processor seconds of each step over the number of statements, both logarithmic."""
    import altair as alt

    told = json.loads(figures.read_text(encoding="utf-8"))
    rows = [
        {"statements": each["statements"], "step": step, "seconds": seconds}
        for each in told["measured"]
        for step, seconds in each["seconds"].items()
    ]
    steps = list(dict.fromkeys(row["step"] for row in rows))
    x = alt.X("statements:Q", title="statements", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s"))
    y = alt.Y("seconds:Q", title="seconds of processors", scale=alt.Scale(type="log"))
    color = alt.Color("step:N", title=None, sort=steps)
    chart = alt.Chart(alt.Data(values=rows)).mark_line(point=True).encode(x=x, y=y, color=color)
    svg = StringIO()
    chart.properties(width=_SIZE[0], height=_SIZE[1], background="white").save(svg, format="svg")
    return svg.getvalue() + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
