"""A draft of the data protection impact assessment (GDPR article 35) as the CNIL's PIA tool imports it.

Answers that follow from the register, the policy and the current release are filled; what a person must judge
(impacts, severity, likelihood, opinions, contracts) is left open and marked. The form is that of the tool's
own exports: numbers of questions are those of its `pia_architecture.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.release.folder import GATE_RESULT

TO_JUDGE = "[À JUGER PAR UNE PERSONNE]"
_ID = 1
_ZONES = (
    "landing/ : fichiers tels que livrés, effacés dès leur chargement",
    "vault.duckdb : le coffre, chiffré ; lignes identifiées et registre des identités",
    "warehouse.duckdb : l'entrepôt, chiffré ; historique sous pseudonyme",
    "tombstones.duckdb : empreintes à clé, chiffré ; tiennent à l'écart ce qui a été effacé",
    "exports/ : archives préparées pour les personnes",
    "releases/ : chiffres anonymes seuls",
)
# Of each of the tool's three risks: number of its first question, threats, sources, and which measures bear
# on it.
_RISKS = (
    (
        321,
        ("Copie d'un fichier de l'entrepôt", "Réidentification à partir des livraisons"),
        ("Personne interne qui abuse de son accès", "Lecteur d'une livraison qui connaît des apprenants"),
        ("S-SAFE", "S-ANON", "D-IDENT"),
    ),
    (
        331,
        ("Livraison fausse ou relivrée", "Modification d'un fichier hors du programme"),
        ("Système source mal configuré", "Personne interne"),
        ("S-SAFE", "R-ERASE"),
    ),
    (
        341,
        ("Panne de disque", "Perte d'une clé", "Effacement demandé par erreur"),
        ("Matériel", "Personne interne"),
        ("S-SAFE",),
    ),
)


def draft(home: Home, policy: Policy, record: Mapping[str, Any]) -> dict[str, Any]:
    """The file of the tool as plain data; `record` is the register of the home. Reads the gate's answer of
    the current release, where there is one.
    """
    at = f"{record['as_of']}T00:00:00.000Z"
    measures = _measures(record, at)
    answers = {**_texts(policy, record), **_risks(home, {each["title"]: each for each in measures})}
    return {
        "pia": {
            "status": 0,
            "is_example": 0,
            "is_archive": 0,
            "created_at": at,
            "updated_at": at,
            "name": "Anonymart : statistiques de l'école",
            "category": "Statistiques",
            "author_name": TO_JUDGE,
            "evaluator_name": TO_JUDGE,
            "validator_name": TO_JUDGE,
            "id": _ID,
            "progress": 0,
            "structure_id": "",
        },
        "answers": [
            {"pia_id": _ID, "reference_to": number, "data": data, "created_at": at, "id": position}
            for position, (number, data) in enumerate(sorted(answers.items()), 1)
        ],
        "measures": measures,
        "evaluations": [],
        "comments": [],
    }


def _text(html: str) -> dict[str, Any]:
    return {"text": html, "gauge": None, "list": []}


def _list(items: Sequence[str]) -> dict[str, Any]:
    return {"text": None, "gauge": None, "list": list(items)}


def _open(hint: str) -> dict[str, Any]:
    return _text(f"<p><strong>{TO_JUDGE}</strong> {escape(hint)}</p>")


def _items(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in dict.fromkeys(lines)) + "</ul>"


def _texts(policy: Policy, record: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Questions 111 to 227."""
    held = [line for line in record["lines"] if line["places"]]
    months = policy.figure("rights", "answer_within_months")
    outside = record["transfers"]["shared"]
    return {
        111: _text(
            "<p>Entrepôt de données d'une école en ligne : il charge l'activité d'apprentissage, les "
            "enquêtes et les questionnaires d'insertion, les met sous pseudonyme et n'en laisse sortir que "
            "des chiffres anonymes.</p>"
        ),
        112: _open("Responsable du traitement, sous-traitants, responsabilités conjointes."),
        113: _open("Référentiels, codes de conduite et certifications qui s'appliquent."),
        121: _text(
            _items(
                [
                    f"{line['data']['fr']} ({line['persons']['fr']}). Durée : {line['term']['fr']}. "
                    f"Accès : {line['recipients']['fr']}."
                    for line in held
                ]
            )
        ),
        122: _text(
            "<p>Livraison, contrôle à l'entrée (liste de ce qui est admis), coffre, pseudonymes, historique, "
            "chiffres protégés, contrôle de chaque livraison, publication ; effacement au terme ou sur "
            "demande, octets compris.</p>"
        ),
        123: _text(_items(_ZONES)),
        211: _text(_items([f"{line['purpose_id']} : {line['purpose']['fr']}" for line in held])),
        212: _text(_items([f"{line['purpose']['fr']} : {line['basis']['fr']}" for line in held])),
        213: _text(
            "<p>N'entrent que les colonnes d'une liste ; les données sensibles et les documents sont refusés "
            "par leur nom et leur valeur n'est gardée nulle part.</p>"
            + _items([f"{line['category']['fr']} : {line['data']['fr']}" for line in held])
        ),
        214: _text(
            "<p>Chaque source est rechargée par la plateforme ; une rectification l'emporte sur les "
            "livraisons plus anciennes.</p>"
        ),
        215: _text(_items([f"{line['data']['fr']} : {line['term']['fr']}" for line in held])),
        221: _open(
            "La page d'information faite du registre (anonymart register --for-learners) est-elle publiée, "
            "et où ?"
        ),
        222: _text(
            "<p>Enquêtes : seul compte un consentement déclaré par la plateforme ; un retrait efface les "
            "réponses d'avant.</p>"
        ),
        223: _text(
            f"<p>Archive de tout ce qui est détenu, ou de ce qui a été fourni, sous {months} mois.</p>"
        ),
        224: _text(
            "<p>Rectification de la ligne ; effacement de chaque zone, octets compris, avec reçu ; les "
            f"anciens fichiers ne ramènent rien. Réponse sous {months} mois.</p>"
        ),
        225: _text(
            "<p>Dès la demande, la personne n'est dans aucun chiffre clos ensuite ; l'opposition et la "
            "limitation tiennent jusqu'à leur levée.</p>"
        ),
        226: _open("Hébergeur et autres sous-traitants, avec leurs contrats."),
        227: _text(
            f"<p>{escape(record['transfers']['none']['fr'])}.</p>"
            + (
                _items([f"Livraisons anonymes : {each['country']} ({each['safeguard']})" for each in outside])
                if outside
                else ""
            )
        ),
    }


