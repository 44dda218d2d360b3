"""`firstcontact compare`: two teams or sites on the same mix of work, or why they cannot be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from firstcontact.doors.cli.measure import CUTOFF, FILES, MAPPING, MEMORY, POLICY, REGION, SINCE, THREADS, ZONE, chosen

if TYPE_CHECKING:
    from firstcontact.services.compare_cells import TwoCells


def compare(
    files: FILES,
    by: Annotated[str, typer.Option(metavar="COLUMN", help="The column that holds both: team.", show_default=False)],
    cells: Annotated[
        str, typer.Option(metavar="A,B", help="Two of its values, joined by a comma.", show_default=False)
    ],
    alike: Annotated[
        bool,
        typer.Option("--assume-alike", help="You vouch that customers of both give up equally often."),
    ] = False,
    other: Annotated[
        bool, typer.Option("--other-organisation", help="One of them is another organisation: always refused.")
    ] = False,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    memory: MEMORY = None,
    threads: THREADS = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Compare two teams, sites or groups on the same mix of reasons and channels, or say why that would mislead.

    Exit status: 0 they were compared, 6 the comparison was refused (the output says why), others as documented.
    """
    from dataclasses import replace

    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.clock import now
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.kernel.result import Refusal
    from firstcontact.kernel.settings import VERSION
    from firstcontact.services.compare_cells import check_column, compare_cells
    from firstcontact.services.measure import measure

    two = tuple(part.strip() for part in cells.split(","))
    if len(two) != 2 or not all(two):
        raise typer.BadParameter("takes two values joined by a comma: north,south", param_hint="--cells")
    check_column(by)
    options = chosen(policy, mapping, zone, region, cutoff, since, [by], definitions=False, detail=False)
    options = replace(options, explanations=False)
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        measured = measure(engine, bootstrap.connector(), files, options, now=now, version=VERSION, progress=progress)
        progress("comparing")
        found = compare_cells(engine, measured, by, (two[0], two[1]), alike=alike, same_organisation=not other)
    if as_json:
        import json

        print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    else:
        _say(found)
    if isinstance(found.result, Refusal):
        raise typer.Exit(EXIT_REFUSED)


def _say(found: TwoCells) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from firstcontact.kernel.result import Estimate

    console = Console(highlight=False)

    def say(text: str, style: str = "", indent: int = 0) -> None:
        console.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))

    result, one = found.result, found.compared
    first, second = found.cells
    if isinstance(result, Estimate):
        value, low, high = (100 * part for part in (result.value, result.low, result.high))
        clear = "" if low > 0 or high < 0 else ", which chance explains"
        say(f"\n{first} beside {second}: {value:+.1f} percentage points ({low:+.1f} to {high:+.1f}){clear}.", "bold")
        say(f"{result.estimand}; {one.n:,} contacts.")
    else:
        say(f"\n{first} and {second} are not compared:", "bold")
        for reason in one.against:
            say(f"- {reason}", indent=2)
        say(result.would_help)
    if one.standardised is not None:
        mix = one.standardised
        say(
            f"{100 * mix.support:.0f} % of the contacts are for reasons and channels that both have; the mixes overlap "
            f"by {100 * mix.overlap:.0f} %."
        )
