"""The page that a person reads: what is held, why, for how long, and which rights there are (GDPR article
15), in French and English.

One file, no script, nothing loaded from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any

from anonymart.policy import Policy


@dataclass(frozen=True)
class Table:
    """The rows of one place: columns in their order, values as plain data."""

    place: str
    columns: list[str]
    rows: list[tuple[Any, ...]]

    def as_records(self) -> list[dict[str, Any]]:
        """One object per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


# What each place is called for who has never seen a database.
TITLES = {
    "vault.raw.learning": ("Activité d'apprentissage, détail récent", "Learning activity, recent detail"),
    "vault.raw.enrolments": ("Inscriptions aux parcours", "Enrolments"),
    "vault.raw.salary": ("Réponses au questionnaire d'insertion", "Answers to the employment questionnaire"),
    "vault.answers.nps": ("Réponses aux enquêtes de satisfaction", "Answers to satisfaction surveys"),
    "vault.register.learners": ("Fiche de compte", "Account"),
    "vault.register.last_use": ("Périodes d'utilisation du site", "Spans of use of the site"),
    "vault.register.identities": ("Identifiants connus", "Known identifiers"),
    "vault.register.claims": ("Identifiants rattachés au compte", "Identifiers tied to the account"),
    "vault.register.connections": ("Connexions", "Connections"),
    "vault.register.minors": ("Empreintes de refus pour minorité", "Hashes that refuse rows about a minor"),
    "vault.rights.consents": ("Consentements", "Consents"),
    "vault.rights.requests": ("Demandes d'exercice de droits", "Requests to exercise rights"),
    "vault.rights.standing": (
        "Oppositions et limitations en vigueur",
        "Objections and restrictions that stand",
    ),
    "vault.rights.corrections": ("Rectifications", "Corrections"),
    "vault.rights.unreadable": (
        "Demandes ou consentements illisibles, à saisir",
        "Requests or consents that could not be read yet",
    ),
    "vault.rights.unreadable_names": (
        "Identifiants trouvés dans ces lignes",
        "Identifiers found in those rows",
    ),
    "vault.rights.steps": ("Étapes des demandes", "Steps of requests"),
    "vault.ledger.row_hashes": ("Empreintes des lignes reçues", "Hashes of delivered rows"),
    "tombstones.main.erased": ("Empreintes d'effacement", "Hashes of an erasure"),
    "warehouse.intermediate.int_events": (
        "Historique d'apprentissage (pseudonyme)",
        "Learning history (pseudonymous)",
    ),
    "warehouse.intermediate.int_activity__chapter": ("Chapitres, par année", "Chapters, by year"),
    "warehouse.intermediate.int_activity__course": ("Cours, par année", "Courses, by year"),
    "warehouse.intermediate.int_activity__project": ("Projets, par année", "Projects, by year"),
    "warehouse.intermediate.int_activity__course_monthly": ("Cours, par mois", "Courses, by month"),
    "warehouse.intermediate.int_activity__monthly": ("Activité par mois", "Activity by month"),
    "warehouse.intermediate.int_activity__exercise_half_year": (
        "Exercices, par semestre",
        "Exercises, by half-year",
    ),
    "warehouse.intermediate.int_enrolments": ("Historique des inscriptions", "History of enrolments"),
    "warehouse.intermediate.int_nps_responses": (
        "Notes et thèmes des enquêtes",
        "Scores and themes of surveys",
    ),
    "warehouse.intermediate.int_salary_responses": ("Insertion, sous forme codée", "Employment, coded"),
    "warehouse.intermediate.int_identities": (
        "Rattachement des pseudonymes",
        "How pseudonyms belong together",
    ),
    "warehouse.intermediate.int_persons": ("Place dans les statistiques", "Standing in statistics"),
    "warehouse.intermediate.int_nps_counted": ("Enquêtes comptées", "Surveys that count"),
    "warehouse.intermediate.int_graduates": ("Diplômes comptés", "Diplomas that count"),
    "warehouse.intermediate.int_survey_consents": ("Consentement aux enquêtes", "Consent to surveys"),
    "warehouse.intermediate.int_salary_quarantine": ("Salaires écartés", "Salaries set aside"),
}
_INFORMATION = (
    (
        "Origine",
        "Source",
        "Ces données viennent des systèmes de l'école : plateforme, outil d'enquête, questionnaire de fin "
        "de parcours.",
        "These data come from the school's systems: its platform, its survey tool, the questionnaire at "
        "the end of a diploma.",
    ),
    (
        "Destinataires",
        "Recipients",
        "Personne ne reçoit ces données. Seuls des chiffres anonymes sortent de l'entrepôt.",
        "Nobody receives these data. Only anonymous figures leave the warehouse.",
    ),
    (
        "Décision automatisée",
        "Automated decisions",
        "Aucune décision n'est prise par une machine à partir de ces données.",
        "No decision is taken by a machine from these data.",
    ),
    (
        "Transferts",
        "Transfers",
        "Ces données ne quittent pas l'Union européenne.",
        "These data do not leave the European Union.",
    ),
    (
        "Vos droits",
        "Your rights",
        "Vous pouvez demander l'accès, la rectification, l'effacement, la limitation et la portabilité de "
        "vos données, vous opposer à leur "
        "usage, retirer un consentement et dire ce qui doit en advenir après votre décès. L'école répond "
        "en {months} mois.",
        "You may ask for access, rectification, erasure, restriction and portability of your data, object "
        "to their use, withdraw a consent, "
        "and say what shall become of them after your death. The school answers within {months} month(s).",
    ),
    (
        "Réclamation",
        "Complaint",
        "Vous pouvez adresser une réclamation à la CNIL, 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex "
        "07, www.cnil.fr.",
        "You may complain to the French authority: CNIL, 3 place de Fontenoy, TSA 80715, 75334 Paris Cedex "
        "07, France, www.cnil.fr.",
    ),
)
_PURPOSES_FR = {
    "P-STAT": "statistiques et enquêtes sur les utilisateurs",
    "P-SURVEY": "envoi d'enquêtes et conservation des réponses identifiées",
    "P-LOG": "journaux de connexion",
    "P-RIGHTS": "réponse aux demandes d'exercice de droits",
    "P-AUDIENCE": "mesure d'audience",
}
_BASES_FR = {
    "legitimate interest": "intérêt légitime",
    "consent": "consentement",
    "legal obligation": "obligation légale",
    "legitimate interest, results wholly anonymous": "intérêt légitime, résultats anonymes",
}
_TERMS = {
    "keep_years_after_last_use": (
        "{} ans après la dernière utilisation du site",
        "{} years after the last use of the site",
    ),
    "keep_years_after_last_contact": (
        "{} ans après le dernier contact, ou jusqu'au retrait",
        "{} years after the last contact, or until withdrawal",
    ),
    "keep_years": ("{} an(s)", "{} year(s)"),
    "keep_months": ("{} mois", "{} months"),
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc; }
h3 { font-size: 1rem; margin-bottom: .3rem; }
.en { color: #555; } .wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { border: 1px solid #ddd; padding: .25rem .5rem; text-align: left; vertical-align: top; }
th { background: #f4f4f4; }
@media print { body { margin: 0; } h2 { break-after: avoid; } .wide { overflow: visible; }
  table { font-size: .65rem; } }
"""


def information(policy: Policy) -> dict[str, Any]:
    """Purposes with basis and term from the register, and the rest of what the right of access tells, as
    plain data.
    """
    return {
        "purposes": [
            {"id": name, "title": entry["title"], "basis": entry["basis"], "term": _term(entry)[1]}
            for name, entry in policy.figure("purposes").items()
        ],
        **{english: texts[1] for _, english, *texts in _information(policy)},
    }


def rights_in_words(policy: Policy, language: str) -> list[tuple[str, str]]:
    """Headings and texts of the same in one language, `fr` or `en`."""
    place = ("fr", "en").index(language)
    return [(names[place], names[2 + place]) for names in _information(policy)]


def _information(policy: Policy) -> list[tuple[str, ...]]:
    """Headings and texts in French and English, with the figures of the register."""
    months = policy.figure("rights", "answer_within_months")
    return [tuple(text.format(months=months) for text in entry) for entry in _INFORMATION]


def page(
    tables: list[Table],
    counted: dict[str, int],
    n_statements: int,
    policy: Policy,
    as_of: date,
    is_port: bool,
) -> str:
    """The page for these tables; `counted` are places of which only the number of rows is told."""
    title = (
        ("Vos données, à emporter", "Your data, to take along") if is_port else ("Vos données", "Your data")
    )
    parts = [
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1">'
        f"<title>{title[0]} · {title[1]}</title><style>{_STYLE}</style></head><body>",
        f'<h1>{title[0]} <span class="en" lang="en">· {title[1]}</span></h1>',
        _both(f"État au {as_of:%d/%m/%Y}. Les mêmes données sont dans data.json et dans le dossier tables.",
              f"As of {as_of:%Y-%m-%d}. The same data are in data.json and in the folder tables."),
        _both(*_right(is_port)), _overview(tables, counted, n_statements),
    ]  # fmt: skip
    parts += [_section(table) for table in tables]
    parts += [_purposes(policy)] if not is_port else []
    parts += [
        f'<h2>{french} <span class="en" lang="en">· {english}</span></h2>{_both(*texts)}'
        for french, english, *texts in _information(policy)
    ]
    return "\n".join([*parts, "</body></html>", ""])


def _right(is_port: bool) -> tuple[str, str]:
    if is_port:
        return (
            "Portabilité (article 20 du RGPD) : ce que vous avez fourni, y compris par votre usage du site. "
            "learning_statements.json contient votre activité au format xAPI.",
            "Portability (GDPR article 20): what you provided, also by using the site. "
            "learning_statements.json holds your activity in the xAPI format.",
        )
    return (
        "Droit d'accès (article 15 du RGPD) : tout ce que l'entrepôt de données de l'école détient sur vous.",
        "Right of access (GDPR article 15): all that the school's data warehouse holds on you.",
    )


def _overview(tables: list[Table], counted: dict[str, int], n_statements: int) -> str:
    if not tables and not any(counted.values()):
        return _both("L'entrepôt ne détient rien sur vous.", "The warehouse holds nothing on you.")
    rows = [(table.place, len(table.rows)) for table in tables] + [
        (place, n_rows) for place, n_rows in counted.items() if n_rows
    ]
    lines = "".join(f"<tr><td>{_title(place)}</td><td>{n_rows:,}</td></tr>" for place, n_rows in rows)
    if n_statements:
        lines += (
            f'<tr><td>Activité xAPI <span class="en" lang="en">· xAPI '
            f"activity</span></td><td>{n_statements:,}</td></tr>"
        )
    note = _both(
        "Les empreintes ne disent rien d'autre que leur nombre : seule l'école peut les calculer, et elle "
        "ne peut pas les relire.",
                 "Of hashes only the number is told: only the school can make them, and it cannot read "
                 "them back.") if any(counted.values()) else ""  # fmt: skip
    return (
        f'<h2>Ce qui est détenu <span class="en" lang="en">· What is held</span></h2><table><tr><th>Quoi · '
        f"What</th><th>Lignes · Rows</th></tr>"
        f"{lines}</table>{note}"
    )


def _section(table: Table) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_shown(value)}</td>" for value in row) + "</tr>" for row in table.rows
    )
    return f'<h2>{_title(table.place)}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _purposes(policy: Policy) -> str:
    rows = ""
    for name, entry in policy.figure("purposes").items():
        french, english = _term(entry)
        rows += (
            f'<tr><td>{escape(_PURPOSES_FR.get(name, name))}<br><span class="en" '
            f'lang="en">{escape(entry["title"])}</span></td>'
            f'<td>{escape(_BASES_FR.get(entry["basis"], entry["basis"]))}<br><span class="en" '
            f'lang="en">{escape(entry["basis"])}</span></td>'
            f'<td>{french}<br><span class="en" lang="en">{english}</span></td></tr>'
        )
    return ('<h2>Pourquoi et combien de temps <span class="en" lang="en">· Why and for how long</span></h2>'
            f"<table><tr><th>Finalité · Purpose</th><th>Base légale · Basis</th><th>Durée · "
            f"Term</th></tr>{rows}</table>")  # fmt: skip


def _term(entry: dict[str, Any]) -> tuple[str, str]:
    name = next(name for name in entry if name in _TERMS)
    french, english = _TERMS[name]
    return french.format(entry[name]), english.format(entry[name])


def _title(place: str) -> str:
    french, english = TITLES.get(place, (place, place))
    return f'{escape(french)} <span class="en" lang="en">· {escape(english)}</span>'


def _both(french: str, english: str) -> str:
    return f'<p>{escape(french)}</p><p class="en" lang="en">{escape(english)}</p>'


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "oui · yes" if value else "non · no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return escape(", ".join(map(str, value)) if isinstance(value, list) else str(value))
