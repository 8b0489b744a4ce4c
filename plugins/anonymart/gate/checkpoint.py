"""One run of Great Expectations: every suite on its batch, and the Data Docs of it (S-ANON).

Results are BOOLEAN_ONLY. Nothing is sent anywhere and nothing is kept but the Data Docs.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from anonymart.errors import DISK_FULL, AnonymartError
from anonymart.gate.dialect import CONNECTION_STRING, lend
from anonymart.gate.suites import Line, Suite

_SITE = "release"


@dataclass(frozen=True)
class Answer:
    """What Great Expectations said to one line: yes, no, or that it could not be asked."""

    line: Line
    sql: str
    passed: bool
    was_asked: bool


def prepare() -> None:
    """Import Great Expectations, which takes seconds, with its telemetry off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from anonymart.gate import expectations  # noqa: F401


def ask(
    connection: duckdb.DuckDBPyConnection,
    suites: list[Suite],
    queries: Mapping[Line, str],
    batches: Mapping[str, str],
    data_docs: Path,
    release_id: str,
) -> list[Answer]:
    """Ask every line that has a query, build the Data Docs into `data_docs`, and give the answers in
    order.
    """
    prepare()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lend(connection)
        try:
            return _ask(suites, queries, batches, data_docs, release_id)
        finally:
            lend(None)


def _ask(
    suites: list[Suite],
    queries: Mapping[Line, str],
    batches: Mapping[str, str],
    data_docs: Path,
    release_id: str,
) -> list[Answer]:
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    from anonymart.gate.expectations import expectations

    context = _context(data_docs)
    source = context.data_sources.add_sql("release", connection_string=CONNECTION_STRING)
    definitions, asked = [], []
    for suite in suites:
        schema, _, table = batches[suite.name].partition(".")
        asset = source.add_table_asset(suite.name, table_name=table, schema_name=schema)
        lines = [line for line in suite.lines if line in queries]
        forbidden = expectations(suite.name, lines, queries, batches[suite.name])
        real = context.suites.add(
            gx.ExpectationSuite(name=suite.name, notes=suite.about, expectations=list(forbidden))
        )
        batch = asset.add_batch_definition_whole_table("release")
        definitions.append(
            context.validation_definitions.add(
                gx.ValidationDefinition(name=suite.name, data=batch, suite=real)
            )
        )
        asked.append(lines)
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(name="gate", validation_definitions=definitions, result_format="BOOLEAN_ONLY")
    )
    # The time of a run names files of the Data Docs; the machine's clock may look like a phone number, and no
    # rule asks it.
    moment = datetime.fromisoformat(release_id[:10]).replace(tzinfo=UTC)
    results = checkpoint.run(run_id=RunIdentifier(run_name=release_id, run_time=moment)).run_results
    _build_docs(context)
    by_suite = {result.suite_name: list(result.results) for result in results.values()}
    return [
        _answer(line, queries[line], result)
        for suite, lines in zip(suites, asked, strict=True)
        for line, result in _paired(lines, by_suite.get(suite.name, []))
    ]


def _build_docs(context: Any) -> None:
    """Write the Data Docs. Great Expectations goes on where a page cannot be written, and logs why with a
    traceback: here it stops, with a sentence.
    """
    faults: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: faults.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("great_expectations.render")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        context.build_data_docs()
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
    if any("No space left" in fault for fault in faults):
        raise AnonymartError(DISK_FULL)
    if faults:
        raise AnonymartError(
            "The Data Docs could not be written: see that the releases of the home can be written, and run "
            "again; nothing was published."
        )


def _context(data_docs: Path) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(data_docs)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={_SITE: site},
        analytics_enabled=False,
        # Its annotation names a class, but a dictionary is what it reads.
        progress_bars={"globally": False},  # type: ignore[arg-type]
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _paired(lines: list[Line], results: list[Any]) -> list[tuple[Line, Any]]:
    """Results come in any order: each line finds its own by what it forbids and where; a line without one
    gets None.
    """
    found: dict[tuple, Any] = {}
    for result in results:
        meta = result.expectation_config.meta or {}
        found[(meta.get("forbids"), meta.get("column"), meta.get("kind"), meta.get("in"))] = result
    return [(line, found.get(line.key)) for line in lines]


def _answer(line: Line, sql: str, result: Any) -> Answer:
    raised = result is None or bool((result.exception_info or {}).get("raised_exception", True))
    return Answer(line, sql, passed=not raised and result.success is True, was_asked=not raised)
