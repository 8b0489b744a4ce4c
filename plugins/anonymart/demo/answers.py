"""An answer of a fictional learner, as the samples of every survey tool tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

SITE = "https://campus.anonymart.example"


@dataclass(frozen=True)
class Answer:
    """One answer of a fictional learner: number from 1, moment in UTC, score from 0 to 10."""

    tool: str
    number: int
    moment: datetime
    score: int
    comment: str

    @property
    def learner_id(self) -> str:
        return f"learner-{self.number:06d}"

    @property
    def email(self) -> str:
        return f"person{self.number}@mail.example"

    @property
    def uuid(self) -> str:
        """An id that no other tool's sample has."""
        return str(uuid5(NAMESPACE_URL, f"{SITE}/{self.tool}/{self.number}"))

    def at(self, form: str, hours: int = 0) -> str:
        return (self.moment + timedelta(hours=hours)).strftime(form)
