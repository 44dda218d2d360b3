"""Sections of the report as parts of a page: the same words, drawings and tables, whose counts lead to their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from markupsafe import Markup

from firstcontact.doors.report.answer import asks_return
from firstcontact.doors.report.build import opening
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.about import About, about, explained
from firstcontact.doors.web.link import Links, learned
from firstcontact.doors.web.page import environment
from firstcontact.doors.web.snapshot import Snapshot
from firstcontact.services.run import Run

Write = Callable[[Run, Writer], list[Section]]
"""What the report's sections are made by: `doors.report.sections.*.write`."""


def sections(
    shown: Snapshot,
    writes: Sequence[Write],
    *,
    linked: bool,
    waited: frozenset[tuple[str, int]] = frozenset(),
) -> Markup:
    """Sections as they stand on a page; nothing where the run has none of them.

    Args:
        shown: The run, for a visitor.
        writes: What makes each.
        linked: Whether the visitor may see contacts, so that counts lead to them where the run's are kept.
        waited: As in `Links`.
    """
    run_id, linked = shown.kept.id, linked and shown.rows_kept
    return Markup("").join(
        shown.piece(
            partial(_sections, write=write, run_id=run_id, linked=linked, noted=shown.noted, waited=waited),
            (write, linked, waited),
        )
        for write in writes
    )


def links(shown: Snapshot, *, linked: bool) -> Links:
    """Where links of a run's pages lead.

    Args:
        shown: The run, for a visitor.
        linked: As above.
    """
    known: frozenset[str] = shown.piece(_learned, "learned")
    return Links(shown.kept.id, linked and shown.rows_kept, known, shown.noted)


def _learned(run: Run, _writer: Writer) -> frozenset[str]:
    return learned(run)


def head(shown: Snapshot, *, linked: bool) -> Markup:
    """The opening of the report as the head of a page: the answer in a sentence, what it rests on and what it is.

    Args:
        shown: The run, for a visitor.
        linked: As above.
    """
    linked, what = linked and shown.rows_kept, about(shown, shown.run.headline_measure)
    make = partial(_opening, run_id=shown.kept.id, linked=linked, what=what, noted=shown.noted)
    made: Markup = shown.piece(make, ("opening", linked))
    return made


def _opening(run: Run, writer: Writer, *, run_id: str, linked: bool, what: About, noted: frozenset[str]) -> Markup:
    speaking = replace(writer, links=Links.of(run_id, run, rows_seen=linked, noted=noted))
    made = environment(_tag(writer))
    asked = made.get_template("ui.html.j2").module.what(what)  # type: ignore[attr-defined]
    template = made.get_template("opening.html.j2")
    text = template.render(**opening(run, speaking), number=writer.notation, writer=speaking, what=asked)
    return Markup(text)  # noqa: S704 - a template of ours, which escapes what it is given


def _sections(
    run: Run,
    writer: Writer,
    *,
    write: Write,
    run_id: str,
    linked: bool,
    noted: frozenset[str],
    waited: frozenset[tuple[str, int]],
) -> Markup:
    speaking = replace(writer, links=Links.of(run_id, run, rows_seen=linked, noted=noted, waited=waited))
    found = write(run, speaking)
    if not found:
        return Markup("")
    made = environment(_tag(writer))

    def what(measure: str) -> Markup:
        asked = made.get_template("ui.html.j2").module.what(explained(run, speaking, measure))  # type: ignore[attr-defined]
        return Markup(asked)  # noqa: S704 - a template of ours, which escapes what it is given

    text = made.get_template("sections.html.j2").render(
        what=what,
        measures={section.id: _measure(section.id, run) for section in found},
        sections=found,
        number=writer.notation,
        writer=speaking,
        run=run,
        returns=asks_return(run.policy),
        issues=run.headline_measure == "fcr_issue",
    )
    # What scrolls sideways is reached by keyboard; in the file, whose text is fixed, browsers see to that.
    return Markup(text.replace('<div class="scroll">', '<div class="scroll" tabindex="0">'))  # noqa: S704 - as above


_OF_HEADLINE = ("reasons", "trend", "by-", "below", "definitions")
"""How ids of sections begin that show the headline, cut by something."""


def _measure(section: str, run: Run) -> str:
    """The measure that a section shows, to be explained under its heading; empty where it shows several or none."""
    if section == "young":
        return "r_fcr"
    return run.headline_measure if section.startswith(_OF_HEADLINE) else ""


def _tag(writer: Writer) -> str:
    return str(writer.notation.locale).replace("_", "-")
