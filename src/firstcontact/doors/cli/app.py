"""`firstcontact`: finds the command, runs it, and turns what went wrong into words and an exit code.

A command is a file beside this one with a function of its name. It imports what it needs when it runs, so that `--help`
answers at once.
"""

from __future__ import annotations

import sys

import typer

from firstcontact.doors.cli.inspect import inspect
from firstcontact.doors.cli.measure import measure
from firstcontact.doors.cli.simulate import simulate
from firstcontact.kernel.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, INTERNAL, FirstcontactError

app = typer.Typer(
    name="firstcontact",
    help="First Contact Resolution, measured honestly from the records a centre already has.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(measure)
app.command()(inspect)
app.command()(simulate)


def main() -> None:
    """Entry point of the `firstcontact` program."""
    try:
        app(standalone_mode=True)
    except FirstcontactError as error:
        _say_faults(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Interrupted. Nothing was left half-written.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:  # the last resort: an engine's own message may quote a customer's row
        print(f"{INTERNAL.code} {INTERNAL.title}: {type(error).__name__}.", file=sys.stderr)
        print("Run again with FIRSTCONTACT_TRACEBACK=1 to see where; that text may hold your data.", file=sys.stderr)
        sys.exit(EXIT_INTERNAL)


@app.callback()
def firstcontact() -> None:
    """First Contact Resolution, measured honestly from the records a centre already has."""


def _say_faults(error: FirstcontactError) -> None:
    for fault in error.faults:
        print(fault, file=sys.stderr)
