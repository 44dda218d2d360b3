"""What each contact adds to the share of customers who would say resolved if everybody answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from firstcontact.measurement.annotate.seen import SIGNALS, YES, codes, judged
from firstcontact.measurement.linking.portable import grained
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.statistics.survey_correction import FOLDS, SurveyModel, survey_model, unheard

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.statistics.bucket import Array
    from firstcontact.statistics.categorical_logistic import Codes

NEEDS: tuple[str, ...] = (*SIGNALS, "returned")
"""Signals that linking must bring along; and the contact column `channel`."""

SURVEYED = "surveyed"
"""Says among what the data hold that contacts have an influence on S-FCR."""

COLUMNS: tuple[str, ...] = ("survey_influence", "survey_weight", "survey_unheard")

LEAST_ANSWERS = 30
"""Reasons and channels with fewer answers share one effect on answering."""

_OTHERS = "\n"
"""Level of all with few answers; no name of a reason or channel, and not that of a missing one."""
_NAMED = 5
_NAMELESS = "-"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Contacts with what they add to S-FCR.

    Attributes:
        contacts: The linked contacts with `survey_influence` (phi; missing until the window has closed),
            `survey_weight` (for how many contacts its answer stands; missing where it has none) and `survey_unheard`
            (1 where nobody of its reason and channel answers, so that its influence is a guess; else 0).
        model: Who answers and what they say; None where nobody answered.
        behaviour: Whether anything is seen of what customers do afterwards: without it, response that depends on the
            outcome cannot be told from response that does not.
        unheard: Share of contacts of which nobody answers.
        silent: Their reasons, channels, or reasons in channels, those with most contacts first.
    """

    contacts: ir.Table
    model: SurveyModel | None
    behaviour: bool
    unheard: float = 0.0
    silent: tuple[str, ...] = ()


def annotate_survey(engine: Engine, linked: ir.Table, policy: Policy, name: str = "fc_surveyed") -> Surveyed:
    """Add the influence of each contact on S-FCR.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `reason`, `channel`, `bucket` and the signals of `NEEDS`.
        policy: The policy; its reason level is that of the model.
        name: Under which the engine keeps what was learned.

    Returns:
        The contacts, and what was learned.
    """
    import pyarrow as pa

    marked = linked.mutate(
        **codes(linked), seen_channel=linked.channel.fill_null(""), seen_fold=(linked.bucket % FOLDS).cast("int64")
    )
    keys = ["seen_reason", "seen_channel", "seen_behaviour", "seen_wrap_up"]
    part = marked.filter(judged(marked)).group_by([*keys, "seen_fold", "seen_survey"])
    rows = engine.execute(part.aggregate(contacts=ibis._.count())).to_pylist()
    place = {
        pattern: number for number, pattern in enumerate(sorted({tuple(row[key] for key in keys) for row in rows}))
    }
    contacts, answered, yes = np.zeros((3, len(place), FOLDS))
    for row in rows:
        at = place[tuple(row[key] for key in keys)], row["seen_fold"]
        contacts[at] += row["contacts"]
        answered[at] += row["contacts"] * (row["seen_survey"] > 0)
        yes[at] += row["contacts"] * (row["seen_survey"] == YES)
    patterns = list(place)
    reasons = [cut_reason(pattern[0] or None, policy.link.reason_level) for pattern in patterns]
    said = answered.sum(axis=1)
    done = [pattern[2] * 3 + pattern[3] for pattern in patterns]
    factors = [_levels(reasons, said), _levels([pattern[1] for pattern in patterns], said), _numbered(done)]
    model = survey_model(factors, contacts, answered, yes)
    behaviour = len({pattern[2:] for pattern in patterns}) > 1
    if model is None:
        nothing = ibis.null("float64")
        return Surveyed(engine.view(linked.mutate(**dict.fromkeys(COLUMNS, nothing)), name), None, behaviour)
    channels = [pattern[1] for pattern in patterns]
    cells = _numbered(list(zip(reasons, channels, strict=True)))
    groups = [_numbered(reasons), _numbered(channels), factors[0], factors[1]]
    never = unheard(cells, groups, contacts, answered)
    columns = {key: [pattern[number] for pattern in patterns for _ in range(FOLDS)] for number, key in enumerate(keys)}
    columns |= {"seen_fold": list(range(FOLDS)) * len(patterns)}
    columns |= {"seen_response": model.response.ravel().tolist(), "seen_yes": model.outcome.ravel().tolist()}
    columns |= {"seen_unheard": [float(one) for one in never for _ in range(FOLDS)]}
    learned = engine.register(pa.table(columns), f"{name}_model")
    joined = marked.left_join(learned, [marked[key] == learned[key] for key in (*keys, "seen_fold")])
    there = ibis.ifelse(joined.seen_survey > 0, 1.0, 0.0)
    agreed = ibis.ifelse(joined.seen_survey == YES, 1.0, 0.0)
    own = judged(joined)
    influence = joined.seen_yes + there / joined.seen_response * (agreed - joined.seen_yes)
    surveyed = joined.mutate(
        survey_influence=ibis.ifelse(own, grained(influence), ibis.null("float64")),
        survey_weight=ibis.ifelse(own & (joined.seen_survey > 0), 1 / joined.seen_response, ibis.null("float64")),
        survey_unheard=ibis.ifelse(own, joined.seen_unheard, ibis.null("float64")),
    )
    held = contacts.sum(axis=1)
    return Surveyed(
        contacts=engine.view(surveyed.select(*linked.columns, *COLUMNS), name),
        model=model,
        behaviour=behaviour,
        unheard=float(held[never].sum() / held.sum()),
        silent=_named(reasons, channels, held, never, policy.publish.suppress_below),
    )


def _named(
    reasons: list[str], channels: list[str], contacts: Array, never: NDArray[np.bool_], least: int
) -> tuple[str, ...]:
    """Names of what is unheard: a reason or a channel where all of it is, otherwise a reason in a channel."""
    counted: Counter[str] = Counter()
    spoken = [number for number, silent in enumerate(never) if not silent]
    heard = {(kind, of[number]) for kind, of in enumerate((reasons, channels)) for number in spoken}
    for reason, channel, n, silent in zip(reasons, channels, contacts.tolist(), never.tolist(), strict=True):
        if silent:
            whole = [one for kind, one in enumerate((reason, channel)) if (kind, one) not in heard]
            counted[(whole[0] if whole else f"{reason or _NAMELESS} / {channel or _NAMELESS}") or _NAMELESS] += n
    names = [name for name, n in counted.most_common() if n >= least]
    return (*names[:_NAMED], *(["…"] if len(counted) > min(len(names), _NAMED) else []))


def _levels(values: list[str], answers: Array) -> Codes:
    """A number for each value; those with few answers share one."""
    count: Counter[str] = Counter()
    for value, n in zip(values, answers.tolist(), strict=True):
        count[value] += n
    return _numbered([value if count[value] >= LEAST_ANSWERS else _OTHERS for value in values])


def _numbered(values: Sequence[Any]) -> Codes:
    place = {value: number for number, value in enumerate(sorted(set(values)))}
    return np.array([place[value] for value in values], dtype=np.int64)
