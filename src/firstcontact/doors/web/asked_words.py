"""A question for contacts in a sentence: which they are, of which figure, cut how, and what narrows them further."""

from __future__ import annotations

from firstcontact.contacts.table import EXTRA_PREFIX, REASON_SEPARATOR
from firstcontact.doors.report import words
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.sections.root_cause import named
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.contact_words import STATES, VERDICTS, cause, measure_name
from firstcontact.doors.web.place import N_, NN_
from firstcontact.measurement.explain.channel_path import NEXT
from firstcontact.measurement.measures.member import OUT
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.contact_question import COMPARISONS, OWN, Question
from firstcontact.services.explained import CAUSES, PATHS
from firstcontact.services.run import Run

PARTS: dict[str, tuple[str, str]] = {
    "n": NN_("The contact behind this figure", "The %(number)s contacts behind this figure"),
    "followed": NN_(
        "The contact behind this figure, followed for some time",
        "The %(number)s contacts behind this figure, each followed for some time",
    ),
    "counted": NN_("The contact that is counted", "The %(number)s contacts that are counted"),
    "met": NN_("The contact that counts for it", "The %(number)s contacts that count for it"),
    "not_met": NN_("The contact that counts against it", "The %(number)s contacts that count against it"),
    "open": NN_("The contact of which it is not said", "The %(number)s contacts of which it is not said"),
    "unanswered": NN_(
        "The contact that is counted without an answer", "The %(number)s contacts that are counted without an answer"
    ),
    "out": NN_("The contact that is left out", "The %(number)s contacts that are left out"),
    "excluded": NN_("The contact that is excluded", "The %(number)s contacts that are excluded"),
    "all": NN_("The contact, counted or left out", "All %(number)s contacts, counted or left out"),
}
"""Which contacts of a measure: one, and many."""

PART_NAMES: dict[str, str] = {
    "n": N_("those behind the figure"),
    "followed": N_("those behind the figure"),
    "unanswered": N_("those counted without an answer"),
    "counted": N_("all that are counted"),
    "met": N_("those for it"),
    "not_met": N_("those against it"),
    "open": N_("those of which it is not said"),
    "out": N_("those left out"),
    "excluded": N_("those excluded"),
    "judged": N_("yes or no"),
    "all": N_("all"),
}
"""The same, to choose from."""


def which(question: Question, total: int, writer: Writer) -> str:
    """How many contacts, and which of a measure.

    Args:
        question: What was asked.
        total: How many were found.
        writer: Speaks the visitor's language.
    """
    if question.measure is None or narrowed(question, writer):
        return writer.say_many("%(number)s contact", "%(number)s contacts", total)
    if question.part.startswith(OUT):
        told = writer.say_many(
            "The contact that is left out: %(cause)s",
            "The %(number)s contacts that are left out: %(cause)s",
            total,
            cause=cause(question.part.removeprefix(OUT), writer),
        )
        return str(told)
    one, many = PARTS[question.part]
    return writer.say_many(one, many, total)


def about(question: Question, run: Run, writer: Writer) -> list[str]:
    """What they are contacts of: the measure, its cell and period, and what definitions say of them."""
    told: list[str] = []
    if question.measure is not None and narrowed(question, writer):
        told.append(writer.say("of %(part)s", part=said(question.part, writer)))
    if question.measure in COMPARISONS:
        told.append(writer.say("Comparison of teams"))
    elif question.measure is not None:
        told.append(measure_name(question.measure, writer))
    for name, value in question.cell.items():
        if name.startswith("reason"):
            told.append(path(value, writer))
        elif name == "cause":
            told += _cause(question.measure or "", question.part, value, writer)
        elif name == "next_reason":
            told.append(writer.say("and then: %(reason)s", reason=path(value, writer)))
        else:
            told.append(f"{cut_name(name, writer)}: {writer.name(value, translate=name == 'channel')}")
    if question.period is not None:
        start = question.period.start
        told.append(
            writer.say("week of %(day)s", day=writer.notation.day(start))
            if question.period.grain == "week"
            else writer.notation.month(start)
        )
    for name, state in question.says.items():
        told.append(f"{_preset(name, run, writer)}: {_judged(state, writer)}")
    if question.differ is not None:
        first, second = (_preset(name, run, writer) for name in question.differ)
        told.append(writer.say("judged by both %(first)s and %(second)s, and not alike", first=first, second=second))
    return told


