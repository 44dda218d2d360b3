"""What is known of one reason's returns: how fast caused ones come, how many come anyway, and until when.

A return is the next contact of the same customer for the same reason after an opener. Some returns were caused by the
opener; others would have come anyway. A model tells the two apart by their lag.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from firstcontact.kernel.sentence import kept

HORIZON_DAYS = 180
"""Lags beyond this are not looked at."""
HOURS = 24
"""Bins of the first day; every later bin is a day."""

LAG_EDGES: tuple[float, ...] = (
    *(hour / HOURS for hour in range(HOURS)),
    *(float(day) for day in range(1, HORIZON_DAYS + 1)),
)
"""The shared lag grid in days: hours in the first day, then days. Bin `b` is `[LAG_EDGES[b], LAG_EDGES[b + 1])`."""
LAG_BINS = len(LAG_EDGES) - 1

SENTENCES: tuple[str, ...] = ("why", "would_help")
"""What of a model is said to people."""

State = Literal["learned", "pooled", "unlearned"]


@dataclass(frozen=True, slots=True)
class ReturnModel:
    """What is known of one reason's returns.

    Attributes:
        reason: The reason at the policy's level; "" where the reason does not matter.
        state: `learned` from its own returns; `pooled`: the onset is its family's, and window and latency, too, unless
            its own are seen to be others; what is left is its own; `unlearned`: nothing below is known.
        openers: Openers that it rests on.
        returns: Their returns within the horizon, caused or not.
        cause: Short code of why it is unlearned; "" where it is learned.
        why: The same in a sentence.
        would_help: What would change it; "" where it is learned.
        family: The family that it is pooled with; "" for its own.
        onset_days: From this lag on no caused return is seen.
        tau_days: The onset with a margin: returns at later lags are all taken for coincidence. 0 where unlearned.
        window_days: By then 95 % of the caused returns have come. None where unlearned, or where nothing shows that
            any return is caused.
        window_low: Lower end of its interval.
        window_high: Upper end.
        cycle_days: Length of the cycle in which coincidental returns bunch; None where they do not.
        background: Cumulative hazard of coincidental returns at each of `LAG_EDGES`.
        background_se: Standard error of that at `tau_days`.
        latency: Share of the caused returns that have come by each of `LAG_EDGES`, 0 to 1; 1 from `tau_days` on.
        latency_se: Standard error of each.
        caused: Probability that a return in a bin was caused, shape (`LAG_BINS`,).
        caused_returns: Expected number of caused returns among those seen before `tau_days`.
        returns_until_tau: Returns seen before `tau_days`.
        r_fcr: Share of openers that cause no return (R-FCR), 0 to 1; None where it is not known.
        r_low: Lower end of its interval.
        r_high: Upper end.
        replicates: R-FCR with each customer bucket left out, in the order of the buckets; not cut at 0 and 1.
    """

    reason: str
    state: State
    openers: int
    returns: int
    cause: str = ""
    why: str = ""
    would_help: str = ""
    family: str = ""
    onset_days: float = 0.0
    tau_days: float = 0.0
    window_days: float | None = None
    window_low: float | None = None
    window_high: float | None = None
    cycle_days: float | None = None
    background: tuple[float, ...] = ()
    background_se: float = 0.0
    latency: tuple[float, ...] = ()
    latency_se: tuple[float, ...] = ()
    caused: tuple[float, ...] = ()
    caused_returns: float = 0.0
    returns_until_tau: int = 0
    r_fcr: float | None = None
    r_low: float | None = None
    r_high: float | None = None
    replicates: tuple[float, ...] = ()

    @property
    def learned(self) -> bool:
        """Whether caused and coincidental returns can be told apart."""
        return self.state != "unlearned"

    def as_dict(self) -> dict[str, Any]:
        """The model as plain data; what is at its default is left out. `said` is how its sentences were made."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        data = {
            field.name: list(plain[field.name]) if isinstance(plain[field.name], tuple) else plain[field.name]
            for field in fields(self)
            if plain[field.name] != field.default
        }
        said = {name: how for name in SENTENCES if (how := kept(plain[name])) is not None}
        return data | ({"said": said} if said else {})
