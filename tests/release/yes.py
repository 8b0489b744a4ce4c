"""A reviewer who says yes at once, for tests that are not about her."""

from functools import partial

from anonymart.release import publish as _publish
from anonymart.release.approval import Reviewer

REVIEWER = Reviewer("reviewer", "Read in full")
publish = partial(_publish, reviewer=REVIEWER)
