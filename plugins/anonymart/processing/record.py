"""The processing register as plain data, in the columns of the CNIL's template of 2019: for a release with
nothing that one person could move, for the home with the share log and the receipts besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from anonymart.chain import Chain, Entry
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.processing.lines import LANGUAGES, Line, Processing, Words, check, load

# What the file is called in a release and by default.
TEMPLATE = "CNIL, registre des activités de traitement (modèle simplifié, 2019)"
POLICY_FILE, PROCESSING_FILE = "expectations/policy.yml", "expectations/processing.yml"
_HASH_SHOWN = 12


def of_release(policy: Policy, as_of: date, shares: Sequence[Entry] = ()) -> dict[str, Any]:
    """The register as it goes with a release: of the share log countries and safeguards only, and no receipt.

    Receipts count erasures: with them a release would tell that somebody left. Raises AnonymartError as
    `check`.
    """
    return _record(policy, as_of, [_country(share) for share in shares], None)


def of_home(home: Home, policy: Policy, as_of: date) -> dict[str, Any]:
    """The register of a home: with every sharing as the log tells it, and for each line the newest receipt of
    a removal from its places. Reads files only. Raises AnonymartError as `check`.
    """
    entries, _ = Chain(home.receipts, "receipt_no", "receipt").read()
    return _record(policy, as_of, [_whole(share) for share in shared(home)], entries)


def shared(home: Home) -> list[Entry]:
    """The entries of the audit log by which releases were shared, oldest first (S-SHARE)."""
    entries, _ = Chain(home.audit, "entry_no", "entry").read()
    return [entry for entry in entries if entry.get("act") == "shared"]


def _country(share: Entry) -> dict[str, str]:
    return {"country": str(share["country"]), "safeguard": str(share["safeguard"])}


def _whole(share: Entry) -> dict[str, str]:
    return {name: str(share[name]) for name in ("release_id", "as_of", "to", "country", "safeguard", "why")}


def _record(
    policy: Policy, as_of: date, shares: list[dict[str, str]], removals: Sequence[Entry] | None
) -> dict[str, Any]:
    check(policy)
    found = load()
    told = {tuple(share.items()): share for share in shares}
    recipients = [told[key] for key in sorted(told)]
    inside = policy.figure("sharing", "without_safeguard")
    outside = [share for share in recipients if share["country"] not in inside]
    return {
        "template": TEMPLATE,
        "as_of": as_of.isoformat(),
        "policy_version": policy.version,
        "recipients": {**_words(found.words["recipients"]), "shared": recipients},
        "transfers": {**_words(found.words["transfers"]), "shared": outside},
        "sensitive": _both(found.words["sensitive"]),
        "lines": [_line(line, found, policy, removals) for line in found.lines],
    }


def _line(line: Line, found: Processing, policy: Policy, removals: Sequence[Entry] | None) -> dict[str, Any]:
    entry, french = policy.figure("purposes", line.purpose), found.words["purposes"][line.purpose]
    told: dict[str, Any] = {
        "line": line.id,
        "purpose_id": line.purpose,
        "purpose": {"fr": french["fr"], "en": entry["title"]},
        "basis": {"fr": french["basis_fr"], "en": entry["basis"]},
        "category": dict(line.category),
        "data": dict(line.data),
        "persons": _joined(line.persons),
        "source": dict(line.source),
        "recipients": _both(found.words["recipients"]["inside"]),
        "transfers": _both(found.words["transfers"]["none"]),
        "term": _terms(line, found, policy),
        "measures": [
            {"policy": name, **found.measures[name].words, "test": found.measures[name].test,
             "proof": list(found.measures[name].proof)}
            for name in line.measures
        ],
        "policy_entries": {
            f"purposes.{line.purpose}.basis": entry["basis"],
            **{term: policy.figure(*term.split(".")) for term in line.terms},
        },
        "rules": [line.purpose, *line.rules],
        "places": [*line.places, *(f"{name}/" for name in line.files)],
        "test": line.test,
    }  # fmt: skip
    return told if removals is None else told | {"receipt": _receipt(line, removals)}


def _terms(line: Line, found: Processing, policy: Policy) -> dict[str, str]:
    if not line.is_held:
        return {"fr": "–", "en": "–"}
    parts = [
        {language: words[language].format(policy.figure(*term.split("."))) for language in LANGUAGES}
        for term in line.terms
        for words in [found.words["terms"][term]]
    ]
    return _joined([*parts, *([line.lasts] if line.lasts else [])])


def _receipt(line: Line, removals: Sequence[Entry]) -> dict[str, Any] | None:
    """The newest receipt that tells of fewer rows in a place of the line; None: nothing has left yet."""
    for entry in reversed(removals):
        rows = {place: told for place, told in (entry.get("rows") or {}).items() if line.holds(place)}
        if any((told["before"] or 0) > (told["after"] or 0) for told in rows.values()):
            return {
                "receipt_no": entry["receipt_no"],
                "as_of": entry["as_of"],
                "hash": str(entry["hash"])[:_HASH_SHOWN],
            }
    return None


def _joined(parts: Sequence[Words]) -> dict[str, str]:
    return {language: "; ".join(part[language] for part in parts) for language in LANGUAGES}


def _words(named: Mapping[str, Words]) -> dict[str, dict[str, str]]:
    return {name: _both(words) for name, words in named.items()}


def _both(words: Words) -> dict[str, str]:
    return {language: words[language] for language in LANGUAGES}
