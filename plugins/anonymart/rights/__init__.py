"""Requests to exercise a right: what state each is in, and until when it must be answered (P-RIGHTS)."""

from anonymart.rights.requests import Request, count, find, list_requests, load_states, prove_identity, refuse
from anonymart.rights.submit import Asked, submit
from anonymart.rights.unreadable import refuse_any

__all__ = [
    "Asked",
    "Request",
    "count",
    "find",
    "list_requests",
    "load_states",
    "prove_identity",
    "refuse",
    "refuse_any",
    "submit",
]
