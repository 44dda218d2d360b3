"""`firstcontact audit`: find out how many returns the records miss, and correct R-FCR for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from firstcontact.doors.cli.measure import CUTOFF, FILES, MAPPING, MEMORY, POLICY, REGION, SINCE, THREADS, ZONE, chosen

if TYPE_CHECKING:
    from firstcontact.services.read_audit import Audit, Correction

audit = typer.Typer(
    help="Find out how many returns the records miss, and correct R-FCR for them.", no_args_is_help=True
)


@audit.command()
def draw(
    files: FILES,
    out: Annotated[Path, typer.Option(help="Directory to write; it appears whole or not at all.")] = Path(
        "firstcontact-audit"
    ),
    size: Annotated[int, typer.Option(help="How many contacts to look up, about.")] = 1200,
    seed: Annotated[int, typer.Option(help="The same seed draws the same contacts.")] = 0,
    policy: POLICY = "firstcontact",
    mapping: MAPPING = None,
    zone: ZONE = None,
    region: REGION = None,
    cutoff: CUTOFF = None,
    since: SINCE = None,
    fit: Annotated[
        Optional[Path], typer.Option(help="Windows of an earlier run: its fit.json.", metavar="FILE")
    ] = None,
    memory: MEMORY = None,
    threads: THREADS = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier audit in the directory.")] = False,
) -> None:
    """Draw contacts whose returns people look up, and write the form that they fill in.

    Each contact is drawn with a recorded probability, more of those where a missed return is likely.
    """
    from firstcontact import bootstrap
    from firstcontact.doors.cli.progress import moving
    from firstcontact.kernel.settings import VERSION
    from firstcontact.measurement.audit.sample import STRATA
    from firstcontact.services.draw_audit import FORM_FILE, draw_audit, publish_audit

    options = chosen(policy, mapping, zone, region, cutoff, since, None, fit=fit, definitions=False, detail=False)
    destination = bootstrap.audit_folder(out, force=force)
    destination.check()
    with bootstrap.engine(memory, threads) as engine, moving("reading") as progress:
        drawn = draw_audit(
            engine,
            bootstrap.connector(),
            files,
            options,
            size=size,
            seed=seed,
            version=VERSION,
            progress=progress,
        )
        publish_audit(drawn, destination)
    print(f"{len(drawn.sample):,} contacts to look up: {out / FORM_FILE}")
    for name, count in drawn.strata.items():
        print(f"  {count:>6,}  {STRATA[name][0]}")
    print(
        "Search each customer by everything you know (name, telephone, address, case), also under other reasons.\n"
        f"Fill in the last columns, then: firstcontact audit read {out} --run RUN"
    )


@audit.command()
def read(
    folder: Annotated[Path, typer.Argument(help="Directory of the audit, with its form filled in.", metavar="AUDIT")],
    run: Annotated[
        Optional[Path], typer.Option(help="Correct the R-FCR of this run: its directory.", metavar="RUN")
    ] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence level.")] = 0.95,
) -> None:
    """Read the filled form, and say how many returns are missed and what R-FCR is without that.

    Exit status: 0 a share was found, 6 too few returns were looked up, others as documented.
    """
    from firstcontact import bootstrap
    from firstcontact.kernel.errors import EXIT_REFUSED
    from firstcontact.kernel.result import Refusal
    from firstcontact.services.read_audit import correct_run, read_audit

    found = read_audit(folder, level)
    record = bootstrap.run_reader().read([run])[0] if run else None
    correction = correct_run(found, record, level) if record is not None else None
    _say(found)
    if isinstance(found.linked, Refusal):
        raise typer.Exit(EXIT_REFUSED)
    if record is not None:
        _say_correction(correction)


def _say(found: Audit) -> None:
    from firstcontact.kernel.result import Refusal
    from firstcontact.measurement.audit.sample import STRATA

    print("looked up  came back  missed")
    for one in found.strata:
        print(f"{one.answered:>9,}  {one.returns:>9,}  {one.missed:>6,}  {STRATA[one.name][0]}")
    if isinstance(found.linked, Refusal):
        print(f"\n{found.linked.reason} {found.linked.would_help}")
        return
    said = found.linked
    print(f"\nReturns that the records link: {said.value:.1%} ({said.low:.1%} to {said.high:.1%})")
    for share, words in ((found.wrong_codes, "a wrong reason"), (found.other_records, "another customer record")):
        if share is not None:
            print(f"  {share:.0%} of the missed ones have {words}")


def _say_correction(correction: Correction | None) -> None:
    if correction is None:
        print("The run has no R-FCR to correct; its results say why.")
        return
    value, low, high = correction.measured
    freed = correction.corrected
    print(f"R-FCR as measured:   {value:.1%} ({low:.1%} to {high:.1%})")
    print(f"R-FCR as corrected:  {freed.value:.1%} ({freed.low:.1%} to {freed.high:.1%})")
    if not correction.same_policy:
        print("Note: the audit was drawn under another policy or other windows than the run.")
    print("What R-FCR would be if so many codes were wrong (down) and so many records split (across):")
    splits = sorted({split for _, split, _ in correction.sensitivity})
    print("       " + "".join(f"{split:>8.0%}" for split in splits))
    for code in sorted({code for code, _, _ in correction.sensitivity}):
        cells = [freed for wrong, _, freed in correction.sensitivity if wrong == code]
        print(f"{code:>7.0%}" + "".join(f"{cell:>8.1%}" for cell in cells))
