"""From the tally of returns to a model of each reason, or to why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.fit.lacking import LEAST_OWN_RETURNS, LEAST_RETURNS, own_course, refuse, too_few
from firstcontact.measurement.fit.model import LAG_EDGES, ReturnModel
from firstcontact.measurement.fit.tally import Tally
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.policy.model import Publish, Returns
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.coincidence import (
    Cycle,
    common_spread,
    doubt,
    find_cycle,
    hazard,
    known_cycle,
    law_of_spread,
    level,
)
from firstcontact.statistics.excess_hazard import Excess, leave_one_out, separate
from firstcontact.statistics.onset import onset, with_margin

LEAST_BACKGROUND = 30
"""Returns beyond the onset, without which the background is not known."""
SURE_RETURNS = 1_000
"""With fewer returns BIC may overlook a second bunch of late ones, so that no onset below a floor is believed."""
LEAST_TAU = 45.0
"""That floor, in days: a late onset costs width of the interval, an early one is bias."""
UNLIKE = 2.0
"""By how many standard errors a rare reason's latency may differ from its family's before that is not used for it."""
LEAST_COURSE = 100
"""With fewer returns a rare reason whose latency is not its family's has none of its own either."""
CYCLES_NEEDED = 5
"""A cycle of coincidental returns is looked for when the data cover this many."""
_FAR = 60.0
_PERIODS = np.array([*range(20, 46), 30.44])
_ROUNDS = 2
_PRIOR = 1.0
"""How many returns the family's background counts for in that of a rare reason: rates within a family differ as much as
their mean."""
_EDGES = np.array(LAG_EDGES)
_LAG = (_EDGES[1:] + _EDGES[:-1]) / 2
_DIGITS = 6

_Sums = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class _Group:
    """Reasons that are looked at together: one with enough returns, or a family.

    Attributes:
        keys: Their linking keys.
        counts: Returns and days at risk, each (bins, buckets).
    """

    keys: tuple[int, ...]
    counts: _Sums


@dataclass(frozen=True, slots=True)
class _Background:
    """What groups have in common with one another, and each has for itself.

    Attributes:
        onset: Of each group.
        tau: Likewise.
        cycle: Likewise.
        season: How much likelier coincidence is in each bin because of the days on which openers are looked at there.
        spread: v: of all customers, then without each bucket.
        doubt: Standard error of v that leaving out buckets does not show.
    """

    onset: Array
    tau: Array
    cycle: list[Cycle | None]
    season: Array
    spread: Array
    doubt: float


@dataclass(frozen=True, slots=True)
class _Timing:
    """The course of a group's returns.

    Attributes:
        group: The group.
        ground: What groups have in common.
        onset: Its onset.
        tau: With the margin.
        cycle: Cycle of the background.
        late: Returns later than `tau`.
        shape: How the background of a lag differs from its even course; None where too few are late.
        excess: Its returns told apart; None likewise.
    """

    group: _Group
    ground: _Background
    onset: float
    tau: float
    cycle: Cycle | None
    late: int
    shape: Array | None = None
    excess: Excess | None = None


def learn(found: Tally, publish: Publish, declared: Returns | None = None) -> tuple[ReturnModel, ...]:
    """A model of each reason.

    Args:
        found: The tally.
        publish: Level of the intervals, smallest sample, and how much one customer may hold.
        declared: What the policy knows of cycles; nothing where None.

    Returns:
        One model a reason that has openers, in the order of the reasons.
    """
    keys = [key for key in sorted(found.reasons) if found.openers([key]).sum() > 0]
    returns = {key: int(found.table([key])[0].sum()) for key in keys}
    unlearned = {key: why for key in keys if (why := refuse(found, key, returns[key], publish))}
    open_keys = [key for key in keys if key not in unlearned]
    families = _families(found, open_keys)
    rare = {key for key in open_keys if returns[key] < LEAST_RETURNS}
    pools = {
        name: members
        for name, members in families.items()
        if rare & set(members) and len(members) > 1 and sum(returns[key] for key in members) >= LEAST_RETURNS
    }
    groups = [_Group((key,), found.table([key])) for key in open_keys if key not in rare]
    groups += [_Group(tuple(members), found.table(members)) for members in pools.values()]
    models: dict[int, ReturnModel] = {}
    if groups:
        ground = _background(groups, found, declared or Returns())
        timings = [_time(found, group, ground, number, publish) for number, group in enumerate(groups)]
        place = {group.keys: number for number, group in enumerate(groups)}
        for key in open_keys:
            family = found.reasons[key].split(REASON_SEPARATOR)[0]
            own = (key,) if key not in rare else tuple(pools.get(family, ()))
            if own in place:
                models[key] = _model(found, key, timings[place[own]], family if key in rare else "", publish)
    for key in keys:
        if key not in models:
            why = unlearned.get(key) or too_few(found, returns[key])
            models[key] = _unlearned(found, key, returns[key], *why)
    return tuple(sorted(models.values(), key=lambda model: model.reason))