def _cause(measure: str, part: str, value: str, writer: Writer) -> list[str]:
    """What a figure of an explanation is about, beside its other slices; nothing where that chooses no contacts."""
    if measure in CAUSES:
        return [named(value, writer)]
    if measure in PATHS and part == "met":
        channel = writer.name(value.removeprefix(NEXT), translate=True)
        return [writer.say("came back by: %(channel)s", channel=channel)]
    return []


def said(state: str, writer: Writer) -> str:
    """Which contacts of a measure or a definition, to choose from."""
    if state.startswith(OUT):
        return writer.say("left out: %(cause)s", cause=cause(state.removeprefix(OUT), writer))
    return writer.say(PART_NAMES[state]) if state in PART_NAMES else shown(state)


def _judged(state: str, writer: Writer) -> str:
    return writer.say(STATES[state]) if state in STATES else said(state, writer)


def narrowed(question: Question, writer: Writer) -> list[str]:
    """What narrows them beside the figure, each as a filter says it."""
    told = [
        f"{cut_name(name, writer)}: {writer.name(value, translate=name == 'channel')}"
        for name in ("channel", "team", "queue")
        if (value := getattr(question, name)) is not None
    ]
    if question.reason is not None:
        told.insert(0, path(question.reason, writer))
    if question.since is not None:
        told.append(writer.say("from %(day)s on", day=writer.notation.day(question.since)))
    if question.until is not None:
        told.append(writer.say("before %(day)s", day=writer.notation.day(question.until)))
    if question.repeat is not None:
        told.append(writer.say("is a repeat") if question.repeat else writer.say("is no repeat"))
    if question.returned is not None:
        told.append(writer.say("customer came back") if question.returned else writer.say("customer did not come back"))
    if question.known is not None:
        told.append(writer.say("customer known") if question.known else writer.say("customer not known"))
    if question.verdict is not None:
        told.append(writer.say(VERDICTS[question.verdict]))
    if question.excluded_code is not None:
        told.append(cause(question.excluded_code, writer))
    if question.cause is not None:
        told.append(writer.say("to read, of: %(cause)s", cause=named(question.cause, writer)))
    if question.text is not None:
        told.append(writer.say("holds “%(text)s”", text=shown(question.text)))
    return told


def path(reason: str, writer: Writer) -> str:
    """A reason with those it is a part of."""
    return " › ".join(writer.name(part) for part in reason.split(REASON_SEPARATOR))


def cut_name(name: str, writer: Writer) -> str:
    """What a slice is called."""
    return writer.say(words.CUTS[name][1]) if name in words.CUTS else shown(name.removeprefix(EXTRA_PREFIX))


def _preset(name: str, run: Run, writer: Writer) -> str:
    ours = name in (OWN, run.policy.name)
    return writer.say("our policy") if ours else writer.notation.apart(shown(name))


def figure_of(question: Question, run: Run) -> ResultRow | None:
    """The figure that a question was asked of; None where there is none in the run."""
    if question.measure is None:
        return None
    grain = question.period.grain if question.period else "all"
    start = question.period.start if question.period else None
    cell = dict(question.cell)
    wanted = {*cell, *((grain,) if question.period else ())}
    for by in run.cuts:
        if set(filter(None, by.split(","))) == wanted:
            for row in run.select(question.measure, by=by):
                if row.cell == cell and row.period_grain == grain and row.period_start == start:
                    return row
    return None
