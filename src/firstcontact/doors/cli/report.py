"""`firstcontact report`: the report of an earlier run, in another language or as PDF, without measuring again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError

if TYPE_CHECKING:
    from firstcontact.services.run import Run

REPORT_NOT_WRITTEN = ErrorKind(
    "FC6101",
    "The report cannot be kept there",
    EXIT_OUTPUT,
    "A report is kept as one file, `.html` or `.pdf` by its ending, in a directory that is there; what has its name is "
    "replaced with `--force` alone.",
)


def report(
    run: Annotated[Path, typer.Argument(help="Directory of a run.", metavar="RUN", show_default=False)],
    out: Annotated[
        Path, typer.Option(help="File to write, by its ending: report.html or report.pdf.", show_default=False)
    ],
    language: Annotated[str, typer.Option(help="Language of the report.")] = "en",
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Write the report of an earlier run again: in another language, or as PDF (with the extra `pdf`)."""
    from firstcontact.doors.report.build import render
    from firstcontact.doors.report.translation import locale
    from firstcontact.services.read_run import read_run

    locale(language)
    _check(out, force=force)
    measured = read_run(run)
    html = render(measured, language)
    _write(out, html.encode() if out.suffix.lower() == ".html" else _pdf(measured, html, language))
    print(f"Report: {out}")


def _pdf(run: Run, html: str, language: str) -> bytes:
    from firstcontact.doors.font import STACKS
    from firstcontact.doors.language import matched
    from firstcontact.doors.pdf import paper, pdf
    from firstcontact.doors.report.writer import Writer

    writer = Writer.of(language, run.zone)
    policy = f"{writer.name(run.policy.name)} {run.policy.version}"
    told = ((writer.say("cut-off"), writer.notation.moment(run.frame.cutoff)), (writer.say("policy"), policy))
    return pdf(
        html,
        paper("rtl" if writer.rtl else "ltr"),
        letters=STACKS.get(matched(language) or "", ('system-ui,"Noto Sans",sans-serif',))[0],
        foot=" · ".join(f"{what}: \u2068{value}\u2069" for what, value in told),
    )


def _check(path: Path, *, force: bool) -> None:
    """See before any work is done whether the report may be kept there."""
    if path.suffix.lower() not in (".html", ".pdf"):
        raise _not_written(path, "another ending", "`.html` or `.pdf`")
    try:
        taken, nowhere = path.is_dir() or (path.exists() and not force), not path.parent.is_dir()
    except (OSError, ValueError):
        raise _not_written(path, "a name that no file can have", "another name") from None
    if taken:
        raise _not_written(path, "something of that name", "a name that is free, or --force for a file")
    if nowhere:
        raise _not_written(path, "a directory that does not exist", "a directory that exists")


def _write(path: Path, content: bytes) -> None:
    """Keep it, whole or not at all."""
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise _not_written(path, "a place that may not be written to", "a directory you may write to") from None


def _not_written(path: Path, saw: str, allowed: str) -> FirstcontactError:
    fault = REPORT_NOT_WRITTEN.fault(where=path.name, saw=saw, allowed=allowed, cure="choose another place with --out")
    return FirstcontactError([fault])
