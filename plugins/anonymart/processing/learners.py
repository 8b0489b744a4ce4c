"""The information of learners (GDPR articles 13 and 14) as a page for the school's site, in two languages:
what is held, why, how long, and which rights there are. It is made from the processing register.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from anonymart.policy import Policy
from anonymart.release.privacy_page import style
from anonymart.rights.handover_page import rights_in_words

_HEADS = {
    "fr": (
        "Vos données dans les statistiques de l'école",
        "Quoi",
        "Pourquoi",
        "Base légale",
        "Origine",
        "Combien de temps",
    ),
    "en": ("Your data in the statistics of the school", "What", "Why", "Legal basis", "Source", "How long"),
}
_INTRODUCTION = {
    "fr": "L'école tient un entrepôt de données pour ses statistiques. "
    "Aucun chiffre publié ne parle d'une seule personne.",
    "en": "The school keeps a data warehouse for its statistics. "
    "No published figure speaks of a single person.",
}
_TO_ADD = {
    "fr": "À compléter par l'école : nom et adresse du responsable du traitement, contact du délégué à la "
    "protection des données.",
    "en": "To be completed by the school: name and address of the controller, contact of the data protection "
    "officer.",
}


def page(record: Mapping[str, Any], policy: Policy) -> str:
    """The page, French first; what only the school knows is marked."""
    body = "".join(_language(record, policy, language) for language in ("fr", "en"))
    return (
        '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="UTF-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(_HEADS["fr"][0])}</title>'
        f'<style>{style()}</style></head><body><main id="main">{body}</main></body></html>\n'
    )


def _language(record: Mapping[str, Any], policy: Policy, language: str) -> str:
    title, *heads = _HEADS[language]
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    rows = "".join(
        f'<tr><th scope="row">{escape(line["data"][language])}</th>'
        + "".join(
            f"<td>{escape(line[name][language])}</td>" for name in ("purpose", "basis", "source", "term")
        )
        + "</tr>"
        for line in record["lines"]
        if line["places"]
    )
    rights = "".join(
        f"<h2>{escape(name)}</h2><p>{escape(text)}</p>" for name, text in rights_in_words(policy, language)
    )
    return (
        f'<section lang="{language}"><h1>{escape(title)}</h1><p>{escape(_INTRODUCTION[language])}</p>'
        f"<p><mark>{escape(_TO_ADD[language])}</mark></p>"
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div><p>{escape(record['sensitive'][language])}.</p>{rights}</section>"
    )