def _measures(record: Mapping[str, Any], at: str) -> list[dict[str, Any]]:
    found = {each["policy"]: each for line in record["lines"] for each in line["measures"]}
    return [
        {
            "title": name,
            "pia_id": _ID,
            "content": f"<p>{escape(each['fr'])}.</p><p>Test : {escape(each['test'])} ; preuve : "
            f"{escape(', '.join(each['proof']))}.</p>",
            "placeholder": "measures.default_placeholder",
            "created_at": at,
            "updated_at": at,
            "id": position,
        }
        for position, (name, each) in enumerate(sorted(found.items()), 1)
    ]


def _risks(home: Home, measures: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Questions 321 to 346: what is known of each risk; its gravity and likelihood are a person's."""
    found: dict[int, dict[str, Any]] = {}
    for first, threats, sources, names in _RISKS:
        facts = _attacks(home) if first == 321 else ""
        found |= {
            first: _list([TO_JUDGE]),
            first + 1: _list(threats),
            first + 2: _list(sources),
            first + 3: _list([name for name in names if name in measures]),
            first + 4: _open("Gravité du risque, compte tenu des impacts et des mesures."),
            first + 5: _text(_open("Vraisemblance du risque.")["text"] + facts),
        }
    return found


def _attacks(home: Home) -> str:
    """The attacks on the current release: each with its successes, and those on the naive release beside."""
    try:
        told = json.loads((home.current / GATE_RESULT).read_text(encoding="utf-8"))
        attacks = told["attacks"]
        return "<p>Attaques sur la livraison en cours :</p>" + _items(
            [
                f"{each['attack']} : {each['succeeded']} succès ; sur une livraison naïve "
                f"{each['control']['succeeded']} sur {each['control']['tried']}"
                for each in attacks
            ]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "<p>Aucune livraison en cours : aucune attaque n'a été essayée.</p>"
