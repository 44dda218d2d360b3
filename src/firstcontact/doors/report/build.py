"""The report of a run: one HTML file that needs nothing else, not even a network.

It opens with the answer in a sentence and ends with how that came about. It only formats what the run holds, and ranks
for display.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from firstcontact.kernel.result import Estimate
from firstcontact.services.run import Run

if TYPE_CHECKING:
    from firstcontact.doors.report.writer import Writer

_HERE = Path(__file__).parent


def render(run: Run, language: str = "en") -> str:
    """The report of a run as one HTML file.

    Args:
        run: What was measured.
        language: A language tag of those the report speaks (`report.translation.languages`).

    Returns:
        HTML text, to be written as UTF-8.

    Raises:
        FirstcontactError: FC6100, the report has not been translated into the language.
    """
    # The drawing engine takes a third of a second to wake; it does so while the rest is imported.
    waking = Thread(target=_wake, daemon=True)
    waking.start()
    from firstcontact.doors.report.writer import Writer

    writer = Writer.of(language, run.zone)
    page = _page(run, writer)
    html: str = _template(writer.notation.locale.language).render(**page)
    return html


def _wake() -> None:
    import vl_convert

    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"})


def _page(run: Run, writer: Writer) -> dict[str, Any]:
    """Everything that the template sets on the page."""
    from markupsafe import Markup

    from firstcontact.doors.report import account, theme, words
    from firstcontact.doors.report.answer import answer, asks_return, judged
    from firstcontact.doors.report.companion import companions
    from firstcontact.doors.report.course import course
    from firstcontact.doors.report.cut import listed, ranked
    from firstcontact.doors.report.definition import side_by_side
    from firstcontact.doors.report.figure import PROVISIONAL_BELOW, shown_sentence
    from firstcontact.doors.report.method import method
    from firstcontact.doors.report.notation import shown

    measure = run.headline_measure
    reasons = run.slices(measure, "reason_1")
    cuts = [
        listed(rows, writer, run.headline, title, column, by)
        for by, title, column in _other_cuts(run, writer)
        if (rows := run.slices(measure, by))
    ]
    ledgers = {ledger.measure: ledger for ledger in run.measure_ledgers}
    cells = sum(1 for row in run.rows if row.measure == measure and row.by and row.period_grain == "all")
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    return {
        "number": writer.notation,
        "writer": writer,
        "style": Markup(theme.tokens() + style),  # noqa: S704 - our own style sheet
        "language": str(writer.notation.locale).replace("_", "-"),
        "direction": "rtl" if writer.rtl else "ltr",
        "run": run,
        "answer": answer(run, writer),
        "returns": asks_return(run.policy),
        "issues": measure == "fcr_issue",
        "warnings": [finding for finding in run.findings if finding.level == "warning"],
        "course": course(run, writer),
        "reasons": ranked(reasons, writer, run.headline) if any(_named(row.cell) for row in reasons) else None,
        "cuts": cuts,
        "looked_at": cells,
        "hollow": any(isinstance(row.result, Estimate) and row.result.maturity < PROVISIONAL_BELOW for row in reasons),
        "companions": companions(run, writer),
        "definitions": side_by_side(run, writer),
        "rows": account.of_rows(run.row_ledger, writer),
        "contacts": account.of_measure(ledgers[measure], writer) if measure in ledgers else None,
        "ledgers": [
            (writer.say(words.MEASURES[name][0]) if name in words.MEASURES else shown(name), ledger)
            for name, ledger in ledgers.items()
        ],
        "method": method(run, writer),
        "dates": " – ".join(map(writer.notation.day, judged(run))),
        "sentence": shown_sentence,
    }


def _named(cell: dict[str, str]) -> bool:
    from firstcontact.contacts.table import NO_REASON

    return any(value != NO_REASON for value in cell.values())


def _other_cuts(run: Run, writer: Writer) -> list[tuple[str, str, str]]:
    """(slice, heading, heading of its names) of every simple cut but reasons and time."""
    from firstcontact.contacts.table import EXTRA_PREFIX
    from firstcontact.doors.report import words
    from firstcontact.doors.report.notation import shown

    found = [(by, writer.say(title), writer.say(column)) for by, (title, column) in words.CUTS.items()]
    extra = sorted({row.by for row in run.rows if row.by.startswith(EXTRA_PREFIX) and "," not in row.by})
    for by in extra:
        name = shown(by.removeprefix(EXTRA_PREFIX))
        found.append((by, writer.say("By %(column)s", column=name), name))
    return found


@lru_cache
def _template(language: str) -> Any:
    """The page's template, speaking a language."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from firstcontact.doors.report.translation import translations

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment.get_template("report.html.j2")
