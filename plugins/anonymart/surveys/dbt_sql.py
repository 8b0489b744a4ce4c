"""SQL of dbt's own macros for DuckDB, rendered without dbt: what is told before a build is told by the
build's definition.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, StrictUndefined

from anonymart import config
from anonymart.home import PROJECT
from anonymart.policy import load_policy

MACROS = PROJECT / "dbt_project" / "macros"
_FILES = ("engine/texts.sql", "engine/dates.sql", "salary.sql", "job_family.sql")


def render(macro: str, *arguments: str) -> str:
    """What `{{ macro(arguments) }}` gives in a model that runs on DuckDB."""
    return str(getattr(_module(), macro)(*arguments))


@config.kept
def _module() -> Any:
    policy = load_policy()
    found: dict[str, Any] = {}

    def dispatch(name: str, _: str) -> Any:
        return getattr(found["module"], f"duckdb__{name}")

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.globals |= {
        "adapter": SimpleNamespace(dispatch=dispatch),
        "return": lambda value: value,
        "policy": policy.figure,
    }
    texts = "\n".join((MACROS / name).read_text(encoding="utf-8") for name in _FILES)
    found["module"] = environment.from_string(texts).module
    return found["module"]
