"""What a task tells while it works: records of the level INFO. Airflow writes what a task prints on standard
error as errors.
"""

from __future__ import annotations

import logging

from anonymart.progress import Progress

_LOG = logging.getLogger("anonymart")


class TaskProgress(Progress):
    """Progress that goes to the task's log."""

    def say(self, text: str) -> None:
        """Log one line."""
        if not self.quiet:
            _LOG.info(text)
