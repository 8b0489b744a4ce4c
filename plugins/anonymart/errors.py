"""What can go wrong, and the exit code that says so (0 done, 1 fault, 2 use, 3 refused by the gate, 4 waits
for a person, 5 something asks for a person).
"""

import errno

WAITS_FOR_A_PERSON = 4  # a release for its reviewer, too; that is no fault
DISK_FULL = "The disk is full: free some space and run again; nothing was lost."


def is_disk_full(error: Exception) -> bool:
    """Whether an error says that the disk, or what its user may fill of it, is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left" in str(error)


class AnonymartError(Exception):
    """A fault: the run cannot go on. The message is one sentence and holds no personal value."""

    exit_code = 1


class OtherKey(AnonymartError):
    """A file does not open with the key at hand: it was written with another one."""


class UsageError(AnonymartError):
    """Wrong use or configuration: nothing was done."""

    exit_code = 2


class SentenceRefused(UsageError):
    """A sentence that a person typed, for others to read, is empty, too long, or may name somebody: it is to
    be typed again.
    """


class GateRefused(AnonymartError):
    """The gate said no: the candidate is not published and `current` stays as it was."""

    exit_code = 3


class OrderRefused(AnonymartError):
    """A table that was ordered would difference with what is published, or cost more than the policy
    allows.
    """

    exit_code = 3


class UnreadableRequests(UsageError):
    """A row about a right or a consent could not be read and nobody has entered or refused it yet:
    publication waits, all else is done.
    """

    exit_code = 5


class DayHeld(UsageError):
    """The day of the run may be wrong, and history would close for good: build and publication wait until a
    person confirms it, all else is done.
    """

    exit_code = WAITS_FOR_A_PERSON


class RetentionHeld(UsageError):
    """A plan of retention takes so many people, or its day is so far ahead, that it waits some days for a
    person; nothing was removed.
    """

    exit_code = WAITS_FOR_A_PERSON


class Superseded(UsageError):
    """A right came between two steps: what was built counts no longer, nothing is published, and building
    again mends it.
    """


class AttackSucceeded(AnonymartError):
    """An attack recovered from a release what nobody may recover: it must not be handed out."""

    exit_code = 3
