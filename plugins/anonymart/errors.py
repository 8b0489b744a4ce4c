"""What can go wrong, and the exit code that says so (0 done, 1 fault, 2 use, 3 refused by the gate, 4 waits for the reviewer)."""


class AnonymartError(Exception):
    """A fault: the run cannot go on. The message is one sentence and holds no personal value."""

    exit_code = 1


class UsageError(AnonymartError):
    """Wrong use or configuration: nothing was done."""

    exit_code = 2


class GateRefused(AnonymartError):
    """The gate said no: the candidate is not published and `current` stays as it was."""

    exit_code = 3


class ApprovalNeeded(AnonymartError):
    """The gate said yes and the release changed beyond the policy's limits: it waits for the reviewer, `current` stays as it was."""

    exit_code = 4


class AttackSucceeded(AnonymartError):
    """An attack recovered from a release what nobody may recover: it must not be handed out."""

    exit_code = 3
