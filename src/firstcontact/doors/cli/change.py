"""`firstcontact change`: what a change did, or until when nothing can be said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from firstcontact.doors.cli.measure import CUTOFF, FILES, MAPPING, MEMORY, POLICY, REGION, SINCE, THREADS, ZONE, chosen

if TYPE_CHECKING:
    from firstcontact.measurement.explain.change_effect import Verdict
    from firstcontact.services.verify_change import Verified

_DAY = ["%Y-%m-%d"]


def change(
    files: FILES,
    reason: Annotated[
        str, typer.Option(help="The reason it was made for; a path stands for everything below it.", show_default=False)
    ],
    date: Annotated[datetime, typer.Option(help="Its first day.", formats=_DAY, show_default=False)],
    until: Annotated[
        Optional[datetime], typer.Option(help="Last day of the roll-out; the first day otherwise.", formats=_DAY)
    ] = None,
    control: Annotated[
        Optional[list[str]],
        typer.Option(metavar="REASON", help="Compare with this reason; all others otherwise. Repeatable."),
    ] = None,
    where: Annotated[
        Optional[str],
        typer.Option(metavar="COLUMN=VALUE", help="It reached only these: team=north. Other values are the controls."),
    ] = None,
    smallest: Annotated[
        float, typer.Option(min=0.1, max=50, help="Smallest effect worth knowing, in percentage points.")
    ] = 3.0,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    memory: MEMORY = None,
    threads: THREADS = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON, a row a week.")] = False,
) -> None:
    """Verify a change: too early, too wide to say, no effect larger than so much, or an effect of so much.

    Exit status: 0 a verdict was found, 6 it was refused (the output says why and until when), others as documented.
    """
    from dataclasses import replace

    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.clock import now
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.kernel.result import Refusal
    from firstcontact.kernel.settings import VERSION
    from firstcontact.services.change import Change
    from firstcontact.services.measure import measure
    from firstcontact.services.verify_change import verify_change

    column, _, value = (where or "").partition("=")
    if where and not (column and value):
        raise typer.BadParameter("takes a column and a value: team=north", param_hint="--where")
    by = [column.strip()] if where else None
    options = chosen(policy, mapping, zone, region, cutoff, since, by, definitions=False, detail=False)
    options = replace(options, explanations=False)
    asked = Change(
        reason,
        date.date(),
        until.date() if until else None,
        tuple(control or ()),
        (column.strip(), value.strip()) if where else None,
        smallest / 100,
    )
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        measured = measure(engine, bootstrap.connector(), files, options, now=now, version=VERSION, progress=progress)
        progress("judging the change")
        found = verify_change(engine, measured, asked)
    if as_json:
        import json

        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        _say(found)
    if isinstance(found.result, Refusal):
        raise typer.Exit(EXIT_REFUSED)


def _say(found: Verified) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)

    def say(text: str, style: str = "", indent: int = 0) -> None:
        console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))

    one = found.verdict
    say(f"\n{one.said}", "bold")
    say(f"{found.change.reason}, from {found.change.began}: share of {found.words}, beside {_controls(one)}.")
    planned = one.plan
    if planned.read_out is not None:
        say(
            f"Read-out {planned.read_out}: {planned.weeks} weeks for {planned.contacts:,} contacts, then "
            f"{planned.window_days:g} days in which customers come back."
        )
    say(f"Weeks before: {int((~one.after).sum())}; mature weeks after: {int(one.after.sum())}.")
    if one.placebo is not None:
        second = one.placebo
        say(f"Second opinion, by how much controls moved: {100 * second.size:+.1f} points, p {second.p:.2f}.")
    if one.word == "early" and len(one.sequence[0]):
        value, low, high = (100 * float(part[-1]) for part in one.sequence)
        say(f"So far {value:+.1f} ({low:+.1f} to {high:+.1f}) points: an interval to look at every week, no verdict.")
    if found.family is not None:
        say(f"All of the family together: {found.family.said}")
    if one.warnings:
        say("\nBefore you believe it", "bold")
        for warning in one.warnings:
            say(f"- {warning}", indent=2)


def _controls(one: Verdict) -> str:
    names = one.series.names[1:]
    if not names:
        return "nothing else"
    shown = ", ".join(names[:4])
    return f"{len(names)} controls ({shown}{', …' if len(names) > 4 else ''})"
