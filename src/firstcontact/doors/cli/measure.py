"""`firstcontact measure`: from files to a report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from firstcontact.services.prepare import Options

FILES = Annotated[list[Path], typer.Argument(help="Export files, or a directory of them.", metavar="FILE...")]
MAPPING = Annotated[Optional[Path], typer.Option(help="Mapping file, as `inspect --write-mapping` makes it.")]
ZONE = Annotated[Optional[str], typer.Option(help="Zone of local times and of business days: Europe/Sofia.")]
REGION = Annotated[Optional[str], typer.Option(help="Country of national telephone numbers: IL.")]
CUTOFF = Annotated[
    Optional[datetime],
    typer.Option(
        help="The data are complete until then; found from their volume otherwise.",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"],
    ),
]
SINCE = Annotated[
    Optional[datetime],
    typer.Option(
        help="Judge contacts from then on; earlier ones are history.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
    ),
]
MEMORY = Annotated[Optional[str], typer.Option(help="Memory of the engine: 1GB; else 3GB. The rest goes to disk.")]
THREADS = Annotated[Optional[int], typer.Option(min=1, max=256, help="Threads the engine may use.")]
FIT = Annotated[
    Optional[Path], typer.Option(help="Use the windows of an earlier run again: its fit.json.", metavar="FILE")
]
AUDIT = Annotated[
    Optional[Path],
    typer.Option(help="Correct R-FCR by a filled audit of these files: its directory.", metavar="AUDIT"),
]
POLICY = Annotated[str, typer.Option(help="Policy file, or the name of a preset.")]


def measure(
    files: FILES,
    out: Annotated[Path, typer.Option(help="Directory to write; it appears whole or not at all.")] = Path(
        "firstcontact-run"
    ),
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    fit: FIT = None,
    audit: AUDIT = None,
    by: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="SLICE", help="Cut figures further: reason_2, team,week or a column of yours. Repeatable."
        ),
    ] = None,
    definitions: Annotated[bool, typer.Option(help="Apply every known definition side by side.")] = True,
    contacts: Annotated[bool, typer.Option(help="Write contacts.parquet and issues.parquet.")] = True,
    identifiers: Annotated[
        bool, typer.Option("--identifiers", help="Name customers by their identifier instead of a pseudonym.")
    ] = False,
    language: Annotated[str, typer.Option(help="Language of the report.")] = "en",
    memory: MEMORY = None,
    threads: THREADS = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run in the directory.")] = False,
) -> None:
    """Measure first contact resolution from export files, and write a report.

    Exit status: 0 a figure was found, 6 the figure was refused (the report says why), others as documented.
    """
    from firstcontact import bootstrap
    from firstcontact.doors.ahead import load_ahead
    from firstcontact.doors.cli.progress import moving
    from firstcontact.doors.report.build import render
    from firstcontact.doors.report.translation import locale
    from firstcontact.kernel.clock import now
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.kernel.result import Refusal
    from firstcontact.kernel.settings import VERSION, pseudonym_secret
    from firstcontact.services.measure import measure as run_measure
    from firstcontact.services.publish import Exports, publish

    options = chosen(
        policy,
        mapping,
        zone,
        region,
        cutoff,
        since,
        by,
        fit=fit,
        audit=audit,
        definitions=definitions,
        detail=contacts,
    )
    locale(language)  # before any work is done: a language that is not there is a fault now
    destination = bootstrap.run_folder(out, force=force)
    destination.check()
    key = b"" if identifiers or not contacts else pseudonym_secret()
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        load_ahead(language)
        measured = run_measure(
            engine, bootstrap.connector(), files, options, now=now, version=VERSION, progress=progress
        )
        progress("writing")
        exports = Exports(contacts=contacts, identifiers=identifiers, key=key)
        publish(engine, measured, destination, lambda run: render(run, language), exports)
    from firstcontact.doors.cli.summary import say

    say(measured.run, out)
    if isinstance(measured.run.headline, Refusal):
        raise typer.Exit(EXIT_REFUSED)


def chosen(
    policy: str,
    mapping: Path | None,
    zone: str | None,
    region: str | None,
    cutoff: datetime | None,
    since: datetime | None,
    by: list[str] | None,
    *,
    fit: Path | None = None,
    audit: Path | None = None,
    definitions: bool,
    detail: bool,
) -> Options:
    """The options of a measurement from what was typed."""
    from firstcontact import bootstrap
    from firstcontact.measurement.fit.read import read_fit
    from firstcontact.measurement.policy.preset import find_policy
    from firstcontact.services.prepare import Options
    from firstcontact.services.read_audit import read_audit

    decided = find_policy(policy)
    return Options(
        policy=decided,
        mapping=bootstrap.mapping_file(mapping) if mapping else None,
        zone=zone,
        cutoff=cutoff,
        since=since,
        by=tuple(by or ()),
        region=region,
        fit=read_fit(fit) if fit else None,
        audit=read_audit(audit, decided.publish.level) if audit else None,
        definitions=definitions,
        detail=detail,
    )
