"""What was left out and why: the two levels of the ledger as steps that add up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firstcontact.contacts.ledger import MeasureLedger, RowLedger
from firstcontact.doors.report import words
from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.errors import ErrorKind
from firstcontact.kernel.result import Refusal
from firstcontact.services.run import Run


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a ledger.

    Attributes:
        name: What it is.
        code: The code under which the files name it.
        count: How many, written.
        share: Of the whole.
        total: Whether it is the whole or what remains, not something taken off.
        behind: Where its contacts are listed; empty where they are not.
    """

    name: str
    code: str
    count: str
    share: str
    total: bool = False
    behind: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger as steps.

    Attributes:
        id: Names it on the page.
        title: Its heading.
        steps: From the whole to what remains.
        bars: One bar a step.
        sum: The addition, written out.
        adds_up: Whether it comes out.
    """

    id: str
    title: str
    steps: list[Step]
    bars: Drawing
    sum: str
    adds_up: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was left out.

    Attributes:
        rows: From rows to contacts.
        contacts: From contacts to the headline; None where the run has no ledger of it.
        ledgers: (name, cells) of every measure: all contacts, those counted, and those left out by what kept them out.
    """

    rows: Account
    contacts: Account | None
    ledgers: list[tuple[str, list[str]]]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section, which every report has."""
    ledgers = {ledger.measure: ledger for ledger in run.measure_ledgers}
    own = ledgers.get(run.headline_measure)
    refused = {row.measure for row in run.select(by="") if isinstance(row.result, Refusal)}
    named = []
    for name, ledger in ledgers.items():
        told = _named(name, writer)
        told = writer.say("%(measure)s (no figure)", measure=told) if name in refused else told
        named.append((told, _counts(ledger, writer)))
    data = LeftOut(of_rows(run.row_ledger, writer), of_measure(own, writer) if own else None, named)
    return [Section("leftout", writer.say("What was left out, and why"), part="account", data=data)]


def _counts(ledger: MeasureLedger, writer: Writer) -> list[str]:
    """The cells of a ledger in one line of a table."""
    single = ("not_opener", "left_censored", "immature")
    amounts = [("all", ledger.contacts), ("", ledger.counted)]
    cells = [_linked(ledger.measure, code, count, writer) for code, count in amounts]
    cells.append(_linked(ledger.measure, "excluded", sum(ledger.excluded.values()), writer))
    return cells + [_linked(ledger.measure, code, getattr(ledger, code), writer) for code in single]


def _linked(measure: str, code: str, count: int, writer: Writer) -> str:
    return writer.linked(writer.notation.count(count), writer.links.ledger(measure, code) if count else "")


def _named(measure: str, writer: Writer) -> str:
    if measure in words.MEASURES:
        return writer.say(words.MEASURES[measure][0])
    return writer.say(words.UNKNOWNS[measure]) if measure in words.UNKNOWNS else shown(measure)


def of_rows(ledger: RowLedger, writer: Writer) -> Account:
    """From rows read to contacts."""
    taken = [*ledger.absorbed.items(), *ledger.quarantined.items()]
    if ledger.erased:
        taken.append(("erased", ledger.erased))
    return _account(
        "rows",
        writer.say("From rows to contacts"),
        (writer.say("Rows read"), ledger.read),
        taken,
        (writer.say("Contacts"), ledger.contacts),
        ledger.adds_up,
        writer,
        quarantined=frozenset(ledger.quarantined),
    )


def of_measure(ledger: MeasureLedger, writer: Writer) -> Account:
    """From contacts to what a measure counts."""
    taken = [
        *ledger.excluded.items(),
        ("not_opener", ledger.not_opener),
        ("left_censored", ledger.left_censored),
        ("immature", ledger.immature),
    ]
    return _account(
        "contacts",
        writer.say("From contacts to the figure"),
        (writer.say("Contacts"), ledger.contacts),
        [(code, count) for code, count in taken if count],
        (writer.say("Counted in the figure"), ledger.counted),
        ledger.adds_up,
        writer,
        measure=ledger.measure,
    )


def _account(
    name: str,
    title: str,
    whole: tuple[str, int],
    taken: list[tuple[str, int]],
    rest: tuple[str, int],
    adds_up: bool,
    writer: Writer,
    quarantined: frozenset[str] = frozenset(),
    measure: str = "",
) -> Account:
    number = writer.notation
    every = whole[1]

    def step(label: str, code: str, count: int, *, total: bool = False) -> Step:
        share = count / every if every else 0.0
        written = "<" + number.percent(0.001, 1) if 0 < share < 0.0005 else number.percent(share, 1)
        amount = number.count(count) if total else number.together("−" + number.count(count))
        part = ("all" if not code and count == every else code) if measure and count else None
        href = writer.links.ledger(measure, part) if part is not None else ""
        if not measure and count and code in quarantined:
            href = writer.links.set_aside(code, count)
        return Step(label, shown(code), amount, number.together(written) if every else "", total, href)

    steps = [step(whole[0], "", every, total=True)]
    boxes: list[Bar | None] = [Bar(0, every, "neutral")]
    left = every
    for code, count in taken:
        if code in quarantined:
            kind = ErrorKind.registry.get(code)
            label = writer.say(kind.title) if kind else writer.say("Set aside as unreadable or contradictory")
        else:
            label = writer.say(words.CAUSES[code]) if code in words.CAUSES else shown(code).replace("_", " ")
        steps.append(step(label, code, count))
        boxes.append(Bar(left, left - count, "returned"))
        left -= count
    last = step(rest[0], "", rest[1], total=True)
    steps.append(last if measure or not rest[1] else replace(last, behind=writer.links.contacts()))
    boxes.append(Bar(rest[1], 0, "settled"))
    addition = " + ".join(number.count(count) for _, count in [*taken, rest])
    return Account(
        name,
        title,
        steps,
        bars(boxes, width=380, steps=True, rtl=writer.rtl),
        number.together(f"{addition} = {number.count(every)}"),
        adds_up,
    )
