"""`firstcontact`: finds the command, runs it, and turns what went wrong into words and an exit code.

A command is a file beside this one with a function of its name. It imports what it needs when it runs, so that `--help`
answers at once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

import typer

from firstcontact.doors.cli import failure
from firstcontact.doors.cli.account import account
from firstcontact.doors.cli.audit import audit
from firstcontact.doors.cli.backup import backup, restore
from firstcontact.doors.cli.change import change
from firstcontact.doors.cli.compare import compare
from firstcontact.doors.cli.definitions import definitions
from firstcontact.doors.cli.diff import diff
from firstcontact.doors.cli.doctor import doctor
from firstcontact.doors.cli.fit import fit
from firstcontact.doors.cli.inspect import inspect
from firstcontact.doors.cli.measure import measure
from firstcontact.doors.cli.plan import plan
from firstcontact.doors.cli.policy import policy
from firstcontact.doors.cli.prove import prove
from firstcontact.doors.cli.report import report
from firstcontact.doors.cli.serve import serve
from firstcontact.doors.cli.simulate import simulate
from firstcontact.doors.cli.upload import upload
from firstcontact.doors.cli.worker import worker
from firstcontact.kernel.errors import EXIT_INTERNAL

app = typer.Typer(
    name="firstcontact",
    cls=failure.Told,
    help="First Contact Resolution, measured honestly from the records a centre already has.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(measure)
app.command()(inspect)
app.command()(report)
app.command()(fit)
app.command()(definitions)
app.command()(diff)
app.command()(change)
app.command()(compare)
app.command()(plan)
app.command()(simulate)
app.command()(prove)
app.command()(serve)
app.command()(worker)
app.command()(upload)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.add_typer(policy, name="policy")
app.add_typer(audit, name="audit")
app.add_typer(account, name="account")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the `firstcontact` program.

    Args:
        arguments: What was typed after the program's name; from the process where None.

    Raises:
        SystemExit: Always, with a code of `kernel.errors.EXIT_CODES`.
    """
    failure.prepare_streams()
    # A command ends soon; looking for garbage among expressions as often as usual takes a tenth of its time.
    gc.set_threshold(50_000, 20, 20)
    with failure.interruptible():
        try:
            app(args=arguments, prog_name="firstcontact", standalone_mode=True)
        except SystemExit:
            failure.say_interrupted()
            raise
        except Exception as error:  # even help can meet a full disk
            sys.exit(getattr(failure.ended(error), "exit_code", EXIT_INTERNAL))


@app.callback()
def firstcontact() -> None:
    """First Contact Resolution, measured honestly from the records a centre already has."""
