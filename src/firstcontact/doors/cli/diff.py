"""`firstcontact diff`: what moved between two runs, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.table import Table

    from firstcontact.services.attribute import Cause
    from firstcontact.services.diff import Difference, Move
    from firstcontact.services.record import Figure


def diff(
    before: Annotated[Path, typer.Argument(help="Directory of a run.", metavar="BEFORE", show_default=False)],
    after: Annotated[Path, typer.Argument(help="Directory of another run.", metavar="AFTER", show_default=False)],
    measure: Annotated[
        Optional[str], typer.Option(help="Whose slices to look at: fcr_contact. The headline's otherwise.")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many slices to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show what moved between two runs, and why: files, mapping, options, period, policy, fit or version."""
    from firstcontact import bootstrap
    from firstcontact.services.diff import diff as compare

    runs = bootstrap.run_reader().read([before, after])
    found = compare(runs[0], runs[1], measure=measure, top=top)
    if as_json:
        import json

        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
        return
    _say(found)


def _say(found: Difference) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)

    def say(text: str, style: str = "", indent: int = 0) -> None:
        console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))

    say(f"\n{_headline(found)}", "bold")
    if found.headline_before != found.headline.measure:
        say(
            f"The first run's own headline is {_title(found.headline_before)}; the second's is "
            f"{_title(found.headline.measure)}. The same measure is compared here."
        )
    say("\nWhy", "bold")
    say(found.attribution.said)
    for cause in found.attribution.causes:
        _say_cause(say, cause)
    if found.attribution.commands:
        say("\nTo tell them apart (name the files where they lie)", "bold")
        for command in found.attribution.commands:
            console.print(Text(command), soft_wrap=True)
    say("\nWhat moved", "bold")
    say(found.basis)
    console.print(_table(found.measures.shown, exact=found.exact, cells=False))
    _say_looked(say, found)
    if found.slices.shown:
        console.print(_table(found.slices.shown, exact=found.exact, cells=True))
    if any(old != new for _, old, new in found.places):
        say(f"\nWhere the contacts stand in {_title(found.headline.measure)}", "bold")
        console.print(_places(found))


_CHANGES_SHOWN = 8


def _say_cause(say: Callable[..., None], cause: Cause) -> None:
    if not cause.changes:
        say(f"{cause.title}: the same.", indent=2)
        return
    note = f" (follows from {cause.follows})" if cause.follows else ""
    say(f"{cause.title}: changed{note}.", indent=2)
    for change in cause.changes[:_CHANGES_SHOWN]:
        say(f"{change.what}: {change.before or 'not there'} -> {change.after or 'not there'}", indent=4)
    if len(cause.changes) > _CHANGES_SHOWN:
        say(f"and {len(cause.changes) - _CHANGES_SHOWN:,} more; --json lists them.", indent=4)


def _say_looked(say: Callable[..., None], found: Difference) -> None:
    from firstcontact.services.diff import FALSE_RATE

    looked = found.slices
    say(f"\nLargest moves of {_title(_sliced(found))} by slice", "bold")
    if not looked.compared:
        say("No slice has a figure in both runs.")
        return
    if found.exact:
        text = f"{looked.compared:,} slices were looked at; {looked.clear:,} moved."
    else:
        chance = (
            "all of them may be chance" if not looked.clear else f"of these, about {100 * FALSE_RATE:g} % may be chance"
        )
        text = (
            f"{looked.compared:,} slices were looked at; {looked.clear:,} moved by more than chance explains, marked * "
            f"({chance}: Benjamini-Hochberg)."
        )
    if looked.one_only:
        text += f" {looked.one_only:,} more have a figure in one run at most."
    say(text)


def _sliced(found: Difference) -> str:
    return found.slices.shown[0].measure if found.slices.shown else found.headline.measure


def _headline(found: Difference) -> str:
    move = found.headline
    title = _title(move.measure)
    if move.change is None:
        return f"{title}: {_value(move.before)} -> {_value(move.after)}."
    change = _change(move.change, move.unit)
    if found.exact:
        moved = f"{change}, exactly" if move.clear else "not moved"
    else:
        moved = f"{change} ({_span(move)})" + ("" if move.clear else ", which chance explains")
    return f"{title}: {_value(move.before)} -> {_value(move.after)}: {moved}."


def _table(moves: Sequence[Move], *, exact: bool, cells: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("slice" if cells else "measure")
    for heading in ("before", "after", "change"):
        table.add_column(heading, justify="right")
    if not exact:
        table.add_column("interval of the change")
    table.add_column("n", justify="right")
    for move in moves:
        name = f"{_called(move.by)} {' · '.join(move.cell)}" if cells else _title(move.measure)
        change = _change(move.change, move.unit) if move.change is not None else ""
        row = [name, _value(move.before), _value(move.after), change]
        if not exact:
            mark = " *" if move.clear else ""
            row.append(f"{_span(move)}{mark}" if move.change is not None else "")
        table.add_row(*(Text(cell) for cell in (*row, f"{_n(move.before)} -> {_n(move.after)}")))
    return table


def _places(found: Difference) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("place")
    for heading in ("before", "after"):
        table.add_column(heading, justify="right")
    for place, old, new in found.places:
        table.add_row(place.replace("_", " "), f"{old:,}", f"{new:,}")
    return table


def _title(measure: str) -> str:
    from firstcontact.measurement.measures.catalog import TITLES

    return TITLES.get(measure, measure)


def _called(by: str) -> str:
    """The name of a cut as a person says it.

    >>> _called("reason_1"), _called("team,week"), _called("x_region")
    ('reason', 'team, week', 'region')
    """
    names = [name.removeprefix("x_") for name in by.split(",")]
    return ", ".join("reason" if name.startswith("reason_") else name for name in names)


def _value(figure: Figure | None) -> str:
    if figure is None:
        return "not there"
    if figure.value is None:
        return f"refused ({figure.refusal})"
    if figure.unit == "share":
        return f"{100 * figure.value:.1f} %"
    return f"{figure.value:,.0f} s" if figure.unit == "seconds" else f"{figure.value:.3f}"


def _change(change: float, unit: str) -> str:
    """A change with its sign and unit.

    >>> _change(0.0123, "share"), _change(-3.2, "seconds"), _change(0.0, "score")
    ('+1.2 pp', '-3 s', '0.000')
    """
    if unit == "share":
        shown, suffix = f"{100 * change:+.1f}", " pp"
    elif unit == "seconds":
        shown, suffix = f"{change:+,.0f}", " s"
    else:
        shown, suffix = f"{change:+.3f}", ""
    return (shown if any(digit in shown for digit in "123456789") else shown[1:]) + suffix


def _span(move: Move) -> str:
    if move.low is None or move.high is None:
        return ""
    return f"{_change(move.low, move.unit).split(' ')[0]} to {_change(move.high, move.unit)}"


def _n(figure: Figure | None) -> str:
    return f"{figure.n:,}" if figure is not None else "-"