def _families(found: Tally, keys: list[int]) -> dict[str, list[int]]:
    families: dict[str, list[int]] = {}
    for key in keys:
        families.setdefault(found.reasons[key].split(REASON_SEPARATOR)[0], []).append(key)
    return families


def _unlike(own: Excess, family: Excess) -> bool:
    """Whether a reason's caused returns come at other lags than its family's, by more than chance."""
    days = (_EDGES >= 1) & (own.latency_se > 0)
    error = np.hypot(own.latency_se, family.latency_se)[days]
    return bool((np.abs(own.latency - family.latency)[days] > UNLIKE * error).any())


def _background(groups: list[_Group], found: Tally, declared: Returns) -> _Background:
    """Onsets, cycles and v: each needs the others, so that they are found in turn."""
    events = np.stack([leave_one_out(group.counts[0]) for group in groups], axis=1)
    exposure = np.stack([leave_one_out(group.counts[1]) for group in groups], axis=1)
    periods = _PERIODS[found.history_days >= CYCLES_NEEDED * _PERIODS]
    season = np.stack([found.season.by_lag(list(group.keys)) for group in groups])
    shape = season
    tau, first = np.full(len(groups), _FAR), np.zeros(len(groups))
    # What a family shows of its onset may be that of its commonest reasons.
    several = np.array([len(group.keys) > 1 for group in groups])
    floor = np.where(several | (events[0].sum(axis=1) < SURE_RETURNS), LEAST_TAU, 0.0)
    cycles: list[Cycle | None] = [None] * len(groups)
    known = [_known_period(group, found, declared) for group in groups]

    def tail(sums: Array) -> Array:
        return np.where(tau[:, None] < _LAG, sums, 0.0)

    others, far = found.elsewhere, found.elsewhere.lag > LEAST_TAU
    law = law_of_spread(others.events[:, far], others.exposure[:, far], others.lag[far])

    def spread_of(own: slice, near: float | None) -> Array:
        days = _LAG >= 1  # hours belong to no tail
        return common_spread(
            tail(events[own])[..., days], tail(exposure[own] * shape)[..., days], _LAG[days], law, near
        )

    for _ in range(_ROUNDS):
        v = float(spread_of(slice(0, 1), None)[0])
        for number in range(len(groups)):
            d, e = tail(events[0])[number], tail(exposure[0] * season)[number]
            length = known[number]
            cycles[number] = known_cycle(d, e, _LAG, v, length) if length else find_cycle(d, e, _LAG, v, periods)
        shape = np.stack([_shape(own, cycle) for own, cycle in zip(season, cycles, strict=True)])
        v = float(spread_of(slice(0, 1), None)[0])
        first = onset(events[0], exposure[0], exposure[0] * shape, _EDGES, v)
        tau = np.maximum(with_margin(first), floor)
    v = float(spread_of(slice(0, 1), None)[0])
    days = _LAG >= 1
    hidden = doubt(tail(events[0])[:, days], tail(exposure[0] * shape)[:, days], _LAG[days], law, v)
    return _Background(first, tau, cycles, season, np.append(v, spread_of(slice(1, None), v)), hidden)


def _time(found: Tally, group: _Group, ground: _Background, number: int, publish: Publish) -> _Timing:
    """What a group shows of the course of returns."""
    onset_days, tau, cycle = float(ground.onset[number]), float(ground.tau[number]), ground.cycle[number]
    tail = tau < _LAG
    late = int(group.counts[0][tail].sum())
    if late < LEAST_BACKGROUND:
        return _Timing(group, ground, onset_days, tau, cycle, late)
    shape = _shape(ground.season[number], cycle)
    events, exposure = (leave_one_out(one) for one in group.counts)
    hazards, apart = _hazards(events, exposure, tau, shape, ground)
    excess = _separate(found, list(group.keys), tau, hazards, publish, apart)
    return _Timing(group, ground, onset_days, tau, cycle, late, shape, excess)


def _hazards(events: Array, exposure: Array, tau: float, shape: Array, ground: _Background) -> tuple[Array, float]:
    """Hazards of coincidental returns, of all customers and without each bucket; and what v may hide of their sum."""
    tail = tau < _LAG
    d, e, lag = events[:, tail], (exposure * shape)[:, tail], _LAG[tail]
    found = hazard(level(d, e, lag, ground.spread), _LAG, ground.spread) * shape
    moved = ground.spread[:1] + ground.doubt
    other = hazard(level(d[:1], e[:1], lag, moved), _LAG, moved) * shape
    return found, float(abs(((other[0] - found[0]) * np.diff(_EDGES))[~tail].sum()))


