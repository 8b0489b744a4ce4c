#!/usr/bin/env bash
# anonyfy 0.1.11 (reversible pseudonyms for French texts): a birth date of 29 February comes back as 28 February.
#
# The date is moved into a year without a leap day, where the 29th has no place, and moved back from there. Masking promises to be
# reversible, and no error says that this one is not; other days come back whole. The stand-in may also lie in the future.
# For a warehouse: a date of birth that went through a text service no longer matches the learner it belongs to.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check anonyfy==0.1.11

venv/bin/python - <<'PY'
from anonyfy import Vault

back = {}
for day in ("28/02/2000", "29/02/2000", "01/03/2000"):
    changed = set()
    for n in range(8):
        with Vault(key=bytes([n] * 32), scope=f"case {n}", registry_path=f"{day[:2]}-{n}.db") as vault:
            masked = vault.mask(f"né le {day}").text
            assert masked != f"né le {day}", "changed: the date is not masked"
            changed.add(vault.unmask(masked))
    back[day] = sorted(changed)
    print(f"anonyfy 0.1.11, eight keys: 'né le {day}' comes back as {back[day]}")
assert back["28/02/2000"] == ["né le 28/02/2000"] and back["01/03/2000"] == ["né le 01/03/2000"], f"changed: {back}"
assert "né le 28/02/2000" in back["29/02/2000"], "changed: 29 February comes back"
PY
