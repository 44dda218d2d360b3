"""`firstcontact fit`: learn how fast returns come, which of them are caused, and the window of each reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from firstcontact.doors.cli.measure import CUTOFF, FILES, MAPPING, MEMORY, POLICY, REGION, SINCE, THREADS, ZONE, chosen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from firstcontact.measurement.fit.model import ReturnModel
    from firstcontact.services.fit import Fitted


def fit(
    files: FILES,
    out: Annotated[
        Optional[Path], typer.Option(help="File to keep the fit in, for measure --fit.", metavar="FILE")
    ] = None,
    previous: Annotated[
        Optional[Path], typer.Option(help="An earlier fit.json: say what moved since.", metavar="FILE")
    ] = None,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    memory: MEMORY = None,
    threads: THREADS = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Learn from history which returns are caused and which would have come anyway, and the window of each reason.

    Exit status: 0 something was learned, 6 nothing could be (the output says why), others as documented.
    """
    from rich.console import Console

    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.measurement.fit.read import read_fit
    from firstcontact.services.fit import check_target, write_fit
    from firstcontact.services.fit import fit as learn

    options = chosen(policy, mapping, zone, region, cutoff, since, None, definitions=False, detail=False)
    earlier = read_fit(previous) if previous else None
    if out:
        check_target(out, force=force)
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        fitted = learn(engine, bootstrap.connector(), files, options, previous=earlier, progress=progress)
    if out:
        write_fit(fitted.fit, out)
    _say(Console(highlight=False), fitted, out)
    if not any(model.learned for model in fitted.fit.models):
        raise typer.Exit(EXIT_REFUSED)


def _say(console: Console, fitted: Fitted, out: Path | None) -> None:
    models = fitted.fit.models
    learned, others = [one for one in models if one.learned], [one for one in models if not one.learned]
    days = fitted.frame.whole_days
    console.print(f"\n{fitted.contacts:,} contacts, {days:,} days of complete data", style="bold")
    if learned:
        console.print(_table(learned))
        console.print(
            "caused, by chance: returns while caused ones still come. Window: by then 95 % of the caused have come.\n"
            "R-FCR: share of openers that cause no return.\n"
            "none: returns are not told apart from those that would come anyway, so that no end of them can be seen;\n"
            "R-FCR stands with its interval.\n"
            "(family): too few returns of its own; what it lacks is taken from its family of reasons.",
            style="dim",
        )
    elif not models:
        console.print("No contact opens an issue of a known customer, so there is nothing to learn from.")
    _say_unlearned(console, others)
    for movement in fitted.movements:
        if movement.kind != "same":
            console.print(movement.words, markup=False)
    if fitted.movements and all(one.kind == "same" for one in fitted.movements):
        console.print("All windows are as they were.")
    if out is not None:
        console.print(f"\nThe fit is in {out}. Use it with measure --fit.", markup=False)


def _table(models: list[ReturnModel]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("reason", overflow="fold")
    for name in ("openers", "caused", "by chance", "window, days", "R-FCR"):
        table.add_column(name, justify="right", no_wrap=True)
    for model in models:
        coincidental = model.returns_until_tau - model.caused_returns
        table.add_row(
            (model.reason or "all") + (" (family)" if model.state == "pooled" else ""),
            f"{model.openers:,}",
            f"{model.caused_returns:,.0f}",
            f"{max(coincidental, 0):,.0f}",
            _window(model),
            _share(model),
        )
    return table


def _window(model: ReturnModel) -> str:
    if model.window_days is None or model.window_low is None or model.window_high is None:
        return "none"
    return f"{model.window_days:.1f} ({model.window_low:.0f} to {model.window_high:.0f})"


def _share(model: ReturnModel) -> str:
    if model.r_fcr is None or model.r_low is None or model.r_high is None:
        return "too few to say"
    return f"{model.r_fcr:.1%} ({100 * model.r_low:.1f} to {100 * model.r_high:.1f})"


def _say_unlearned(console: Console, models: list[ReturnModel]) -> None:
    """Reasons that could not be learned, those with the same cause together."""
    from collections import defaultdict

    alike: dict[tuple[str, str], list[ReturnModel]] = defaultdict(list)
    for model in models:
        # Reasons that differ only in their counts need no sentence each.
        whole = model.cause == "history"
        alike[model.why if whole else model.cause, model.would_help if whole else ""].append(model)
    for (why, help_), group in alike.items():
        group.sort(key=lambda model: -model.openers)
        names = ", ".join(model.reason or "all" for model in group[:_NAMED])
        further = f" and {len(group) - _NAMED:,} more" if len(group) > _NAMED else ""
        first = group[0]
        console.print(f"\nUnlearned: {names}{further}", style="bold", markup=False)
        console.print(why if help_ else f"For example {first.reason or 'all'}: {first.why}", markup=False)
        console.print(f"What would change it: {help_ or first.would_help}", markup=False)


_NAMED = 8
