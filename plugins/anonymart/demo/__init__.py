"""A fictional school: everything that the sources would deliver, and the truth about what was planted in
it.
"""

from datetime import date

DEMO_LEARNERS = 20_000
DEMO_SEED = 42
DEMO_AS_OF = date(2026, 6, 30)
