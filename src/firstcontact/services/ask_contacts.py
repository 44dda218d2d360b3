"""A question for contacts as it stands in an address or a saved view: names and values, read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from firstcontact.kernel.errors import Fault, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.contact_question import NO_SUCH_QUESTION, Period, Question

PLAIN: tuple[str, ...] = ("reason", "channel", "team", "queue", "verdict", "excluded_code", "text", "cause")
"""Fields of a question that are text."""

VERDICTS: tuple[str, ...] = ("yes", "no", "unsettled", "left_out", "none")
"""What may be asked of the policy's verdict."""

MANY: Mapping[str, int] = {"cell": 20, "says": 20, "differ": 2}
"""Names that may stand more than once, and how often."""

NAMES: tuple[str, ...] = (
    *("measure", "part", "period_grain", "period_start", "since", "until", "repeat", "returned", "known"),
    *PLAIN,
    *MANY,
)
"""Names by which contacts are asked for."""

LONGEST = 20_000
"""Characters of one value, on pages and in the interface alike: reasons may be long."""
_PART = re.compile(r"n|followed|counted|met|not_met|open|unanswered|out|excluded|all|out:[\w.-]{1,80}")
_LAST_START = date(9999, 12, 1)
"""Periods that begin later have no day after them."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def asked_pairs(question: Question) -> list[tuple[str, str]]:
    """A question as names and values of an address, from which the contacts can be asked for again.

    >>> asked_pairs(Question("fcr_issue", "met", {"reason_1": "billing"}))
    [('measure', 'fcr_issue'), ('part', 'met'), ('cell', 'reason_1=billing')]
    """
    pairs: list[tuple[str, str | None]] = []
    if question.measure is not None:
        pairs += [("measure", question.measure), ("part", question.part)]
    pairs += [("cell", f"{name}={value}") for name, value in question.cell.items()]
    if question.period is not None:
        pairs += [("period_grain", question.period.grain), ("period_start", question.period.start.isoformat())]
    pairs += [(name, getattr(question, name)) for name in PLAIN]
    for name in ("since", "until"):
        day: date | None = getattr(question, name)
        pairs.append((name, day.isoformat() if day else None))
    for name in ("repeat", "returned", "known"):
        value = getattr(question, name)
        pairs.append((name, None if value is None else "yes" if value else "no"))
    pairs += [("says", f"{name}={said}") for name, said in question.says.items()]
    pairs += [("differ", name) for name in question.differ or ()]
    return [(name, value) for name, value in pairs if value is not None]


def question_of(pairs: Iterable[tuple[str, str]]) -> Question:
    """The question that names and values stand for; an empty value asks nothing. The reverse of `asked_pairs`.

    Raises:
        FirstcontactError: Something cannot be asked so (FC9504), all of it at once.

    >>> question_of([("measure", "fcr_issue"), ("cell", "reason_1=billing"), ("team", "")]).cell
    {'reason_1': 'billing'}
    """
    reader = _Reader(pairs)
    question = Question(
        measure=reader.text("measure"),
        part=reader.among("part", _PART) or "n",
        cell=reader.named("cell"),
        period=reader.period(),
        since=reader.day("since"),
        until=reader.day("until"),
        repeat=reader.yes_no("repeat"),
        returned=reader.yes_no("returned"),
        known=reader.yes_no("known"),
        says=reader.named("says"),
        differ=reader.two("differ"),
        **{name: reader.text(name) for name in PLAIN if name != "verdict"},
        verdict=reader.among("verdict", re.compile("|".join(VERDICTS))),
    )
    if reader.faults:
        raise FirstcontactError(reader.faults)
    return question


class _Reader:
    """Reads values by name, and gathers what is wrong with them."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._given: dict[str, list[str]] = {}
        self.faults: list[Fault] = []
        for name, value in pairs:
            if name not in NAMES:
                self._wrong("a name", clause("{names}", names=", ".join(NAMES)))
            elif value:
                self._given.setdefault(name, []).append(value)
        for name, values in self._given.items():
            if len(values) > MANY.get(name, 1):
                self._wrong(name, clause("at most {value}", value=MANY.get(name, 1)))
            if any(len(value) > LONGEST or _CONTROL.search(value) for value in values):
                self._wrong(name, clause("1 to {longest} printable characters", longest=LONGEST))

    def _wrong(self, where: str, allowed: Sentence) -> None:
        fault = NO_SUCH_QUESTION.fault(where=where, saw="something else", allowed=allowed, cure="write it so")
        self.faults.append(fault)

    def text(self, name: str) -> str | None:
        return self._given.get(name, [None])[0]

    def among(self, name: str, allowed: re.Pattern[str]) -> str | None:
        value = self.text(name)
        if value is not None and not allowed.fullmatch(value):
            self._wrong(name, clause("{names}", names=allowed.pattern.replace("|", ", ")))
        return value

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self._wrong(name, clause("a day, as 2026-03-01"))
            return None

    def yes_no(self, name: str) -> bool | None:
        value = self.among(name, re.compile("yes|no"))
        return None if value is None else value == "yes"

    def period(self) -> Period | None:
        grain, start = self.text("period_grain"), self.day("period_start")
        if start is not None and grain in ("week", "month") and start < _LAST_START:
            return Period("week" if grain == "week" else "month", start)
        if grain is not None or start is not None:
            self._wrong(
                "period_start", clause("period_grain (week, month) and period_start together, a day before 9999-12")
            )
        return None

    def named(self, name: str) -> Mapping[str, str]:
        values = self._given.get(name, [])
        found = dict(one.partition("=")[::2] for one in values)
        if any("=" not in one for one in values) or len(found) < len(values):
            self._wrong(name, clause("name=value, each name once"))
        return found

    def two(self, name: str) -> tuple[str, str] | None:
        values = self._given.get(name, [])
        if len(values) == 1:
            self._wrong(name, clause("two definitions"))
        return (values[0], values[1]) if len(values) > 1 else None