def _like_family(own: _Sums, timing: _Timing) -> _Sums:
    """Returns and days at risk of a rare reason, with a little of its family: its reasons come at various rates."""
    tail = timing.tau < _LAG
    events, exposure = (leave_one_out(one) for one in timing.group.counts)
    share = _PRIOR / np.maximum(events[:, tail].sum(axis=1, keepdims=True), 1.0)
    return leave_one_out(own[0]) + share * events, leave_one_out(own[1]) + share * exposure


def _known_period(group: _Group, found: Tally, declared: Returns) -> float | None:
    """The declared length of a group's cycle; None where its reasons have none, or different ones."""
    lengths = {declared.cycle(found.reasons[key]) for key in group.keys}
    return lengths.pop() if len(lengths) == 1 else None


def _shape(season: Array, cycle: Cycle | None) -> Array:
    """How the background of a lag differs from its even course: season, and cycle where there is one."""
    return season * cycle.shape(_LAG) if cycle else season


def _separate(found: Tally, keys: list[int], tau: float, hazards: Array, publish: Publish, hidden: float) -> Excess:
    return separate(
        *found.table(keys),
        _EDGES,
        tau,
        hazards,
        found.openers(keys),
        before=found.days_before(keys),
        doubt=hidden,
        confidence=publish.level,
    )


def _model(found: Tally, key: int, timing: _Timing, pooled: str, publish: Publish) -> ReturnModel:
    """The model of a reason that has enough returns, or whose family has."""
    events, exposure = found.table([key])
    openers, returns = found.openers([key]), int(events.sum())
    if timing.shape is None or timing.excess is None:
        why = Sentence(
            "unlearned.background",
            "{late} returns later than {days:.0f} days after the opener; {least} are needed to know how many come by "
            "coincidence.",
            "{late} return later than {days:.0f} days after the opener; {least} are needed to "
            "know how many come by coincidence.",
            "late",
            late=timing.late,
            days=timing.tau,
            least=LEAST_BACKGROUND,
        )
        longer = Sentence("unlearned.background.cure", "A longer history.")
        return _unlearned(found, key, returns, "background", why, longer)
    enough = returns >= LEAST_OWN_RETURNS and int((openers > 0).sum()) >= BUCKETS // 2
    course = timing.excess
    own: Excess | None = None if pooled else course
    background, error = timing.excess.background, timing.excess.background_se
    if pooled:
        likened = _like_family((events, exposure), timing)
        hazards, hidden = _hazards(*likened, timing.tau, timing.shape, timing.ground)
        cumulative = np.concatenate([[0.0], np.cumsum(hazards[0] * np.diff(_EDGES))])
        error *= float(cumulative[-1] / max(background[-1], 1e-12))
        background = cumulative
        if enough:
            own = _separate(found, [key], timing.tau, hazards, publish, hidden)
            if _unlike(own, timing.excess):
                if returns < LEAST_COURSE:
                    return _unlearned(found, key, returns, *own_course(found, returns, pooled))
                course = own
    by_bin, caused = events.sum(axis=1), course.caused
    known = own if enough else None
    return ReturnModel(
        reason=found.reasons[key],
        state="pooled" if pooled else "learned",
        openers=int(openers.sum()),
        returns=returns,
        family=pooled,
        onset_days=timing.onset,
        tau_days=timing.tau,
        window_days=_round(course.window, 2),
        window_low=_round(course.window_low, 2),
        window_high=_round(course.window_high, 2),
        cycle_days=timing.cycle.period if timing.cycle else None,
        background=_short(background),
        background_se=_digits(own.background_se if own else error),
        latency=_short(course.latency),
        latency_se=_short(course.latency_se),
        caused=_short(caused),
        caused_returns=_round(float((by_bin * caused).sum()), 1) or 0.0,
        returns_until_tau=int(by_bin[timing.tau > _LAG].sum()),
        r_fcr=_round(min(1.0 - known.share, 1.0), _DIGITS) if known else None,
        r_low=_round(1.0 - known.high, _DIGITS) if known else None,
        r_high=_round(1.0 - known.low, _DIGITS) if known else None,
        replicates=_short(1.0 - known.replicates) if known else (),
    )


def _unlearned(found: Tally, key: int, returns: int, cause: str, why: str, would_help: str) -> ReturnModel:
    openers = int(found.openers([key]).sum())
    return ReturnModel(found.reasons[key], "unlearned", openers, returns, cause, why, would_help)


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _short(values: Array) -> tuple[float, ...]:
    """Values with six digits: what is saved and read again is what was used."""
    return tuple(_digits(value) for value in values.tolist())
