"""Two fits side by side: which windows moved, by how much, and whether by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.fit.model import ReturnModel

Kind = Literal["same", "moved", "appeared", "gone", "now_learned", "no_longer_learned"]

_ALIKE_DAYS = 0.05


@dataclass(frozen=True, slots=True)
class Movement:
    """What became of one reason from one fit to the next.

    Attributes:
        reason: The reason.
        kind: What happened: its window stayed (within its digits) or moved; the reason appeared or is gone; its returns
            can now be told apart, or no longer.
        before: Its window then, in days; None where there was none.
        after: Its window now.
        beyond_chance: Whether the intervals of the learned windows lie apart. Never where a window was declared.
    """

    reason: str
    kind: Kind
    before: float | None
    after: float | None
    beyond_chance: bool = False

    @property
    def words(self) -> str:
        """The movement in a sentence.

        >>> Movement("billing", "moved", 30.0, 34.8).words
        'billing: 30 days before, 34.8 days now (+4.8), within what chance can do.'
        """
        name = self.reason or "all contacts"
        then, now = _days(self.before), _days(self.after)
        if self.kind == "appeared":
            return f"{name}: new, {now}."
        if self.kind == "gone":
            return f"{name}: no longer in the data, {then} before."
        if self.kind == "same":
            return f"{name}: {now}, as before."
        change = ""
        if self.before is not None and self.after is not None:
            change = f" ({self.after - self.before:+.3g})"
        if self.kind == "now_learned":
            return f"{name}: learned now, {now}; {then} declared before{change}."
        if self.kind == "no_longer_learned":
            return f"{name}: can no longer be learned; {now} declared now, {then} before{change}."
        chance = "more than chance can do" if self.beyond_chance else "within what chance can do"
        return f"{name}: {then} before, {now} now{change}, {chance}."


def compare(before: Fit, after: Fit) -> tuple[Movement, ...]:
    """What became of every reason, in the order of the reasons.

    A learned window counts, whether or not the policy uses it; a declared one where none was learned.
    """
    old, new = _windows(before), _windows(after)
    return tuple(_movement(reason, old.get(reason), new.get(reason)) for reason in sorted({*old, *new}))


_Window = tuple[float, ReturnModel | None]


def _windows(fit: Fit) -> dict[str, _Window]:
    found: dict[str, _Window] = {window.reason: (window.days, None) for window in fit.windows}
    for model in fit.models:
        if model.window_days is not None:
            found[model.reason] = model.window_days, model
    return found


def _movement(reason: str, old: _Window | None, new: _Window | None) -> Movement:
    if old is None or new is None:
        return Movement(reason, "appeared" if old is None else "gone", old and old[0], new and new[0])
    (before, then), (after, now) = old, new
    if (then is None) != (now is None):
        return Movement(reason, "now_learned" if then is None else "no_longer_learned", before, after)
    if abs(before - after) < _ALIKE_DAYS:
        return Movement(reason, "same", before, after)
    return Movement(reason, "moved", before, after, _apart(then, now))


def _apart(then: ReturnModel | None, now: ReturnModel | None) -> bool:
    if then is None or now is None:
        return False
    ends = (then.window_low, then.window_high, now.window_low, now.window_high)
    if any(end is None for end in ends):
        return False
    low_then, high_then, low_now, high_now = (float(end or 0.0) for end in ends)
    return high_then < low_now or high_now < low_then


def _days(days: float | None) -> str:
    return "no window" if days is None else f"{days:.3g} days"
