"""`firstcontact plan`: how many reviews, and how long to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from firstcontact.doors.cli.measure import CUTOFF, FILES, MAPPING, MEMORY, POLICY, REGION, SINCE, THREADS, ZONE, chosen

if TYPE_CHECKING:
    from rich.console import Console

    from firstcontact.services.plan import Planned

_SHOWN = 12


def plan(
    files: FILES,
    difference: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Smallest change of R-FCR worth seeing: 0.03 is 3 points.")
    ] = 0.03,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    memory: MEMORY = None,
    threads: THREADS = None,
) -> None:
    """Say how many reviews a wanted precision takes, and how long a change must run before it can be judged.

    Exit status: 0 a plan could be made, 6 nothing could be said (the output says why), others as documented.
    """
    from rich.console import Console

    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.services.plan import plan as make

    options = chosen(policy, mapping, zone, region, cutoff, since, None, definitions=False, detail=False)
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        planned = make(engine, bootstrap.connector(), files, options, difference=difference, progress=progress)
    console = Console(highlight=False)
    _say_labels(console, planned)
    _say_waits(console, planned)
    if planned.score is None and not planned.waits:
        raise typer.Exit(EXIT_REFUSED)


def _say_labels(console: Console, planned: Planned) -> None:
    from rich.table import Table

    from firstcontact.services.plan import LEAST_KNOWN, LEAST_LABELS

    console.print("\nReviews for T-FCR (truly resolved at first contact)", style="bold")
    score = planned.score
    if score is None:
        console.print("No contact is judged and old enough, so there is nothing to draw reviews from.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("wanted interval", "reviews", *(["with the score"] if score.labels else [])):
        table.add_column(name, justify="right", no_wrap=True)
    for budget in planned.budgets:
        needed = (budget.alone, *([budget.with_score] if score.labels else []))
        table.add_row(f"± {100 * budget.half_width:g} points", *(_reviews(one) for one in needed))
    console.print(table)
    if score.labels:
        known = (
            f"About {score.share:.0%} resolved; the score explains {score.explained:.0%} of what reviewers find, as "
            f"seen on {score.labels:,} reviews at hand."
        )
    else:
        known = (
            f"This is the worst case, half of the contacts resolved and no help from the score: fewer than "
            f"{LEAST_KNOWN} reviews are at hand, so nothing tells yet how many were resolved. Once there are "
            f"{LEAST_KNOWN}, plan again: it may take fewer."
        )
    console.print(
        f"{known} Draw reviews at random with a recorded probability; at least {LEAST_LABELS} for each cell to be "
        "shown.",
        style="dim",
    )
    if planned.cells:
        slow = [(LEAST_LABELS / weekly, name) for name, weekly in planned.cells if weekly > 0]
        most, name = max(slow)
        console.print(
            f"By team, that is {LEAST_LABELS * len(planned.cells):,} reviews for {len(planned.cells)} teams; "
            f"{name}, the smallest, judges {LEAST_LABELS} contacts in {most:.1f} weeks.",
            markup=False,
        )


def _reviews(needed: int | None) -> str:
    return "more than there are contacts" if needed is None else f"{needed:,}"


def _say_waits(console: Console, planned: Planned) -> None:
    from rich.table import Table

    console.print(
        f"\nHow long until a change of {100 * planned.difference:g} points can be judged, by reason", style="bold"
    )
    if planned.waits:
        table = Table(box=None, pad_edge=False)
        table.add_column("reason", overflow="fold")
        for name in ("openers a week", "R-FCR", "window up to", "openers a side", "days to wait"):
            table.add_column(name, justify="right", no_wrap=True)
        for one in planned.waits:
            table.add_row(
                one.reason or "all",
                f"{one.weekly:,.0f}",
                f"{one.share:.1%}",
                f"{one.window_days:.0f}",
                f"{one.contacts:,}",
                "too few contacts" if one.days is None else f"{one.days:,}",
            )
        console.print(table)
        console.print(
            "Days to wait: from the end of the roll-out until enough openers have come and their returns with them, to "
            "see the change four times in five. A week's figure is final once the window has passed. Windows are the "
            "upper ends of their intervals, in days: what `firstcontact fit` shows is the middle.",
            style="dim",
        )
    if planned.unlearned:
        names = ", ".join(model.reason or "all" for model in planned.unlearned[:_SHOWN])
        further = f" and {len(planned.unlearned) - _SHOWN:,} more" if len(planned.unlearned) > _SHOWN else ""
        first = planned.unlearned[0]
        console.print(f"No waiting time is known of: {names}{further}. {first.why}", markup=False)
        if first.would_help:
            console.print(f"What would change it: {first.would_help}", markup=False)
