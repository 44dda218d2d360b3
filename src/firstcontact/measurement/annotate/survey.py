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
from firstcontact.statistics.survey_correction import FOLDS, SurveyModel, survey_model

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.statistics.bucket import Array
    from firstcontact.statistics.categorical_logistic import Codes

NEEDS: tuple[str, ...] = (*SIGNALS, "returned")
"""Signals that linking must bring along; and the contact column `channel`."""

SURVEYED = "surveyed"
"""Says among what the data hold that contacts have an influence on S-FCR."""

COLUMNS: tuple[str, ...] = ("survey_influence", "survey_weight")

LEAST_ANSWERS = 30
"""Reasons and channels with fewer answers share one effect on answering."""

_OTHERS = ""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Contacts with what they add to S-FCR.

    Attributes:
        contacts: The linked contacts with `survey_influence` (phi; missing until the window has closed) and
            `survey_weight` (for how many contacts its answer stands; missing where it has none).
        model: Who answers and what they say; None where nobody answered.
        behaviour: Whether anything is seen of what customers do afterwards: without it, response that depends on the
            outcome cannot be told from response that does not.
    """

    contacts: ir.Table
    model: SurveyModel | None
    behaviour: bool


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
        return Surveyed(
            engine.view(linked.mutate(survey_influence=nothing, survey_weight=nothing), name), None, behaviour
        )
    columns = {key: [pattern[number] for pattern in patterns for _ in range(FOLDS)] for number, key in enumerate(keys)}
    columns |= {"seen_fold": list(range(FOLDS)) * len(patterns)}
    columns |= {"seen_response": model.response.ravel().tolist(), "seen_yes": model.outcome.ravel().tolist()}
    learned = engine.register(pa.table(columns), f"{name}_model")
    joined = marked.left_join(learned, [marked[key] == learned[key] for key in (*keys, "seen_fold")])
    there = ibis.ifelse(joined.seen_survey > 0, 1.0, 0.0)
    agreed = ibis.ifelse(joined.seen_survey == YES, 1.0, 0.0)
    own = judged(joined)
    influence = joined.seen_yes + there / joined.seen_response * (agreed - joined.seen_yes)
    surveyed = joined.mutate(
        survey_influence=ibis.ifelse(own, grained(influence), ibis.null("float64")),
        survey_weight=ibis.ifelse(own & (joined.seen_survey > 0), 1 / joined.seen_response, ibis.null("float64")),
    )
    return Surveyed(engine.view(surveyed.select(*linked.columns, *COLUMNS), name), model, behaviour)


def _levels(values: list[str], answers: Array) -> Codes:
    """A number for each value; those with few answers share one."""
    count: Counter[str] = Counter()
    for value, n in zip(values, answers.tolist(), strict=True):
        count[value] += n
    return _numbered([value if count[value] >= LEAST_ANSWERS else _OTHERS for value in values])


def _numbered(values: Sequence[Any]) -> Codes:
    place = {value: number for number, value in enumerate(sorted(set(values)))}
    return np.array([place[value] for value in values], dtype=np.int64)
