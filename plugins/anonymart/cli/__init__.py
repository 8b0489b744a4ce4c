"""The command `anonymart`: the same steps as the DAGs, by hand."""

from __future__ import annotations

import json
import sys

import click

from anonymart.cli import commands
from anonymart.errors import DISK_FULL, AnonymartError, is_disk_full
from anonymart.telemetry import switch_off


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 fault, 2 wrong use or configuration, 3 refused by the gate,
    4 waits for a person, 5 something asks for a person (docs/data-team.md).
    """
    switch_off()
    try:
        code = commands.anonymart(standalone_mode=False)
    except AnonymartError as error:
        _say_error(str(error), error.exit_code)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.UsageError as error:
        error.show()
        _print_error(error.format_message(), 2)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        print("Stopped; run the same command again to go on.", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if is_disk_full(error):
            _say_error(DISK_FULL, 1)
            sys.exit(1)
        _say_error(
            f"The run stopped ({error.strerror or type(error).__name__}): mend it and run again; "
            f"nothing was lost.",
            1,
        )
        sys.exit(1)
    except Exception as error:
        if is_disk_full(error):
            _say_error(DISK_FULL, 1)
            sys.exit(1)
        # The text of an unforeseen error may quote a row, so only its kind is shown.
        _say_error(
            f"The run stopped on an unforeseen {type(error).__name__} in {_where(error)}: please report it.",
            1,
        )
        sys.exit(1)
    sys.exit(code or 0)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else "no known place"


def _say_error(sentence: str, exit_code: int) -> None:
    print(f"anonymart: {sentence}", file=sys.stderr)
    _print_error(sentence, exit_code)


def _print_error(sentence: str, exit_code: int) -> None:
    if "--json" in sys.argv:
        print(json.dumps({"status": "error", "exit_code": exit_code, "error": sentence}))
