"""What a change did: how large its effect is, and what speaks against believing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.change_plan import AFTER, Plan
from firstcontact.statistics.always_valid import always_valid
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.control_chart import Chart, laney
from firstcontact.statistics.placebo import Placebo, placebo
from firstcontact.statistics.prais_winsten import Step, step

ESTIMAND = (
    "change of the weekly share where the change was made, minus that of the controls in the same weeks, from before "
    "to after"
)
BEFORE = 12
"""Weeks before the change that a verdict needs."""
MATURE = 0.8
"""Share of the time to a return that must have passed before a week is judged."""
_LATELY = 4
_JUMP = 1.5
_RECODED = 0.8
_ENOUGH = 10
_CLEARLY = 5
"""A control is left out at a level so many times stricter: what is lost by leaving out one that stayed is precision."""
_TELLS = 3
"""With fewer controls that disagree nobody knows which of them moved."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """What happened week by week, where the change was made and where it was not; all weeks in order, without gaps.

    Attributes:
        weeks: First day of each week.
        count: Contacts, shape (1 + controls, weeks); the first row is where the change was made.
        exposure: Their weight.
        failed: Failures among them.
        maturity: Share of the time to a return that has passed, same shape; 1 for a week of which all is known.
        names: What the rows are called.
        unknown: Whole weeks at the beginning of the data that are left out, because whom they served had perhaps come
            before.
    """

    weeks: tuple[date, ...]
    count: Array
    exposure: Array
    failed: Array
    maturity: Array
    names: tuple[str, ...]
    unknown: int = 0

    @property
    def share(self) -> Array:
        """Share that does not fail, same shape; of a week without weight, that of the whole row."""
        whole = self.exposure.sum(axis=1, keepdims=True)
        mean = self.failed.sum(axis=1, keepdims=True) / np.where(whole > 0, whole, 1.0)
        rate = np.where(self.exposure > 0, self.failed / np.where(self.exposure > 0, self.exposure, 1.0), mean)
        return np.asarray(1 - rate, dtype=float)

    def rows(self, which: NDArray[np.bool_]) -> Weekly:
        """Some of the rows."""
        names = tuple(name for name, kept in zip(self.names, which, strict=True) if kept)
        return Weekly(
            self.weeks, self.count[which], self.exposure[which], self.failed[which], self.maturity[which], names
        )

    def only(self, which: NDArray[np.bool_]) -> Weekly:
        """Some of the weeks."""
        weeks = tuple(week for week, kept in zip(self.weeks, which, strict=True) if kept)
        return Weekly(
            weeks,
            self.count[:, which],
            self.exposure[:, which],
            self.failed[:, which],
            self.maturity[:, which],
            self.names,
        )


Word = Literal["early", "cannot", "wide", "none", "effect"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of a change.

    Attributes:
        word: `early`: before the read-out; `cannot`: the data do not suffice for any verdict; `wide`: none is shown,
            but neither is one of the smallest size worth knowing excluded; `none`: such an effect is excluded, none is
            shown; `effect`: one is shown.
        said: The verdict in a sentence.
        plan: When it can be judged.
        step: Its size; None unless `word` is `wide`, `none` or `effect`.
        placebo: Second opinion, where there are six controls.
        series: The weeks it rests on.
        after: Which of them lie after the change.
        difference: Treated minus controls, each of these weeks.
        sequence: For each week after the change the estimate and an interval that may be looked at every week.
        chart: Which weeks of the treated stand out by themselves.
        warnings: What speaks against believing it.
    """

    word: Word
    said: Sentence
    plan: Plan
    step: Step | None
    placebo: Placebo | None
    series: Weekly
    after: NDArray[np.bool_]
    difference: Array
    sequence: tuple[Array, Array, Array]
    chart: Chart
    warnings: tuple[Sentence, ...]


