"""`firstcontact inspect`: what a file holds, and how it would be understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from firstcontact.contacts.inspection import Inspection


def inspect(
    files: Annotated[list[Path], typer.Argument(help="Files or directories.", metavar="FILE...", show_default=False)],
    write_mapping: Annotated[
        Optional[Path], typer.Option("--write-mapping", help="Write the mapping as TOML, to be corrected.")
    ] = None,
    mapping: Annotated[Optional[Path], typer.Option(help="Try this mapping instead of guessing one.")] = None,
    zone: Annotated[Optional[str], typer.Option(help="Zone of local times, for example Europe/Sofia.")] = None,
    extra: Annotated[
        Optional[list[str]], typer.Option("--extra", metavar="COLUMN", help="Keep a further column; may be repeated.")
    ] = None,
    show_values: Annotated[bool, typer.Option("--show-values", help="Show values, not patterns of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing mapping file.")] = False,
) -> None:
    """Show how a file would be understood: columns, dates, missing values, and what each guess rests on."""
    from rich.console import Console

    from firstcontact import bootstrap
    from firstcontact.kernel.errors import FirstcontactError
    from firstcontact.services.inspect import inspect as run

    console = Console(highlight=False)
    with bootstrap.engine() as engine, Console(stderr=True).status("reading files") as status:
        found = run(
            bootstrap.inspector(), engine, files, mapping, zone=zone, extra=extra or (), show_values=show_values,
            write_mapping=write_mapping, force=force, progress=status.update,
        )  # fmt: skip
    _show(console, found)
    if write_mapping is not None:
        console.print(f"\nThe mapping is in {write_mapping}. Correct it and use it with --mapping.", markup=False)
    if found.faults:
        raise FirstcontactError(found.faults)


_KINDS = {
    "contact": "One row is one contact.",
    "ticket": "One row is one ticket: opened is its start, resolved (else closed) its end.",
    "ticket-update": "One row is one update of a ticket: the last state is the contact, the others tell its history.",
}


def _show(console: Console, found: Inspection) -> None:
    from rich.table import Table
    from rich.text import Text

    for file in found.files:
        facts = ", ".join(f"{key} {value}" for key, value in file.facts.items())
        console.print(Text(f"{file.name}: {file.rows:,} rows; {facts}"))
    console.print(Text(_KINDS[found.kind] + f" Local times are understood in {found.zone}."))
    table = Table(title="What is read from where", title_justify="left", expand=False, pad_edge=False)
    for heading in ("column", "from", "sure", "rests on", "looks like"):
        table.add_column(heading, overflow="fold")
    for column in found.columns:
        table.add_row(
            Text(column.ours), Text(column.source), Text(f"{column.confidence:.0%}"), Text(column.rests_on),
            Text("\n".join(column.samples)),
        )  # fmt: skip
    console.print(table)
    if found.unused:
        rest = Table(title="Not used", title_justify="left", pad_edge=False)
        for heading in ("column", "filled", "values in the sample", "looks like"):
            rest.add_column(heading, overflow="fold")
        for unused in found.unused:
            rest.add_row(
                Text(unused.name),
                Text(f"{unused.filled:.0%}"),
                Text(f"{unused.distinct:,}"),
                Text(", ".join(unused.samples)),
            )
        console.print(rest)
    for token in found.missing if found.ledger is None else ():  # else a finding says it
        shown = f'"{token.token}"' if token.token else "an empty value"
        console.print(Text(f"Missing: {shown} occurs {token.count:,} times in {', '.join(token.columns)}."))
    for finding in found.findings:
        style = "yellow" if finding.level == "warning" else ""
        lead = "Warning: " if finding.level == "warning" else ""
        console.print(Text(f"{lead}{finding.text}", style=style))
        for note in (finding.rests_on, f"To decide otherwise: {finding.override}" if finding.override else ""):
            if note:
                console.print(Text(f"    {note}", style="dim"))
    if found.ledger is not None:
        ledger = found.ledger
        parts = [f"{ledger.contacts:,} contacts"]
        parts += [f"{n:,} absorbed ({cause})" for cause, n in ledger.absorbed.items()]
        parts += [f"{n:,} set aside ({code})" for code, n in ledger.quarantined.items()]
        console.print(Text(f"{ledger.read:,} rows = {' + '.join(parts)}."))
