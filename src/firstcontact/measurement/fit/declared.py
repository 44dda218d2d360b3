"""The fit that learns nothing: every reason has the window that the policy declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from firstcontact.measurement.policy.model import Policy, digest


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
    """Windows per reason, and how they came about. Saved as `fit.json`."""

    windows: tuple[ReasonWindow, ...]
    kind: Literal["declared", "learned"] = "declared"
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The fit as plain data."""
        return {
            "kind": self.kind,
            "notes": list(self.notes),
            "windows": [
                {"reason": w.reason, "days": w.days, "look_back_days": w.look_back_days, "source": w.source}
                for w in self.windows
            ],
        }


def declare(policy: Policy, reasons: list[str]) -> Fit:
    """The fit of a policy with declared windows, for the reasons that occur in the data."""
    return Fit(
        tuple(
            ReasonWindow(reason, days, policy.look_back_days(days), "declared")
            for reason in sorted(reasons)
            for days in (policy.window.days(reason),)
        )
    )


def effective_hash(policy: Policy, fit: Fit) -> str:
    """The hash of the effective policy: policy and fit together. It stands beside every result."""
    # A declared fit only repeats the policy; it must not move with the reasons that happen to occur.
    learned = fit.as_dict()["windows"] if fit.kind == "learned" else "declared"
    return digest({"policy": policy.digest, "fit": learned})
