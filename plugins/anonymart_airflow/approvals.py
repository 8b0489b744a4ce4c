"""The request to the reviewers that Airflow keeps, and what becomes of their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anonymart.errors import UsageError
from anonymart.lock import Busy, reading
from anonymart.session import Session
from anonymart_airflow.names import ANSWERS, APPROVE, reviewers

if TYPE_CHECKING:
    from anonymart.release import Waiting

VIA = "Airflow's request to the reviewer"
_AGAIN = "nothing was decided: clear the task `ask` and let a reviewer answer again"


def waiting(session: Session) -> Waiting | None:
    """The candidate that waits, looked up without disturbing a writer. Raises Busy while one writes."""
    from anonymart.release import approval

    with reading(session.home):
        return approval.waiting(session)


def is_waiting(session: Session, request: dict[str, str]) -> bool:
    """Whether the candidate of the request still waits, or one that was built again after a right and shows
    the same; the caller holds the home's lock.
    """
    from anonymart.release import approval

    return approval.shows_the_same(session, request["release_id"], request["candidate_sha256"]) is not None


def body(waits: Waiting) -> str:
    """Why the candidate waits and what changed, as Markdown: names of marts, columns and entries of the
    register, and counts.
    """
    from anonymart.release.privacy_report import read_privacy_report

    changed = read_privacy_report(waits.candidate.folder).get("changes") or {}
    lines = [f"- {sentence}" for sentence in waits.because]
    lines += ["", "What changed:", *(f"- {line}" for line in _changes(changed))]
    lines += [
        "",
        "Read the report on the page Privacy before you answer.",
        f"Hash of the candidate: `{waits.candidate_sha256}`",
    ]
    return "\n".join(lines)


def decide(session: Session, request: dict[str, str], answer: dict[str, Any]) -> str:
    """Approve or refuse as answered; the caller holds the home's lock. Raises UsageError when it may not
    be.
    """
    from anonymart import run
    from anonymart.release import answer as answering
    from anonymart.release.approval import Reviewer

    name = _name_of(answer.get("responded_by_user") or {})
    if name is None:
        raise UsageError(f"Whoever answered is no reviewer (ANONYMART_REVIEWERS); {_AGAIN}.")
    reason = str((answer.get("params_input") or {}).get("reason") or "").strip()
    chosen = answer.get("chosen_options") or []
    if not reason or len(chosen) != 1 or chosen[0] not in ANSWERS:
        raise UsageError(f"The answer gives no reason; {_AGAIN}.")
    release_id, candidate = request["release_id"], request["candidate_sha256"]
    reviewer = Reviewer(name, reason, VIA)
    if chosen == [APPROVE]:
        return run.approve(session, release_id, reviewer, candidate).release_id
    answering.refuse_waiting(session, release_id, reviewer, candidate)
    return release_id


def was_carried_out(session: Session, request: dict[str, str], answer: dict[str, Any]) -> bool:
    """Whether this very answer to this very candidate is in the ledger already, from a try that was
    killed.
    """
    from anonymart.release import approval

    reason, name = (
        str((answer.get("params_input") or {}).get("reason") or "").strip(),
        _name_of(answer.get("responded_by_user") or {}),
    )
    state = approval.APPROVED if answer.get("chosen_options") == [APPROVE] else approval.REFUSED
    return any(
        (entry["release_id"], entry["candidate_sha256"], entry["state"], entry["actor"], entry["reason"])
        == (request["release_id"], request["candidate_sha256"], state, name, reason)
        for entry in approval.decisions(session)
    )


def unfit_names(session: Session) -> list[str]:
    """The ids of reviewers under whose name the audit log takes no entry, since a learner may have it; none
    as long as there is no vault, or a run writes into it.
    """
    from anonymart import audit

    found = []
    for user_id, name in reviewers().items() if session.home.vault.exists() else ():
        try:
            with reading(session.home), session.connect(vault="ro") as connection:
                audit.who(connection, name)
        except Busy:
            return []
        except UsageError:
            found.append(user_id)
    return found


def _name_of(responder: dict[str, Any]) -> str | None:
    """The name that ANONYMART_REVIEWERS gives the user, None for somebody else: a login may be a person's
    name, and this one is the school's choice.
    """
    return reviewers().get(str(responder.get("id")))


def _changes(changed: dict[str, Any]) -> list[str]:
    if changed.get("since") is None:
        return [
            f"everything: this is the first release that stands ({changed.get('figures_frozen', 0):,} "
            f"figures)"
        ]
    lines = [
        f"since release {changed['since']}: {changed['figures_frozen']:,} figures are new, "
        f"{changed['figures_carried']:,} are carried"
    ]
    lines += [
        f"{words}: {', '.join(changed[name])}"
        for name, words in (("marts_added", "marts that came"), ("marts_gone", "marts that went"))
        if changed[name]
    ]
    for name, words in (("columns_added", "came"), ("columns_gone", "went")):
        lines += [
            f"columns of {mart} that {words}: {', '.join(columns)}" for mart, columns in changed[name].items()
        ]
    lines += [f"policy {name}: from {old} to {new}" for name, (old, new) in (changed["policy"] or {}).items()]
    return lines + [
        f"suppressed share of {mart}: from {100 * old:.1f} % to {100 * new:.1f} %"
        for mart, (old, new) in changed["suppressed_share"].items()
        if old != new
    ]
