"""What a release folder may not hold beside its marts: other objects in the file, other files, other words
(S-ANON, S-SAFE).
"""

from __future__ import annotations

from anonymart.gate.rules import Scope, rule


@rule
def object_outside_contract(scope: Scope) -> str:
    """A table, view, macro, type, index, sequence or default in marts.duckdb that no contract lists, or a
    mart or table of names that is missing (S-ANON).
    """
    return """
        SELECT mart, '*' AS column_name, kind, count(*) AS n FROM gate.objects
        WHERE kind <> 'promised' GROUP BY ALL"""


@rule
def comment_outside_contract(scope: Scope) -> str:
    """A comment in marts.duckdb that is not the contract's own description (S-ANON)."""
    return """
        SELECT texts.mart, texts.column_name, 'comment_outside_contract' AS kind, count(*) AS n
        FROM gate.texts AS texts
        LEFT JOIN gate.descriptions AS descriptions
            ON descriptions.mart = texts.mart AND descriptions.column_name = texts.column_name
                AND descriptions.text = texts.text
        WHERE texts.place LIKE '%_comment' AND descriptions.text IS NULL GROUP BY ALL"""


@rule
def file_outside_list(scope: Scope) -> str:
    """A file, folder, second name or attribute of a file that a release does not have, or a file that is
    missing (S-ANON).
    """
    return _files("extra_file", "missing_file", "extra_folder", "hard_link", "extended_attribute")


@rule
def altered_file(scope: Scope) -> str:
    """A file whose bytes are not those of its checksum in the manifest, or not those that its own content
    gives when it is written again (S-SAFE).
    """
    return _files("altered_file", "bytes_unlike_reading")


@rule
def data_package_unlike_contract(scope: Scope) -> str:
    """A datapackage.json that is not what the contracts say, word for word (S-ANON)."""
    return _files("data_package_unlike_contract")


@rule
def privacy_report_unlike_evidence(scope: Scope) -> str:
    """A privacy_report.json that is not what the evidence of the new cells gives, number for number
    (S-ANON).
    """
    return _files("privacy_report_unlike_evidence")


@rule
def manifest_entry_unknown(scope: Scope) -> str:
    """An entry of manifest.json that a release does not have (S-ANON)."""
    return _files("manifest_entry_unknown")


@rule
def replaces_unlike_ledger(scope: Scope) -> str:
    """A manifest or a WITHDRAWN.json that does not say, word for word, what the ledger of withdrawals says
    (S-SAFE).
    """
    return _files("replaces_unlike_ledger")


@rule
def names_unlike_catalogue(scope: Scope) -> str:
    """A row of a table of names that the catalogue, the reviewed lists and the marts do not give, or one that
    is missing (S-ANON).
    """
    return """
        SELECT mart, '*' AS column_name, 'names_unlike_catalogue' AS kind, sum(n)::BIGINT AS n
        FROM gate.name_findings GROUP BY ALL"""


def _files(*kinds: str) -> str:
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        "SELECT '*' AS mart, label AS column_name, kind, count(*) AS n "
        f"FROM gate.file_findings WHERE kind IN ({named}) GROUP BY ALL"
    )
