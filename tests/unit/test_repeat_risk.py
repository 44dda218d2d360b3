"""The risk of a contact in a run: what it rests on, what it refuses, and that engine and model agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from firstcontact import bootstrap
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.annotate.feature import LEAK, Feature, check_as_of, standard_features
from firstcontact.measurement.annotate.risk import COLUMN, NEEDS, READS, Risked, annotate_risk
from firstcontact.measurement.prove.context import Context, Observed
from firstcontact.measurement.prove.nowcast import Learned, learn_returns
from firstcontact.measurement.prove.world import TRIALS


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Observed, Learned, Risked]]:
    """A world of 20,000 contacts with its returns and risks learned."""
    context = Context(bootstrap.engine)
    with context.observe(TRIALS["base"].world(), 20_000, 1, signals=NEEDS, keep=READS) as seen:
        learned = learn_returns(seen)
        yield seen, learned, annotate_risk(seen.engine, learned.contacts, seen.frame, learned.models, learned.keys)


def test_every_contact_that_takes_part_gets_a_risk(world: tuple[Observed, Learned, Risked]) -> None:
    """Between 0 and 1, missing for contacts that the policy excludes; its mean is the share that causes a return."""
    seen, _, risked = world
    both = risked.contacts.join(seen.truth.select("contact_id", "causes_repeat"), "contact_id")
    rows = seen.engine.execute(
        both.select(COLUMN, "takes_part", "excluded_code", "causes_repeat", "opener")
    ).to_pandas()
    counts = rows.takes_part & rows.excluded_code.isna()
    assert rows[COLUMN].notna().equals(counts)
    assert rows[COLUMN].dropna().between(0, 1, inclusive="neither").all()
    openers = rows[counts & rows.opener]
    assert openers[COLUMN].mean() == pytest.approx(openers.causes_repeat.mean(), abs=0.02)
    # Contacts of high risk bring their customers back more often.
    high = openers[COLUMN] > openers[COLUMN].quantile(0.8)
    assert openers.causes_repeat[high].mean() > 2 * openers.causes_repeat[~high].mean()


def test_the_card_says_how_it_was_tried(world: tuple[Observed, Learned, Risked]) -> None:
    """With slope, error and ten points of the calibration, on customers and days it was not learned from."""
    card = world[2].card
    assert card is not None
    assert 0.6 < card["tried_on"]["slope"] < 1.4
    assert len(card["tried_on"]["calibration"]) == 10
    assert card["learned_from"]["openers"] <= card["learned_from"]["of"]
    assert world[2].findings[0].code == "risk.tried"


def test_what_is_known_only_later_is_refused(world: tuple[Observed, Learned, Risked]) -> None:
    """A feature made of the next contact or a survey, and one recorded a day after the end, are faults (FC4050), all
    at once; what was recorded at the end is not."""
    seen, learned, _ = world

    def flag(rows: object) -> object:
        return rows.channel.notnull().cast("int64")  # type: ignore[attr-defined]

    feature = Feature("code", ("channel",), ("no", "yes"), flag)
    later = replace(feature, known_us=lambda rows: rows.anchor_us + 86_400_000_000)
    leaks = [replace(feature, reads=("next_gap_us",)), replace(feature, reads=("survey_resolved",)), later]
    with pytest.raises(FirstcontactError) as refused:
        annotate_risk(seen.engine, learned.contacts, seen.frame, learned.models, learned.keys, further=leaks)
    assert [fault.kind for fault in refused.value.faults] == [LEAK] * 3
    assert refused.value.faults[0].kind.code == "FC4050"
    check_as_of(seen.engine, learned.contacts, [replace(feature, known_us=lambda rows: rows.anchor_us)])


def test_of_tickets_only_what_the_first_record_settles_is_used(world: tuple[Observed, Learned, Risked]) -> None:
    """A ticket is written on for days, so that its transfers and codes may be younger than the customer's return."""
    seen, learned, _ = world
    names = [one.name for one in standard_features(seen.engine, learned.contacts, tickets=True)]
    assert names == ["channel", "weekday", "language"]


def test_too_few_returns_give_no_risk(world: tuple[Observed, Learned, Risked]) -> None:
    """With nothing learned, or next to no caused returns, the column is missing throughout and it is said why."""
    seen, learned, _ = world
    few = {reason: replace(model, caused_returns=10.0) for reason, model in learned.models.items()}
    for models in ({}, few):
        risked = annotate_risk(seen.engine, learned.contacts, seen.frame, models, learned.keys)
        filled = seen.engine.execute(risked.contacts.aggregate(n=risked.contacts[COLUMN].count()))["n"][0].as_py()
        assert filled == 0
        assert risked.card is None
        assert risked.findings[0].code == "risk.few"
    late = replace(seen.frame, cutoff=seen.frame.data_start)
    assert annotate_risk(seen.engine, learned.contacts, late, learned.models, learned.keys).card is None


def test_engine_and_model_give_the_same_risk(world: tuple[Observed, Learned, Risked]) -> None:
    """The column is the model's own effects added up: equal effects, equal risk."""
    seen, learned, risked = world
    card = risked.card
    assert card is not None
    name = "orders > delivery"
    rows = risked.contacts
    own = rows.filter(rows[COLUMN].notnull() & (rows.reason == name) & (rows.channel == "phone"))
    features = standard_features(seen.engine, learned.contacts, tickets=False)
    codes = {f"c{number}": one.code(own) for number, one in enumerate(features)}
    found = seen.engine.execute(own.select(COLUMN, **codes)).to_pylist()
    assert len(found) > 100
    for row in found:
        risk = row.pop(COLUMN)
        logit = card["base_logit"] + card["effects"]["reason"][name]
        for number, one in enumerate(features):
            logit += card["effects"][one.name][one.levels[row[f"c{number}"]]]
        assert risk == pytest.approx(1 / (1 + np.exp(-logit)), abs=2e-4)
