"""`processing_register.html` and its CSV: the register in French and English, in the columns of the CNIL's
template. One file, no script, nothing loaded from elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from html import escape
from typing import Any

from anonymart.processing.record import POLICY_FILE, PROCESSING_FILE
from anonymart.release.page_parts import NOTHING, in_words
from anonymart.release.privacy_page import style

# The columns of the template, in its order, then what links each line to its proof.
COLUMNS = {
    "purpose": ("Finalité principale", "Main purpose"),
    "basis": ("Base légale", "Legal basis"),
    "persons": ("Catégories de personnes concernées", "Categories of persons"),
    "category": ("Catégorie de données", "Category of data"),
    "data": ("Description des données", "Description of the data"),
    "source": ("Origine", "Source"),
    "recipients": ("Destinataires", "Recipients"),
    "transfers": ("Transferts hors UE", "Transfers outside the EU"),
    "term": ("Délai d'effacement", "Term of erasure"),
    "measures": ("Mesures de sécurité", "Security measures"),
    "policy_entries": ("Entrées de la politique", "Entries of the policy"),
    "test": ("Test", "Test"),
    "proof": ("Preuve", "Proof"),
}
_TITLES = {
    "fr": (
        "Registre des activités de traitement",
        "Article 30 du RGPD, dans les colonnes du modèle de la CNIL.",
        "Données sensibles",
        "Destinataires des livraisons anonymes",
        "Lieux",
        "Reçu",
    ),
    "en": (
        "Record of processing activities",
        "GDPR article 30, in the columns of the template of the CNIL.",
        "Sensitive data",
        "Recipients of anonymous releases",
        "Places",
        "Receipt",
    ),
}
_NO_RECEIPT = {"fr": "rien n'est encore parti", "en": "nothing has left yet"}
_SHARED = {
    "release_id": ("Livraison", "Release"),
    "as_of": ("Jour", "Day"),
    "to": ("Destinataire", "Recipient"),
    "country": ("Pays", "Country"),
    "safeguard": ("Garantie", "Safeguard"),
    "why": ("Finalité", "Purpose"),
}
# Files of a release that a page in it can link to; of the home they are named only.
_OF_A_RELEASE = ("manifest.json", "gate.json", "data_docs/index.html")


def page(record: Mapping[str, Any]) -> str:
    """The whole page, French first."""
    title = _TITLES["fr"][0]
    body = "".join(_language(record, language) for language in ("fr", "en"))
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="UTF-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f'<style>{style()}</style></head><body><main id="main">{body}</main></body></html>\n'
    )


def words() -> list[str]:
    """The fixed words of the page, which name nobody."""
    pairs = [*COLUMNS.values(), *_SHARED.values(), *_TITLES.values()]
    return [
        *(text for pair in pairs for text in pair),
        *_NO_RECEIPT.values(),
        POLICY_FILE,
        PROCESSING_FILE,
        "As of État au policy register version politique none needed adequacy_decision",
    ]


def as_csv(record: Mapping[str, Any], language: str) -> str:
    """The lines as a table with the template's columns in one language, RFC 4180."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    place = ("fr", "en").index(language)
    writer.writerow(["line", *(names[place] for names in COLUMNS.values())])
    for line in record["lines"]:
        writer.writerow([line["line"], *(_plain(record, line, name, language) for name in COLUMNS)])
    return text.getvalue()


def _language(record: Mapping[str, Any], language: str) -> str:
    title, about, sensitive, shared, _, _ = _TITLES[language]
    day = "État au" if language == "fr" else "As of"
    lines = "".join(_line(record, line, language) for line in record["lines"])
    return (
        f'<section lang="{language}"><h1>{escape(title)}</h1><p>{escape(about)} {day} '
        f"{escape(record['as_of'])}, policy register version {in_words(record['policy_version'])}.</p>"
        f"<p>{escape(sensitive)}: {escape(record['sensitive'][language])}.</p>{lines}"
        f"<h2>{escape(shared)}</h2>{_recipients(record, language)}</section>"
    )


def _line(record: Mapping[str, Any], line: Mapping[str, Any], language: str) -> str:
    place = ("fr", "en").index(language)
    rows = "".join(
        f'<tr><th scope="row">{escape(names[place])}</th><td>{_cell(record, line, name, language)}</td></tr>'
        for name, names in COLUMNS.items()
    )
    caption = f"{line['line']}: {line['data'][language]}"
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(line["line"])}">'
        f'<table id="{language}-{escape(line["line"])}"><caption>{escape(caption)}</caption>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(record: Mapping[str, Any], line: Mapping[str, Any], name: str, language: str) -> str:
    if name == "measures":
        return (
            "<br>".join(escape(f"{each['policy']}: {each[language]}") for each in line["measures"]) or NOTHING
        )
    if name == "policy_entries":
        return "<br>".join(
            f'<a href="privacy_report.json">{escape(entry)}</a>: {escape(in_words(value))}'
            for entry, value in line["policy_entries"].items()
        )
    if name == "proof":
        return "<br>".join(_proof(each) for each in _proofs(line, language)) or NOTHING
    return escape(_plain(record, line, name, language)).replace("\n", "<br>")


def _proof(name: str) -> str:
    return f'<a href="{escape(name)}">{escape(name)}</a>' if name in _OF_A_RELEASE else escape(name)


def _proofs(line: Mapping[str, Any], language: str) -> list[str]:
    found = list(dict.fromkeys(proof for each in line["measures"] for proof in each["proof"]))
    if "receipt" in line:
        receipt, name = line["receipt"], _TITLES[language][5]
        found.append(
            f"{name} {receipt['receipt_no']}, {receipt['as_of']}, {receipt['hash']}"
            if receipt
            else f"{name}: {_NO_RECEIPT[language]}"
        )
    return found


def _plain(record: Mapping[str, Any], line: Mapping[str, Any], name: str, language: str) -> str:
    match name:
        case "recipients":
            outside = record["recipients"]["outside"][language]
            return f"{line['recipients'][language]}. {outside}."
        case "measures":
            return "\n".join(f"{each['policy']}: {each[language]}" for each in line["measures"])
        case "policy_entries":
            return "\n".join(f"{entry}: {value}" for entry, value in line["policy_entries"].items())
        case "test":
            return "\n".join(dict.fromkeys([line["test"], *(each["test"] for each in line["measures"])]))
        case "proof":
            return "\n".join(_proofs(line, language))
        case "data":
            places = ", ".join(line["places"])
            return line["data"][language] + (f"\n{_TITLES[language][4]}: {places}" if places else "")
        case _:
            return str(line[name][language])


def _recipients(record: Mapping[str, Any], language: str) -> str:
    shares = record["recipients"]["shared"]
    if not shares:
        return f"<p>{escape(record['recipients']['none'][language])}.</p>"
    place = ("fr", "en").index(language)
    names = [name for name in _SHARED if name in shares[0]]
    head = "".join(f'<th scope="col">{escape(_SHARED[name][place])}</th>' for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(share[name])}</td>" for name in names) + "</tr>" for share in shares
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
