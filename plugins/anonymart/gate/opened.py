"""All that the rules query, made from one folder: views on its files, codes, texts and what is found in them
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from anonymart.contracts import MartContract
from anonymart.detect.known import make_known
from anonymart.disclosure import utility
from anonymart.gate import must_be_out
from anonymart.gate.codes import make_codes
from anonymart.gate.docs import DOCS_WORDS
from anonymart.gate.folder_reading import make_folder_tables
from anonymart.gate.identifiers import make_hits, make_pattern_hits, make_vocabulary
from anonymart.gate.reading import make_views, open_release
from anonymart.gate.report_words import report_words
from anonymart.gate.rules import RULES
from anonymart.gate.suites import Suite
from anonymart.gate.texts import make_texts, strings
from anonymart.keys import Keys
from anonymart.page import own_words as page_words
from anonymart.policy import Policy
from anonymart.processing import lines, page
from anonymart.release import exact
from anonymart.release.datapackage import data_package
from anonymart.release.folder import CANDIDATE_PREFIX
from anonymart.release.manifest import APPROVAL_ENTRIES, ENTRIES
from anonymart.release.names import own_titles


class Law(NamedTuple):
    """What a folder is read by: the contracts of its marts, the suites, the policy register."""

    contracts: Mapping[str, MartContract]
    suites: list[Suite]
    policy: Policy


def read_folder(
    connection: duckdb.DuckDBPyConnection,
    candidate: Path,
    manifest: dict[str, Any],
    law: Law,
    keys: Keys,
    also_known: Sequence[tuple[str, str]] = (),
) -> None:
    """Fill the schema `gate` of a connection with vault and warehouse attached; the folder's marts are
    attached as `release`.

    `also_known` are identifiers (kind, identifier) that count as if the vault knew them.
    """
    contracts, suites, policy = law
    open_release(connection, candidate)
    make_views(connection, candidate, contracts, policy, manifest["release_id"], keys.record)
    make_codes(connection, contracts, policy, candidate.name.startswith(CANDIDATE_PREFIX))
    make_texts(connection, candidate, contracts)
    make_known(connection, "gate", also_known)
    make_vocabulary(connection, own_texts(contracts, suites, policy))
    make_pattern_hits(connection)
    make_hits(connection)
    make_folder_tables(connection, candidate, contracts, policy, manifest)


def own_texts(
    contracts: Mapping[str, MartContract], suites: list[Suite], policy: Policy | None = None
) -> list[str]:
    """The project's own descriptions: their words name nobody. With the policy, also those of the privacy
    report.
    """
    texts = [text for _, text in strings(data_package(contracts, "", ""))]
    texts += [
        *ENTRIES,
        *APPROVAL_ENTRIES,
        *RULES,
        *(rule.doc for rule in RULES.values()),
        "Forbidden",
        *must_be_out.WORDS,
    ]
    # Reports of before told these too.
    texts += [*utility.WORDS, *exact.HIDDEN_BY, *exact.HIDDEN_BY.values()]
    texts += [
        "processing_register.html marts.duckdb manifest.json datapackage.json privacy_report.json gate.json "
        "manifest.sig WITHDRAWN.json WITHDRAWN.sig KEY_HANDOVER.json replaced_by parquet csv csv_fr xlsx "
        "index workbook data docs html css bytes sha256"
    ]
    texts += [*own_titles(), *page.words(), *(text for _, text in strings(lines.load().words))]
    for suite in suites:
        texts += [suite.name, suite.about, *(line.says for line in suite.lines)]
    return [*texts, *page_words(), DOCS_WORDS, *(report_words(contracts, policy) if policy else [])]