def judge_change(
    weekly: Weekly, began: date, rolled_out: date, cutoff: date, planned: Plan, level: float = 0.95
) -> Verdict:
    """Judge a change, or say until when nothing can be said.

    Estimand: the lasting change of the share where the change was made, beside what controls did in the same weeks.
    Assumes: without the change the treated would have moved as the controls did; one change. Controls are held against
        each other: one that moved at that date itself is left out, and where most moved, or two disagree, there is no
        verdict.

    Args:
        weekly: The weeks; the first row is where the change was made. Without controls its own past is compared.
        began: First day of the change.
        rolled_out: Day after the last day of the roll-out; weeks between are left out.
        cutoff: End of complete data.
        planned: From `plan`.
        level: Level of intervals.

    Returns:
        The verdict.
    """
    starts = np.array([week.toordinal() for week in weekly.weeks])
    before = starts + 7 <= began.toordinal()
    grown = (weekly.maturity >= MATURE).all(axis=0) & (starts + 7 <= cutoff.toordinal())
    later = (starts >= rolled_out.toordinal()) & grown
    used = weekly.only((before & grown) | later)
    after = np.asarray([week >= rolled_out for week in used.weeks], dtype=bool)
    used, unsteady = _steady(used)
    kept, moved = _unmoved(used, after, level)
    used = used if kept is None else used.rows(kept)
    share = used.share
    difference = share[0] - _controls(used, share)
    past, since = int((~after).sum()), int(after.sum())
    step_found = placebo_found = None
    sequence = _nothing()
    if past >= 3 and since:
        sequence = always_valid(difference[~after], difference[after], level)
    word: Word
    if past < BEFORE:
        word, said = "cannot", _too_short(past, weekly.unknown)
    elif planned.read_out is None:
        word, said = "cannot", _never(planned)
    elif cutoff < planned.read_out:
        word, said = "early", Sentence("change.early", "Too early to say until {date}.", date=planned.read_out)
    elif since < AFTER:
        word, said = (
            "cannot",
            Sentence(
                "change.immature",
                "Mature weeks after the change: {weeks}; it takes {least}.",
                weeks=since,
                least=AFTER,
            ),
        )
    elif kept is None:
        word, said = "cannot", _torn(moved)
    else:
        step_found = step(difference, after, level)
        placebo_found = placebo(share[0], share[1:], after, level) if len(share) > 1 else None
        word, said = _word(step_found, planned.smallest)
    warnings = [
        *_moved(moved if kept is not None else ()),
        *_warnings(used, after, difference, placebo_found, word, unsteady),
    ]
    chart = laney(used.count[0], np.clip(used.failed[0], 0.0, None) * _scale(used))
    return Verdict(
        word, said, planned, step_found, placebo_found, used, after, difference, sequence, chart, tuple(warnings)
    )


def _word(found: Step | None, smallest: float) -> tuple[Word, Sentence]:
    if found is None or found.high - found.low <= 0:
        return "cannot", Sentence("change.flat", "The weeks do not vary at all, so that no interval can be given.")
    if found.low > 0 or found.high < 0:
        low, high = (100 * end for end in (found.low, found.high))
        return "effect", Sentence(
            "change.effect", "Effect of {low:+.1f} to {high:+.1f} percentage points.", low=low, high=high
        )
    largest = 100 * max(-found.low, found.high)
    if largest > 100 * smallest:
        return "wide", Sentence(
            "change.wide",
            "Too wide to say: an effect of {smallest:.1f} percentage points was asked about, and only one of more than "
            "{largest:.1f} can be excluded.",
            smallest=100 * smallest,
            largest=largest,
        )
    return "none", Sentence("change.none", "No effect larger than {largest:.1f} percentage points.", largest=largest)


def _unmoved(
    used: Weekly, after: NDArray[np.bool_], level: float
) -> tuple[NDArray[np.bool_] | None, tuple[tuple[str, float], ...]]:
    """The rows without controls that moved at the date themselves, and those controls with the size of their move.

    Each control is judged beside the others as the treated would be, at a level shared among them; the clearest move
    goes first, for it draws the others the other way. None instead of rows: two that disagree do not tell which of them
    moved, nor is a half that did a measure of what is usual.
    """
    kept = np.ones(len(used.names), dtype=bool)
    moved: list[tuple[str, float]] = []
    allowed = 1 - (1 - level) / (_CLEARLY * max(len(used.names) - 1, 1))
    share, weight = used.share, used.exposure.sum(axis=1)
    while kept.sum() > 2:  # the treated and two controls
        places = np.flatnonzero(kept)[1:]
        found = []
        for place in places:
            others = places[places != place]
            beside = weight[others] @ share[others] / weight[others].sum()
            one = step(np.asarray(share[place] - beside), after, allowed)
            if one is not None and (one.low > 0 or one.high < 0):
                found.append((one.p, int(place), one.size))
        if not found:
            return kept, tuple(moved)
        _, place, size = min(found)
        moved.append((used.names[place], size))
        kept[place] = False
        if len(places) < _TELLS or 2 * len(moved) > len(used.names) - 1:
            return None, tuple(moved)
    return kept, tuple(moved)


def _moved(moved: tuple[tuple[str, float], ...]) -> list[Sentence]:
    """What is said of controls left out."""
    return [
        Sentence(
            "change.moved",
            "{control} moved by {size:+.1f} percentage points beside the other controls at that date, and is left out.",
            control=name,
            size=100 * size,
        )
        for name, size in moved
    ]


