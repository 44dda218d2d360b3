"""`firstcontact definitions`: one data set under every definition, and where they disagree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from firstcontact.doors.cli.measure import (
    CUTOFF,
    FILES,
    FIT,
    MAPPING,
    MEMORY,
    POLICY,
    REGION,
    SINCE,
    THREADS,
    ZONE,
    chosen,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.table import Table

    from firstcontact.measurement.measures.row import DefinitionRow
    from firstcontact.services.define import Defined
    from firstcontact.services.separate import Pair


def definitions(
    files: FILES,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    fit: FIT = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Directory for the figures and the contacts; it appears whole or not at all.")
    ] = None,
    only: Annotated[
        Optional[list[str]],
        typer.Option(metavar="NAME", help="Only this preset, or several joined by commas. Repeatable."),
    ] = None,
    memory: MEMORY = None,
    threads: THREADS = None,
    force: Annotated[bool, typer.Option("--force", help="Replace earlier definitions in the directory.")] = False,
) -> None:
    """Show one data set under every definition of first contact resolution, and what separates them.

    Exit status: 0 a definition has a figure, 6 all were refused (each says why), others as documented.
    """
    from rich.console import Console

    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.kernel.result import Refusal
    from firstcontact.services.define import define

    options = chosen(policy, mapping, zone, region, cutoff, since, None, fit=fit, definitions=False, detail=False)
    names = [name.strip() for text in only or () for name in text.split(",") if name.strip()]
    destination = bootstrap.definitions_folder(out, force=force) if out else None
    if destination:
        destination.check()
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        defined = define(engine, bootstrap.connector(), files, options, names, progress)
        if destination:
            from firstcontact.services.publish_definitions import publish_definitions

            progress("writing")
            publish_definitions(engine, defined, destination)
    _say(Console(highlight=False), defined, out)
    if all(isinstance(row.result, Refusal) for row in defined.rows):
        raise typer.Exit(EXIT_REFUSED)


_KINDS_SHOWN = 3


def _say(console: Console, defined: Defined, out: Path | None) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from firstcontact.kernel.result import SIGNAL_ABSENT, Refusal

    def say(text: str, style: str = "", indent: int = 0) -> None:
        console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))

    unsupported = [row for row in defined.rows if isinstance(row.result, Refusal) and row.result.kind == SIGNAL_ABSENT]
    shown = [row for row in defined.rows if row not in unsupported]
    say(f"\n{defined.contacts:,} contacts under {len(shown)} definitions", "bold")
    if shown:
        console.print(_table(shown, defined))
        say(_legend(shown, defined), "dim")
    for finding in defined.findings:
        if finding.level == "warning":
            say(f"\nNote: {finding.text}", "yellow")
            say(f"To decide otherwise: {finding.override}" if finding.override else "", indent=6)
    if unsupported:
        say("\nWhat the data cannot support", "bold")
    for row in unsupported:
        say(f"{row.preset}: {_lacks(row)}", indent=2)
    _say_separations(say, defined)
    if out is not None:
        say(f"Each of them with every verdict: {out / 'disagreements.csv'}; every two definitions: separations.csv.")
    elif defined.pairs:
        say("To see them one by one: add --out DIR.", "dim")


def _say_separations(say: Callable[..., None], defined: Defined) -> None:
    if not defined.pairs:
        return
    say(f"\nWhat separates each from {_called(defined)} (N: not resolved at first contact, Y: resolved)", "bold")
    for pair in defined.pairs:
        if pair.one == defined.own:
            _say_pair(say, pair)
    for names in _alike(defined):
        say(f"\n{', '.join(names[:-1])} and {names[-1]} say the same of every contact here.")
    say(f"\nOn {defined.disagreeing:,} of {defined.contacts:,} contacts one definition says yes and another no.")


def _say_pair(say: Callable[..., None], pair: Pair) -> None:
    further = f"; {pair.other_only:,} more are judged by {pair.other} only" if pair.other_only else ""
    if not pair.disagree:
        say(f"{pair.other}: the same verdict on all {pair.both:,} contacts that both judge{further}", indent=2)
        return
    share = pair.disagree / pair.both
    say(
        f"{pair.other}: opposite verdicts on {pair.disagree:,} of {pair.both:,} contacts ({share:.1%}){further}",
        indent=2,
    )
    for kind in pair.kinds[:_KINDS_SHOWN]:
        say(f"{kind}", indent=4)
    rest = pair.kinds[_KINDS_SHOWN:]
    if rest:
        say(f"{sum(kind.contacts for kind in rest):,} contacts: further kinds ({len(rest)})", indent=4)


def _alike(defined: Defined) -> list[list[str]]:
    """Definitions, other than the chosen one, that cannot be told apart on these data."""
    groups: dict[str, list[str]] = {}
    for pair in defined.pairs:
        if pair.one != defined.own and pair.both and not (pair.disagree or pair.one_only or pair.other_only):
            head = next((name for name, group in groups.items() if pair.one in group), pair.one)
            group = groups.setdefault(head, [head])
            group += [name for name in (pair.one, pair.other) if name not in group]
    return list(groups.values())


def _called(defined: Defined) -> str:
    return "your own policy" if defined.own == "own" else defined.own


def _lacks(row: DefinitionRow) -> str:
    from firstcontact.kernel.result import Refusal

    return row.result.reason.rpartition("definition reads: ")[2] if isinstance(row.result, Refusal) else ""


def _table(rows: list[DefinitionRow], defined: Defined) -> Table:
    from rich.table import Table
    from rich.text import Text

    from firstcontact.kernel.result import Estimate
    from firstcontact.services.definition import suppressed

    unsettled = any(row.reading_low is not None for row in rows)
    # Eighty columns must do: names whole, numbers tight.
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("definition", no_wrap=True)
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("interval", no_wrap=True)
    if unsettled:
        table.add_column("readings", no_wrap=True)
    for heading in ("judged", "only Y", "only N"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        result = row.result
        figure, interval = "refused", result.code if not isinstance(result, Estimate) else ""
        if isinstance(result, Estimate):
            figure, interval = f"{100 * result.value:.1f}%", _span(result.low, result.high)
        cells = [row.preset, figure, interval]
        if unsettled:
            both = row.reading_low is not None and row.reading_high is not None
            cells.append(_span(row.reading_low, row.reading_high) if both else "")  # type: ignore[arg-type]
        chosen_one = row.preset == defined.own
        differs = ["chosen", ""] if chosen_one else [f"{count:,}" for count in row.differs or ()] or ["", ""]
        cells += ["", "", ""] if suppressed(row) else [f"{row.counted:,}", *differs]
        table.add_row(*(Text(cell) for cell in cells), style="bold" if chosen_one else "")
    return table


def _span(low: float, high: float) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}"


def _legend(rows: list[DefinitionRow], defined: Defined) -> str:
    own = _called(defined)
    parts = [
        f"Only Y: resolved here and not in {own}, of the contacts that both judge.",
        "Only N: the reverse.",
    ]
    if defined.fitted:
        parts.append(f"The windows of {own} are those of the saved fit; every other definition keeps its own.")
    if any(row.reading_low is not None for row in rows):
        parts += [
            "Readings: with every contact on which the definition does not say counted against it, or for it.",
            "The figure itself is over the others.",
        ]
    return " ".join(parts)
