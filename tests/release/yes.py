"""A reviewer who says yes at once, for tests that are not about her; and candidates by their folders, which
tests open.
"""

from pathlib import Path

from anonymart import release
from anonymart.release import Candidate, Published, Waiting
from anonymart.release.approval import Reviewer
from anonymart.session import Session

REVIEWER = Reviewer("reviewer", "Read in full")


def make_candidate(session: Session) -> Path:
    """The folder of a new candidate."""
    return release.make_candidate(session).folder


def publish(session: Session, folder: Path, reviewer: Reviewer | None = REVIEWER) -> str | None:
    """The id of the release that the folder of a candidate became; None without anything new."""
    outcome = release.publish(session, Candidate.named(session.home, folder.name), reviewer=reviewer)
    assert not isinstance(outcome, Waiting)
    return outcome.release_id if isinstance(outcome, Published) else None


def ask(session: Session, folder: Path) -> Waiting:
    """What waits for the reviewer, where nobody said yes."""
    outcome = release.publish(session, Candidate.named(session.home, folder.name))
    assert isinstance(outcome, Waiting), outcome
    return outcome