def _torn(moved: tuple[tuple[str, float], ...]) -> Sentence:
    name, size = moved[-1]
    return Sentence(
        "change.torn",
        "The controls moved apart at that date themselves ({control} by {size:+.1f} percentage points beside the "
        "others), so that they do not tell what would have been: name controls that nothing touched.",
        control=name,
        size=100 * size,
    )


def _too_short(past: int, unknown: int) -> Sentence:
    if unknown:
        return Sentence(
            "change.history-unknown",
            "Whole weeks before the change: {weeks}; it takes {least} to know how weeks vary. Whole weeks at the "
            "beginning of the data that do not count: {unknown}, because a contact is a first one only after the quiet "
            "time of the policy, and nobody knows who came before the data begin.",
            weeks=past,
            least=BEFORE,
            unknown=unknown,
        )
    return Sentence(
        "change.history",
        "Whole weeks before the change: {weeks}; it takes {least} to know how weeks vary.",
        weeks=past,
        least=BEFORE,
    )


def _never(planned: Plan) -> Sentence:
    return Sentence(
        "change.never",
        "It would take {contacts:,} contacts after the change, more than come in two years: look for a larger "
        "effect, or a coarser reason.",
        contacts=planned.contacts,
    )


def _nothing() -> tuple[Array, Array, Array]:
    return np.zeros(0), np.zeros(0), np.zeros(0)


def _steady(used: Weekly) -> tuple[Weekly, int]:
    """Without the controls that have a week of next to no contacts; how many those are."""
    enough: NDArray[np.bool_] = np.asarray((used.exposure >= _ENOUGH).all(axis=1))
    enough[0] = True
    return used.rows(enough), int((~enough).sum())


def _controls(used: Weekly, share: Array) -> Array:
    """Mean of the controls each week, each with the same weight in all weeks."""
    if len(share) < 2:
        return np.zeros(share.shape[1])
    weight = used.exposure[1:].sum(axis=1)
    return np.asarray(weight @ share[1:] / weight.sum(), dtype=float)


def _scale(used: Weekly) -> Array:
    return np.asarray(used.count[0] / np.where(used.exposure[0] > 0, used.exposure[0], 1.0), dtype=float)


def _warnings(
    used: Weekly,
    after: NDArray[np.bool_],
    difference: Array,
    second: Placebo | None,
    word: Word,
    unsteady: int,
) -> list[Sentence]:
    said = []
    if len(used.names) < 2:
        said.append(
            Sentence(
                "change.uncontrolled",
                "There are no controls: whatever else changed at that time is part of the figure.",
            )
        )
    elif len(used.names) == 2:
        said.append(
            Sentence(
                "change.single",
                "There is one control: whether it moved itself at that time cannot be seen.",
            )
        )
    if unsteady:
        said.append(
            Sentence(
                "change.unsteady",
                "Controls left out, because some weeks have fewer than {least} contacts: {controls}.",
                controls=unsteady,
                least=_ENOUGH,
            )
        )
    past = difference[~after]
    if len(past) >= BEFORE:
        lately, earlier = past[-_LATELY:].mean(), past[:-_LATELY]
        error = earlier.std(ddof=1) * np.sqrt(1 / _LATELY + 1 / len(earlier))
        if lately < earlier.mean() - 1.645 * error:
            said.append(
                Sentence(
                    "change.regression",
                    "The last {weeks} weeks before the change were worse than usual by {worse:.1f} percentage points. "
                    "Part of any improvement is a return to what is usual.",
                    weeks=_LATELY,
                    worse=100 * (earlier.mean() - lately),
                )
            )
    if after.any() and (~after).any():
        moved = used.count[:, after].mean(axis=1) / np.maximum(used.count[:, ~after].mean(axis=1), 1e-9)
        usual = used.count[1:, after].mean() / max(used.count[1:, ~after].mean(), 1e-9) if len(moved) > 1 else 1.0
        relative = moved[0] / max(usual, 1e-9)
        if relative < _RECODED or relative > 1 / _RECODED:
            said.append(
                Sentence(
                    "change.recoded",
                    "Contacts for it became {factor:.2f} times as many, beside the controls. If reasons were recoded "
                    "or moved elsewhere with the change, only the total of the family tells what it did.",
                    factor=float(relative),
                )
            )
        if used.count[0, after].max() > _JUMP * np.median(used.count[0]):
            said.append(
                Sentence(
                    "change.campaign",
                    "A week after the change has more than {factor:g} times the usual contacts: a campaign or an "
                    "outage at the same time would be part of the figure.",
                    factor=_JUMP,
                )
            )
    if second is not None and word == "effect" and (second.low <= 0 <= second.high):
        said.append(
            Sentence(
                "change.placebo",
                "Controls moved about as much in the same weeks (p {p:.2f}), so that the effect may be chance "
                "after all.",
                p=second.p,
            )
        )
    return said
