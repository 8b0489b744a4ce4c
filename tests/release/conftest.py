"""the schools of the gate's tests serve the release's too."""

from tests.gate.conftest import school, sound, without_attack, without_drill, without_great_expectations  # noqa: F401
