"""The sources by name, in the order in which one run loads them. This module imports nothing, so that a DAG
file reads it at once.
"""

from __future__ import annotations

# Who people are and what they allow comes before what they did.
SOURCES = (
    "catalogue",
    "learners",
    "consents",
    "rights",
    "enrolments",
    "learning",
    "connections",
    "nps",
    "salary",
    "audience",
)
