"""What a fit is; and the one that learns nothing: every reason has the window that the policy declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from firstcontact.measurement.fit.model import SENTENCES, ReturnModel
from firstcontact.measurement.policy.model import Policy, digest

FIT_FORMAT = 2
"""Raised when `fit.json` changes so that earlier versions of firstcontact would misread it."""


_PROSE = frozenset({*SENTENCES, "said"})

SHORTEST_DAYS = 0.1
"""No learned window is shorter."""


@dataclass(frozen=True, slots=True)
class ReasonWindow:
    """One reason's window.

    Attributes:
        reason: The reason at the policy's level; "" where the reason does not matter.
        days: Length of the window.
        look_back_days: How long the issue must be quiet before an opener.
        source: `declared` or `learned`.
    """

    reason: str
    days: float
    look_back_days: float
    source: Literal["declared", "learned"] = "declared"


@dataclass(frozen=True, slots=True)
class Fit:
    """Windows per reason, how they came about, and what is known of each reason's returns. Saved as `fit.json`.

    Attributes:
        windows: The windows.
        kind: `learned` where any window is.
        notes: What a reader should know.
        models: What was learned of each reason's returns; a fit of the first format has none.
    """

    windows: tuple[ReasonWindow, ...]
    kind: Literal["declared", "learned"] = "declared"
    notes: tuple[str, ...] = field(default=())
    models: tuple[ReturnModel, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The fit as plain data."""
        return {
            "format": FIT_FORMAT,
            "kind": self.kind,
            "notes": list(self.notes),
            "windows": [
                {"reason": w.reason, "days": w.days, "look_back_days": w.look_back_days, "source": w.source}
                for w in self.windows
            ],
            "models": [model.as_dict() for model in self.models],
        }


def declare(policy: Policy, reasons: Iterable[str]) -> Fit:
    """The fit of a policy with declared windows, for the reasons that occur in the data."""
    return Fit(tuple(_declared(policy, reason) for reason in sorted(reasons)))


def complete(policy: Policy, fit: Fit, reasons: Iterable[str]) -> Fit:
    """A saved fit for other data: reasons that it does not name have the window that the policy declares.

    Reasons that it names and the data lack stay, so that the fit can be used again.

    >>> week = Fit((ReasonWindow("billing", 7, 45, "learned"),), "learned")
    >>> [(one.reason, one.days) for one in complete(Policy(), week, ["billing", "delivery"]).windows]
    [('billing', 7), ('delivery', 30.0)]
    """
    named = {window.reason for window in fit.windows}
    added = tuple(_declared(policy, reason) for reason in sorted(set(reasons) - named))
    return replace(fit, windows=fit.windows + added)


def with_models(policy: Policy, fit: Fit, models: tuple[ReturnModel, ...]) -> Fit:
    """A fit with what was learned of each reason's returns; with its windows, too, where the policy asks for it.

    Reasons whose window could not be learned keep the one that the policy declares.
    """
    if policy.window.source == "declared":
        return replace(fit, models=models)
    learned = {model.reason: model.window_days for model in models if model.window_days is not None}
    windows = tuple(_learned(policy, one, learned.get(one.reason)) for one in fit.windows)
    any_learned = any(window.source == "learned" for window in windows)
    return replace(fit, windows=windows, kind="learned" if any_learned else "declared", models=models)


def _learned(policy: Policy, window: ReasonWindow, days: float | None) -> ReasonWindow:
    if days is None:
        return window
    days = max(round(days, 1), SHORTEST_DAYS)
    return ReasonWindow(window.reason, days, round(policy.look_back_days(days), 2), "learned")


def _declared(policy: Policy, reason: str) -> ReasonWindow:
    days = policy.window.days(reason)
    return ReasonWindow(reason, days, policy.look_back_days(days), "declared")


def effective_hash(policy: Policy, fit: Fit) -> str:
    """The hash of the effective policy: policy and fit together. It stands beside every result.

    Windows that the policy declares anyway only repeat it: the hash must not move with the reasons that happen to
    occur. Whatever else a fit says moves figures, so it moves the hash: windows that differ, and every number that was
    learned of returns. It is the same whether that was learned in this run or is used again.

    >>> effective_hash(Policy(), declare(Policy(), ["a"])) == effective_hash(Policy(), Fit(()))
    True
    >>> learned = ReturnModel("a", "learned", 500, 90, tau_days=40)
    >>> effective_hash(Policy(), Fit((), models=(learned,))) == effective_hash(Policy(), Fit(()))
    False
    """
    said = _linking(policy, fit)
    if fit.models:
        said["models"] = [_numbers(model) for model in sorted(fit.models, key=lambda one: one.reason)]
    return digest(said)


def _numbers(model: ReturnModel) -> dict[str, Any]:
    """What of a model can move a figure: all but its prose, with 40 and 40.0 the same."""
    told = {name: value for name, value in model.as_dict().items() if name not in _PROSE}
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [float(one) for one in value]
    return float(value) if isinstance(value, int | float) else value


def linking_hash(policy: Policy, fit: Fit) -> str:
    """The hash of what contacts are linked under: policy and windows, without what was learned of returns.

    >>> linking_hash(Policy(), declare(Policy(), ["a"])) == linking_hash(Policy(), Fit(()))
    True
    """
    return digest(_linking(policy, fit))


def _linking(policy: Policy, fit: Fit) -> dict[str, Any]:
    moved = sorted(
        (window.reason, float(window.days), float(window.look_back_days))
        for window in fit.windows
        if not _repeats(window, _declared(policy, window.reason))
    )
    return {"policy": policy.digest, "fit": moved or "declared"}


def _repeats(window: ReasonWindow, declared: ReasonWindow) -> bool:
    return (window.days, window.look_back_days) == (declared.days, declared.look_back_days)
