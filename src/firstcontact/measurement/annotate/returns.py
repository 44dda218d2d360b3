"""What was learned of returns, brought back to contacts: was this return caused, and what does this opener tell.

R-FCR of any cell is 1 - sum(net_return) / sum(exposure) over its openers: the chance that a return of an opener has
been seen is b + (1 - R-FCR)(1 - b) G, with b the chance of a coincidental one by then, and G the share of the caused
returns that have come by then. b follows the season: it is larger for an opener in whose time known customers came
more often than in that of the mean opener.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.fit.model import HORIZON_DAYS, LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.fit.season import Season, seasons
from firstcontact.measurement.fit.tally import during, follow, keys_of, lag_bin
from firstcontact.measurement.linking.portable import DAY_US, grained

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.policy.model import Policy

COLUMNS: tuple[str, ...] = ("p_caused", "seen_return", "net_return", "latency", "exposure", "learned_sd")
"""What `annotate` adds."""


def annotate(
    engine: Engine, linked: ir.Table, fit: Fit, policy: Policy, frame: Frame, reasons: list[str | None]
) -> ir.Table:
    """Add what the models say of each contact.

    Args:
        engine: Where it runs.
        linked: Linked contacts.
        fit: With its models.
        policy: The policy.
        frame: The period.
        reasons: Every different reason in the data; None stands for contacts without one.

    Returns:
        The contacts with `p_caused` (of a contact that follows an earlier one for its reason: the probability that the
        earlier one caused it), and, for openers: `seen_return` (1 when a return was seen by the onset), `net_return`
        (that less the chance of a coincidental one), `latency` (share of the caused returns that have come by now),
        `exposure` (chance that a caused return would have shown by now) and `learned_sd` (standard error of R-FCR
        through what was learned). Missing where there is no model or the contact is of another kind.
    """
    models = {model.reason: model for model in fit.models if model.learned}
    known = [(key, models[reason]) for key, reason in keys_of(reasons, policy).items() if reason in models]
    if not known:
        return linked.mutate(**{name: ibis.null("float64") for name in COLUMNS})
    season = seasons(engine, linked, follow(linked, frame), frame)
    grid = engine.register(_grid(known, season), "fc_return_model")
    calendar = engine.register(_calendar(known, season), "fc_return_season")
    cutoff = (frame.cutoff.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    horizon = ibis.literal(HORIZON_DAYS * DAY_US, "int64")
    age = ibis.greatest(ibis.literal(0, "int64"), ibis.least(cutoff - linked.anchor_us, horizon))
    aged = linked.mutate(
        returns_age=age,
        returns_bin=lag_bin(age),
        # A contact without an earlier one is looked up nowhere.
        returns_before=lag_bin(ibis.least(linked.previous_gap_us.fill_null(-1), horizon)),
    )
    now = grid.drop("p_caused")
    met = aged.left_join(now, [aged.key == now.model_key, aged.returns_bin == now.model_bin])
    met = met.drop("model_key", "model_bin")
    earlier = grid.select(model_key="model_key", model_bin="model_bin", p_caused="p_caused")
    met = met.left_join(earlier, [met.key == earlier.model_key, met.returns_before == earlier.model_bin])
    until = met.anchor_us + ibis.least(met.returns_age, met.tau_us.fill_null(0))
    met = _passed(_passed(met, calendar, met.anchor_us, season, "from"), calendar, until, season, "until")
    index = met.takes_part & met.opener & ~met.left_censored & met.tau_us.notnull()
    into = (met.returns_age - met.bin_start_us) / DAY_US
    # Who comes while the opener lasts has a lag of 0, so that time counts as well, once any has passed.
    passed = ibis.ifelse(met.returns_age > 0, during(met) / 86_400.0, 0.0)
    # Days of its time, each weighted by the season, over what they are for the mean opener.
    usual = met.even_start + into * met.even_slope
    busier = ibis.ifelse(usual > 0, (met.passed_until - met.passed_from) / ibis.greatest(usual, 1e-12), 1.0)
    chance = 1 - (-(met.ground + into * met.ground_slope + passed * met.ground_first) * busier).exp()
    seen = met.next_gap_us.fill_null(2 * HORIZON_DAYS * DAY_US) < ibis.least(met.returns_age, met.tau_us)
    latency = met.latency_start + into * met.latency_slope
    nothing = ibis.null("float64")
    told = met.mutate(
        p_caused=ibis.ifelse(met.takes_part & met.previous_gap_us.notnull(), met.p_caused, nothing),
        seen_return=ibis.ifelse(index, seen.cast("float64"), nothing),
        net_return=ibis.ifelse(index, grained(seen.cast("float64") - chance), nothing),
        latency=ibis.ifelse(index, grained(latency), nothing),
        exposure=ibis.ifelse(index, grained(latency * (1 - chance)), nothing),
        learned_sd=ibis.ifelse(index, met.learned_error / ibis.greatest(latency, 1e-6), nothing),
    )
    return told.select(*linked.columns, *COLUMNS)


def _passed(met: ir.Table, calendar: ir.Table, at: ir.IntegerValue, season: Season, name: str) -> ir.Table:
    """Add the days of a reason from the first one to a moment, each weighted by the season."""
    last = ibis.literal(season.days, "int64")
    day = ibis.greatest(ibis.literal(0, "int64"), ibis.least(last, (at - season.begin_us) // DAY_US)).cast("int64")
    own = calendar.select(
        **{f"{name}_key": "season_key", f"{name}_day": "season_day", f"{name}_sum": "upto", f"{name}_pace": "pace"}
    )
    dated = met.mutate(**{f"{name}_on": day, f"{name}_into": (at - season.begin_us) / DAY_US - day})
    joined = dated.left_join(own, [dated.key == own[f"{name}_key"], dated[f"{name}_on"] == own[f"{name}_day"]])
    passed = joined[f"{name}_sum"] + joined[f"{name}_into"] * joined[f"{name}_pace"]
    return joined.mutate(**{f"passed_{name}": passed}).drop(f"{name}_key", f"{name}_day")


def _calendar(known: list[tuple[int, ReturnModel]], season: Season) -> pa.Table:
    """The season of each key, one row a day: its sum until the day begins, and the rate on that day."""
    import pyarrow as pa

    rates = [season.by_day([key]) for key, _ in known]
    return pa.table(
        {
            "season_key": np.repeat(np.array([key for key, _ in known], dtype=np.int32), season.days + 1),
            "season_day": np.tile(np.arange(season.days + 1, dtype=np.int64), len(known)),
            "upto": np.concatenate([np.concatenate([[0.0], np.cumsum(rate)]) for rate in rates]),
            "pace": np.concatenate([np.append(rate, rate[-1]) for rate in rates]),
        }
    )


def _grid(known: list[tuple[int, ReturnModel]], season: Season) -> pa.Table:
    """What the models say, one row a key and bin: values at the start of the bin and their slope a day."""
    import pyarrow as pa

    edges = np.array(LAG_EDGES)
    width = np.append(np.diff(edges), 1.0)
    parts: list[dict[str, np.ndarray]] = []
    for key, model in known:
        # Nothing is asked beyond the onset: ages are taken for the onset there.
        at = np.minimum(edges, model.tau_days)
        ground = np.interp(at, edges, model.background)
        latency = np.where(edges < model.tau_days, np.array(model.latency), 1.0)
        even = np.interp(at, edges, np.concatenate([[0.0], np.cumsum(season.by_lag([key]) * np.diff(edges))]))
        final = max(float(np.interp(model.tau_days, edges, model.background)), 1e-12)
        error = np.hypot(
            model.background_se * ground / final, (1.0 - (model.r_fcr or 0.0)) * np.array(model.latency_se)
        )
        parts.append(
            {
                "model_key": np.full(LAG_BINS + 1, key, dtype=np.int32),
                "model_bin": np.arange(LAG_BINS + 1, dtype=np.int64),
                "bin_start_us": np.round(edges * DAY_US).astype(np.int64),
                "tau_us": np.full(LAG_BINS + 1, round(model.tau_days * DAY_US), dtype=np.int64),
                "ground": ground,
                "ground_slope": np.diff(ground, append=ground[-1]) / width,
                "ground_first": np.full(LAG_BINS + 1, model.background[1] / edges[1]),
                "even_start": even,
                "even_slope": np.diff(even, append=even[-1]) / width,
                "latency_start": latency,
                "latency_slope": np.diff(latency, append=1.0) / width,
                "learned_error": error,
                "p_caused": np.append(np.array(model.caused), 0.0),
            }
        )
    return pa.table({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
