"""The gate: Great Expectations decides on the very files whether a release may be seen (S-ANON).

Great Expectations takes seconds to import, so it is imported only when the gate really runs.
"""

from anonymart.gate.report import Failure, GateReport
from anonymart.gate.run import gate

__all__ = ["Failure", "GateReport", "gate"]
