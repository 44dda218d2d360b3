"""What cannot be concluded, gathered from all over the report, and what would make it concludable."""

from __future__ import annotations

from firstcontact.doors.report import words
from firstcontact.doors.report.section import Paragraph, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SIGNAL_ABSENT, SUPPRESSED, Refusal
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

CAUSES = "root_cause"
WINDOW = "repeat_window_days"


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where everything could be said."""
    rows = _gathered(run, writer)
    if not rows:
        return []
    columns = [writer.say("What"), writer.say("Why not"), writer.say("What would make it possible")]
    title = writer.say("What cannot be concluded, and what would change that")
    about = writer.say(
        "A figure that the data do not support is refused, not guessed. Each line names what is lacking; a line goes "
        "away by itself once it is there."
    )
    return [Section("unknown", title, [Paragraph(about), Table(columns, rows, title)], part="unknown")]


def _gathered(run: Run, writer: Writer) -> list[tuple[str, str, str]]:
    """(what, why, help), those that are refused for one reason together."""
    found = {(why, helps): [name] for name, why, helps in _windows(run, writer)}
    rows = [*run.select(*words.UNKNOWNS, by=""), *run.select(*words.ANSWERS, by="cause"), *run.select(CAUSES)]
    for row in sorted(rows, key=_place):
        name = _name(row, writer)
        told = writer.figure(row.result).refused if name else None
        if told:
            why = told.reason + writer.notation.stop
            if (
                row.measure in words.ANSWERS
                and isinstance(row.result, Refusal)
                and row.result.code == SIGNAL_ABSENT.code
            ):
                why = writer.say("Nobody was asked, or nobody answered.")
            names = found.setdefault((why, told.helps + writer.notation.stop), [])
            if name not in names:
                names.append(name)
    return [(writer.notation.listed(names, long=True), why, helps) for (why, helps), names in found.items()]


def _code(row: ResultRow) -> str:
    return row.result.code if isinstance(row.result, Refusal) else ""


def _place(row: ResultRow) -> int:
    """Where it stands: what is estimated first, single patterns behind failures last."""
    order = list(words.UNKNOWNS)
    return order.index(row.measure) if row.measure in order else len(order)


def _name(row: ResultRow, writer: Writer) -> str:
    """What a refused row would have said; empty for rows that stand elsewhere in the report."""
    result = row.result
    if not isinstance(result, Refusal) or result.code == SUPPRESSED.code or row.period_start is not None:
        return ""
    if row.measure == CAUSES:
        title = words.PATTERN_TITLES.get(row.cell.get("cause", ""))
        return writer.say(title) if title else ""
    if row.measure == WINDOW or row.measure not in words.UNKNOWNS:
        return ""
    if not row.by or (set(row.cell) == {"cause"} and row.measure in words.ANSWERS):
        return writer.say(words.UNKNOWNS[row.measure])
    return ""


def _windows(run: Run, writer: Writer) -> list[tuple[str, str, str]]:
    """Reasons whose returns were not learned: one line for each thing that they lack."""
    found: dict[str, list[ResultRow]] = {}
    for row in run.select(WINDOW):
        if isinstance(row.result, Refusal):
            found.setdefault(row.result.kind.title, []).append(row)
    said = []
    for rows in found.values():
        most = max(rows, key=lambda row: row.result.n)
        told = writer.figure(most.result).refused
        if told is None:
            continue
        name = writer.say_many(
            "When customers come back, for %(number)s reason", "When customers come back, for %(number)s reasons",
            len(rows),
        )  # fmt: skip
        why = told.reason + writer.notation.stop
        if len({str(row.result.reason) for row in rows if isinstance(row.result, Refusal)}) > 1:
            reason = writer.notation.apart(writer.name(most.cell.get(most.by, "")))
            why = writer.say("%(why)s. For %(reason)s: %(detail)s", why=told.title, reason=reason, detail=why)
        said.append((name, why, told.helps + writer.notation.stop))
    return said
