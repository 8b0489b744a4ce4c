"""The roles of an account that a register may tell: learner, staff or test, in the words of schools and
platforms, English and French.
"""

from __future__ import annotations

from anonymart.engine import literal

# Words by which platforms and schools call the roles of an account, folded: small letters, no accents, one
# blank between words.
_WORDS = {
    "learner": (
        "learner student pupil trainee apprentice participant member user subscriber customer "
        "apprenant apprenante etudiant etudiante eleve stagiaire alternant alternante apprenti "
        "apprentie adherent utilisateur utilisatrice"
    ),
    "staff": (
        "staff employee personnel personnels employe employee equipe team instructor instructors "
        "teacher teachers editingteacher trainer tutor "
        "mentor coach lecturer professor faculty author creator coursecreator manager admin "
        "administrator superuser moderator support assistant "
        "enseignant enseignante formateur formatrice professeur prof tuteur tutrice intervenant "
        "intervenante encadrant encadrante "
        "administrateur administratrice gestionnaire responsable moderateur moderatrice auteur autrice "
        "concepteur conceptrice pedagogie"
    ),
    "test": "test tests tester testeur testeuse demo bot robot system systeme service fictif fictive guest "
    "invite invitee anonymous sandbox beta",
}


def role(text: str) -> str:
    """SQL: test, staff or learner of a role in words; the strictest where several words say different things,
    NULL where none is known.
    """
    words = f"string_split(trim(regexp_replace(lower(strip_accents({text})), '[^a-z0-9]+', ' ', 'g')), ' ')"
    found = " ".join(
        f"WHEN list_has_any({words}, [{_listed(name)}]) THEN {literal(name)}"
        for name in ("test", "staff", "learner")
    )
    return f"CASE {found} END"


def _listed(name: str) -> str:
    return ", ".join(literal(word) for word in _WORDS[name].split())
