"""How likely each contact was resolved, and what reviewers found of those that were drawn for review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.annotate.seen import SIGNALS, codes, judged
from firstcontact.measurement.linking.portable import grained
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.statistics.latent_class import ANSWERS, BEHAVIOURS, LatentClass, latent_class
from firstcontact.statistics.rogan_gladen import Reviewers, reviewers

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy

NEEDS: tuple[str, ...] = (*SIGNALS, "returned")
"""Signals that linking must bring along."""

SCORED = "scored"
"""Says among what the data hold that contacts have a score."""

LABELS: tuple[str, ...] = ("label", "label_weight", "reviewer_accuracy", "reviewer_variance")
"""Columns that say something only where there are reviews."""
COLUMNS: tuple[str, ...] = ("p_resolved", *LABELS)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the reviews hold.

    Attributes:
        contacts: Contacts with a decided review and a sampling probability.
        unusable: Contacts with a decided review but no sampling probability: somebody picked them, so nothing follows
            from them for the others.
        undecided: Contacts with a sampling probability whose reviews decide nothing.
        reviewers: What pairs of reviews tell of the reviewers.
    """

    contacts: int
    unusable: int
    undecided: int
    reviewers: Reviewers


@dataclass(frozen=True, slots=True)
class Resolved:
    """Contacts with their score and their label.

    Attributes:
        contacts: The linked contacts with `p_resolved` (missing until the window has closed, and everywhere in data
            without surveys, wrap-ups and usable reviews: two classes cannot be told apart by returns alone, and what
            came out would be the guess the model began with), `label` (share of
            reviewers who found it resolved; missing where not reviewed), `label_weight` (inverse of its sampling
            probability), and `reviewer_accuracy` and `reviewer_variance`, the same on every row.
        model: The classes behind the score.
        reviewed: What the reviews hold.
    """

    contacts: ir.Table
    model: LatentClass
    reviewed: Reviewed


def annotate_resolved(
    engine: Engine, linked: ir.Table, reviews: ir.Table | None, policy: Policy, name: str = "fc_resolved"
) -> Resolved:
    """Add score and label to linked contacts.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `reason` and the signals of `NEEDS`.
        reviews: The table `reviews`, where the source has one.
        policy: The policy; its reason level is that of the model.
        name: Under which the engine keeps what was learned.

    Returns:
        The contacts, and what was learned.
    """
    marked = linked.mutate(**codes(linked))
    model, scores, answered = _learn(engine, marked, policy)
    reviewed, labels = _labels(engine, reviews, name)
    supported = answered or reviewed.contacts > 0
    learned = engine.register(scores, f"{name}_score")
    keys = ["seen_reason", "seen_behaviour", "seen_survey", "seen_wrap_up"]
    joined = marked.left_join(learned, [marked[key] == learned[key] for key in keys])
    closed = joined.excluded_code.isnull() & joined.mature & ibis.literal(supported)
    scored = joined.mutate(p_resolved=ibis.ifelse(closed, grained(joined.seen_score), ibis.null("float64")))
    scored = scored.select(*linked.columns, "p_resolved")
    if labels is None:
        nothing = ibis.null("float64")
        scored = scored.mutate(label=nothing, label_weight=nothing)
    else:
        found = scored.left_join(labels, scored.contact_id == labels.reviewed_id)
        scored = found.select(*linked.columns, "p_resolved", "label", "label_weight")
    known = reviewed.reviewers
    scored = scored.mutate(
        reviewer_accuracy=ibis.literal(known.accuracy), reviewer_variance=ibis.literal(known.variance)
    )
    return Resolved(engine.view(scored, name), model, reviewed)


def _learn(engine: Engine, marked: ir.Table, policy: Policy) -> tuple[LatentClass, pa.Table, bool]:
    """The model, the score of every pattern of every recorded reason, and whether anybody said anything at all."""
    import pyarrow as pa

    keys = ["seen_reason", "seen_behaviour", "seen_survey", "seen_wrap_up"]
    rows = engine.execute(marked.group_by(keys).aggregate(contacts=judged(marked).sum().fill_null(0)))
    recorded = sorted(set(rows["seen_reason"].to_pylist()))
    group = [cut_reason(reason or None, policy.link.reason_level) for reason in recorded]
    place = {reason: number for number, reason in enumerate(sorted(set(group)))}
    of_recorded = {reason: place[own] for reason, own in zip(recorded, group, strict=True)}
    counts = np.zeros((len(place), BEHAVIOURS, ANSWERS, ANSWERS))
    at = tuple(
        np.array(values, dtype=np.int64)
        for values in (
            [of_recorded[reason] for reason in rows["seen_reason"].to_pylist()],
            *(rows[key].to_numpy() for key in keys[1:]),
        )
    )
    np.add.at(counts, at, rows["contacts"].to_numpy())
    model = latent_class(counts)
    answered = bool(counts[:, :, 1:, :].sum() + counts[:, :, :, 1:].sum() > 0)
    return model, pa.table({key: rows[key] for key in keys} | {"seen_score": model.score[at]}), answered


def _labels(engine: Engine, reviews: ir.Table | None, name: str) -> tuple[Reviewed, ir.Table | None]:
    """One row a usable contact, and what was found on the way."""
    if reviews is None:
        return Reviewed(0, 0, 0, reviewers(0, 0)), None
    yes = reviews.resolved.cast("float64")
    chance = reviews.sampling_probability
    drawn = reviews.mutate(yes=yes, chance=ibis.ifelse((chance > 0) & (chance <= 1), chance, ibis.null("float64")))
    each = drawn.group_by("contact_id").aggregate(
        label=drawn.yes.mean(), chance=drawn.chance.max(), decided=drawn.yes.count(), agreed=drawn.yes.sum()
    )
    each = engine.materialise(each, f"{name}_review")
    usable = (each.decided > 0) & each.chance.notnull()
    # Of k reviews of which m say yes, m (k - m) of the k (k - 1) / 2 pairs differ.
    pairs = each.decided * (each.decided - 1) / 2
    differ = ibis.ifelse(each.decided > 1, each.agreed * (each.decided - each.agreed) / pairs.nullif(0), 0.0)
    counted = engine.execute(
        each.aggregate(
            contacts=usable.sum(),
            unusable=((each.decided > 0) & each.chance.isnull()).sum(),
            undecided=((each.decided == 0) & each.chance.notnull()).sum(),
            twice=(usable & (each.decided > 1)).sum(),
            differ=differ.sum(where=usable),
        )
    ).to_pylist()[0]
    known = reviewers(int(counted["twice"] or 0), float(counted["differ"] or 0.0))
    found = {name: int(counted[name] or 0) for name in ("contacts", "unusable", "undecided")}
    labels = each.filter(usable).select(reviewed_id="contact_id", label="label", label_weight=1 / each.chance)
    return Reviewed(**found, reviewers=known), labels
