#!/usr/bin/env bash
# python-calamine 0.9.1: the total height and width of a sheet lack the last row and the last column.
#
# A sheet is described by `height` and `width` (of the area in use) and by `total_height` and `total_width` (from the first cell
# on). The latter two are the places of the last row and column, counted from 0: an export of a head and three answers has a total
# height of 3, a single cell has 0 by 0 as an empty sheet has, and a table of one column has no cells by their product.
# For a warehouse: who counts answers by them, or refuses sheets that are too large, is one row and one column short.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-calamine==0.9.1 xlsxwriter==3.3.1

venv/bin/python - <<'PY'
import io

import xlsxwriter
from python_calamine import CalamineWorkbook


def sheet(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    out.seek(0)
    return CalamineWorkbook.from_filelike(out).get_sheet_by_index(0)


cases = {
    "a head and three answers": [["date", "score"], ["2026-05-01", 9], ["2026-05-02", 10], ["2026-05-03", 4]],
    "one column of four": [["score"], [9], [10], [4]],
    "one cell": [["score"]],
    "nothing": [],
}
found = {}
for name, rows in cases.items():
    made = sheet(rows)
    found[name] = (made.height, made.width, made.total_height, made.total_width)
    print(f"{name}: {len(made.to_python(skip_empty_area=False))} rows read; height {made.height}, width {made.width}, "
          f"total height {made.total_height}, total width {made.total_width}")
assert found["a head and three answers"] == (4, 2, 3, 1), found
assert found["one column of four"] == (4, 1, 3, 0), found
assert found["one cell"] == (1, 1, 0, 0), found
assert found["nothing"] == (0, 0, 0, 0), found
print("the totals lack one row and one column")
PY
