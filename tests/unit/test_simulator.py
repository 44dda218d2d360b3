"""The simulated log and its truth: they agree with the specs, with one another, and with what is said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from firstcontact.contacts.table import CHANNELS, REASON_SEPARATOR, TABLES
from firstcontact.measurement.simulator.column import ARROW_TYPES
from firstcontact.measurement.simulator.generate import Simulation, simulate
from firstcontact.measurement.simulator.truth import AGENT_TRUTH, CONTACT_TRUTH, ISSUE_TRUTH, REASON_TRUTH
from firstcontact.measurement.simulator.world import (
    Change,
    Coding,
    Customers,
    Handling,
    Identity,
    Reviews,
    Waiting,
    World,
)

SIZE = 30_000


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(contacts=SIZE, seed=3)


@pytest.fixture(scope="module")
def contacts(simulation: Simulation) -> pd.DataFrame:
    """Each contact with what was recorded and, suffixed `_true` where names collide, the truth."""
    recorded = simulation.tables["contacts"].to_pandas()
    truth = simulation.truth.tables["contact_truth"].to_pandas()
    return recorded.merge(truth, on="contact_id", validate="one_to_one")


def test_the_tables_are_exactly_as_specified(simulation: Simulation) -> None:
    """Names, order and types of all columns, and no required value is missing."""
    recorded = [
        spec for spec in TABLES if spec.name in {"contacts", "identifiers", "case_events", "surveys", "reviews"}
    ]
    specs = {spec.name: spec for spec in (*recorded, CONTACT_TRUTH, ISSUE_TRUTH, REASON_TRUTH, AGENT_TRUTH)}
    tables = {**simulation.tables, **simulation.truth.tables}
    assert set(tables) == set(specs)
    for name, table in tables.items():
        spec = specs[name]
        assert table.column_names == list(spec.names)
        for column in spec.columns:
            assert table.schema.field(column.name).type == ARROW_TYPES[column.type]
            assert not (column.required and table[column.name].null_count), f"{name}.{column.name}"
        table.validate(full=True)
        keys = table.select(spec.key)
        assert keys.group_by(list(spec.key)).aggregate([]).num_rows == table.num_rows, f"{name} repeats its key"


@pytest.mark.parametrize("size", [1, 10, 777, SIZE])
def test_the_log_has_the_size_asked_for(size: int, simulation: Simulation) -> None:
    """Redials, repeats and outbound contacts included, to the row."""
    made = simulation if size == SIZE else simulate(contacts=size, seed=1)
    assert made.tables["contacts"].num_rows == size == made.truth.summary["contacts"]


def test_the_same_seed_gives_the_same_tables(simulation: Simulation) -> None:
    """Every table equal, and another seed gives others."""
    again = simulate(World(), contacts=SIZE, seed=3)
    for name, table in {**simulation.tables, **simulation.truth.tables}.items():
        assert table.equals({**again.tables, **again.truth.tables}[name]), name
    assert simulation.truth.summary == again.truth.summary
    assert not simulate(contacts=1000, seed=4).tables["contacts"].equals(simulate(contacts=1000).tables["contacts"])


def test_turning_one_knob_leaves_the_rest_as_it_was(simulation: Simulation) -> None:
    """Wrong reason codes change recorded reasons of the same contacts, and nothing else."""
    other = simulate(replace(World(), coding=Coding(wrong=0.3)), contacts=SIZE, seed=3)
    before, after = simulation.tables["contacts"], other.tables["contacts"]
    same = [name for name in before.column_names if name not in ("reason", "reason_source")]
    assert before.select(same).equals(after.select(same))
    changed = (before["reason"].to_pandas().fillna("") != after["reason"].to_pandas().fillna("")).mean()
    assert 0.25 < changed < 0.3
    for name in ("identifiers", "case_events", "surveys", "reviews"):
        assert simulation.tables[name].equals(other.tables[name])


def test_the_same_contact_has_the_same_name_in_another_world(contacts: pd.DataFrame) -> None:
    """With more failures, people who stay in the log make their old contacts, the same way, and new ones beside."""
    world = replace(World(), handling=Handling(repeat_logit=1.0))
    other = simulate(world, contacts=SIZE, seed=3).tables["contacts"].to_pandas()
    both = contacts.merge(other, on="contact_id", suffixes=("", "_other"))
    assert len(both) > 0.9 * SIZE
    assert (both["started_at"] == both["started_at_other"]).all()
    assert (both["channel"] == both["channel_other"]).all()


def test_a_caused_repeat_follows_its_cause(contacts: pd.DataFrame) -> None:
    """Same person, same true reason, same issue; the cause failed, came first and was over; the delay is the truth."""
    repeats = contacts[contacts["caused_repeat_of"].notna()]
    assert len(repeats) > 3000
    pairs = repeats.merge(contacts, left_on="caused_repeat_of", right_on="contact_id", suffixes=("", "_cause"))
    assert len(pairs) == len(repeats)
    for name in ("person", "true_reason", "issue_id"):
        assert (pairs[name] == pairs[f"{name}_cause"]).all()
    assert (pairs["resolved_cause"] == False).all()  # noqa: E712  a column of truth values with missing ones
    assert pairs["causes_repeat_cause"].all()
    waited = (pairs["queued_at"].fillna(pairs["started_at"]) - pairs["ended_at_cause"]).dt.total_seconds()
    assert waited.min() > 100
    first = pairs[pairs["redial_of"].isna()]
    delay = (waited / 86_400)[first.index]
    assert (delay - first["repeat_delay_days_cause"]).abs().max() < 0.01
    assert first["caused_repeat_of"].is_unique


def test_truth_is_not_cut_where_the_log_is_cut(contacts: pd.DataFrame) -> None:
    """A return after the last day is known to come; every return before it is in the log."""
    end = pd.Timestamp(World().end)
    answered = contacts[contacts["resolved"].notna() & contacts["ended_at"].notna()]
    back = answered["ended_at"] + pd.to_timedelta(answered["repeat_delay_days"], unit="D")
    seen = answered["contact_id"].isin(contacts["caused_repeat_of"].dropna())
    assert (back[seen] < end + timedelta(minutes=1)).all()
    unseen = answered["causes_repeat"] & ~seen
    assert unseen.sum() > 50
    assert (back[unseen] > end - timedelta(hours=12)).all()  # a last wait in the queue may cross the cut


def test_the_log_holds_nothing_outside_its_period(simulation: Simulation) -> None:
    """No time in any table lies before the first day or after the cut; what is not over yet has no end."""
    world = simulation.world
    first, last = pd.Timestamp(world.start), pd.Timestamp(world.end)
    for table in simulation.tables.values():
        for field in table.schema:
            if pa.types.is_timestamp(field.type):
                times = table[field.name].drop_null().to_pandas()
                assert times.min() >= first
                assert times.max() < last
    log = simulation.tables["contacts"].to_pandas()
    assert log["started_at"].is_monotonic_increasing
    assert (log["ended_at"].dropna() >= log["started_at"][log["ended_at"].notna()]).all()
    assert 0 < log["ended_at"].isna().sum() < 0.01 * SIZE


def test_a_redial_follows_an_abandoned_attempt_within_minutes(contacts: pd.DataFrame) -> None:
    """Same person, reason, issue and channel, after the attempt, mostly within a quarter of an hour."""
    pairs = contacts.merge(contacts, left_on="redial_of", right_on="contact_id", suffixes=("", "_before"))
    assert len(pairs) > 300
    assert pairs["abandoned_before"].all()
    for name in ("person", "true_reason", "issue_id", "channel"):
        assert (pairs[name] == pairs[f"{name}_before"]).all()
    minutes = (pairs["queued_at"] - pairs["ended_at_before"]).dt.total_seconds() / 60
    assert minutes.min() > 0
    assert minutes.quantile(0.9) < 15
    assert minutes.max() <= 361


def test_nobody_answered_an_abandoned_contact(contacts: pd.DataFrame) -> None:
    """It has no agent, no answer, no handling, no wrap-up and no outcome, and opens no issue."""
    left = contacts[contacts["abandoned"]]
    assert 0.02 < len(left) / SIZE < 0.04
    empty = ["answered_at", "agent_id", "handle_seconds", "agent_says_resolved", "wrap_up", "resolved", "cost"]
    assert left[empty].isna().all().all()
    assert not left["is_issue_opener"].any()
    assert not left["causes_repeat"].any()


def test_an_outbound_contact_follows_up_and_changes_nothing(contacts: pd.DataFrame) -> None:
    """It comes after the contact it follows, by the same agent, and is neither opener nor repeat."""
    outbound = contacts[contacts["direction"] == "outbound"]
    assert (outbound.index == contacts.index[contacts["resolved"].isna() & ~contacts["abandoned"]]).all()
    assert not outbound["is_issue_opener"].any()
    assert outbound["caused_repeat_of"].isna().all()
    pairs = outbound.merge(contacts, left_on="follow_up_of", right_on="contact_id", suffixes=("", "_before"))
    assert len(pairs) > 300
    assert (pairs["started_at"] > pairs["ended_at_before"]).all()
    assert (pairs["agent_id"] == pairs["agent_id_before"]).all()
    assert (pairs["issue_id"] == pairs["issue_id_before"]).all()


def test_each_channel_shows_only_its_own_identifiers(simulation: Simulation) -> None:
    """A kind whose knob is 0 for a channel never appears there; the others appear as often as the knob says."""
    shown = simulation.tables["identifiers"].to_pandas()
    log = simulation.tables["contacts"].to_pandas()
    kinds = shown.merge(log[["contact_id", "channel"]], on="contact_id").groupby(["channel", "kind"]).size()
    volume = log.groupby("channel").size()
    assert set(volume.index) <= set(CHANNELS)
    for channel in World().channels:
        for kind in ("phone", "email", "account"):
            share = kinds.get((channel.name, kind), 0) / volume[channel.name]
            assert abs(share - getattr(channel, kind)) < 0.04, (channel.name, kind)
            assert (share == 0) == (getattr(channel, kind) == 0)


def test_one_person_is_known_by_several_identifiers(simulation: Simulation, contacts: pd.DataFrame) -> None:
    """Without errors an identifier, written tidily, belongs to one person, who has one of each kind or two phones."""
    clean = Identity(split=0, merged=0, missing=0, missing_abandoned=0, untidy=0)
    clear = simulate(replace(World(), identity=clean), contacts=5000, seed=3)
    shown = clear.tables["identifiers"].to_pandas()
    shown = shown.merge(clear.truth.tables["contact_truth"].to_pandas()[["contact_id", "person"]], on="contact_id")
    assert (shown.groupby(["kind", "value"])["person"].nunique() == 1).all()
    values = shown.groupby(["kind", "person"])["value"].nunique()
    assert values["email"].max() == values["account"].max() == 1
    assert values["phone"].max() == 2
    log = clear.tables["contacts"].to_pandas().merge(shown[["contact_id", "person"]].drop_duplicates(), on="contact_id")
    assert (log.groupby("customer_id")["person"].nunique() == 1).all()
    assert (log.groupby("person")["customer_id"].nunique() == 1).all()


def test_identity_knobs_split_and_merge_customers() -> None:
    """Split puts that share of contacts under a second record; merged puts people under another's."""
    world = replace(World(), identity=Identity(split=0.1, merged=0.05, missing=0, missing_abandoned=0))
    made = simulate(world, contacts=20_000, seed=2)
    log = made.tables["contacts"].to_pandas().merge(made.truth.tables["contact_truth"].to_pandas(), on="contact_id")
    record = log["customer_id"].str[1:].astype(int)
    assert abs((record % 2).mean() - 0.1) < 0.01
    owner = record // 2 == log["person"].str[1:].astype(int)
    assert abs(1 - owner.groupby(log["person"]).first().mean() - 0.05) < 0.015
    people = log.groupby("customer_id")["person"].nunique()
    assert people.max() == 2


def test_reason_codes_are_wrong_and_missing_as_often_as_asked(contacts: pd.DataFrame) -> None:
    """Recorded against true: wrong 2 %, missing 2 % of the answered; half of the wrong ones within the family."""
    answered = contacts[~contacts["abandoned"]]
    assert abs(answered["reason"].isna().mean() - 0.02) < 0.004
    known = answered[answered["reason"].notna()]
    wrong = known[known["reason"] != known["true_reason"]]
    assert abs(len(wrong) / len(known) - 0.02) < 0.004
    near = wrong["reason"].str.split(REASON_SEPARATOR).str[0] == wrong["true_reason"].str.split(REASON_SEPARATOR).str[0]
    assert 0.35 < near.mean() < 0.65  # half where the family has another reason, and some by chance


def test_the_truth_adds_up(simulation: Simulation, contacts: pd.DataFrame) -> None:
    """Contacts, issues, reasons, agents and the summary tell one story."""
    truth, summary = simulation.truth.tables, simulation.truth.summary
    issues, reasons = truth["issue_truth"].to_pandas(), truth["reason_truth"].to_pandas()
    assert issues["contacts"].sum() + issues["abandoned"].sum() + issues["outbound"].sum() == SIZE
    assert set(issues["issue_id"]) == set(contacts["issue_id"])
    openers = contacts[contacts["is_issue_opener"]]
    assert openers["issue_id"].is_unique
    assert len(openers) == issues["opener_contact_id"].notna().sum() == reasons["openers"].sum()
    assert len(openers) == summary["truth"]["openers"]
    joined = issues.merge(openers, left_on="opener_contact_id", right_on="contact_id", suffixes=("", "_opener"))
    assert (joined["resolved_at_first"] == joined["resolved"]).all()
    assert (joined["issue_id"] == joined["issue_id_opener"]).all()
    assert (joined["person"] == joined["person_opener"]).all()
    assert (openers["resolved"] == True).mean() == pytest.approx(summary["truth"]["t_fcr"])  # noqa: E712
    assert 1 - openers["causes_repeat"].mean() == pytest.approx(summary["truth"]["r_fcr"])
    by_reason = openers.groupby("true_reason")["causes_repeat"].mean()
    assert (1 - by_reason).to_dict() == pytest.approx(reasons.set_index("reason")["r_fcr"].to_dict())
    assert (
        truth["agent_truth"].to_pandas()["contacts"].sum() == contacts["resolved"][contacts["agent_id"].notna()].count()
    )
    assert (contacts["cause_unseen"] & contacts["caused_repeat_of"].notna()).sum() == 0
    assert summary["redials"] == contacts["redial_of"].notna().sum()
    repeats = contacts["cause_unseen"] | contacts["caused_repeat_of"].notna()
    assert summary["caused_repeats"] == (repeats & contacts["redial_of"].isna()).sum()


def test_a_downstream_issue_comes_after_its_cause(simulation: Simulation) -> None:
    """Same person, along an edge of the world, opened later."""
    issues = simulation.truth.tables["issue_truth"].to_pandas()
    opened = simulation.tables["contacts"].to_pandas().set_index("contact_id")["started_at"]
    pairs = issues.merge(issues, left_on="downstream_of", right_on="issue_id", suffixes=("", "_cause"))
    pairs = pairs[pairs["opener_contact_id"].notna() & pairs["opener_contact_id_cause"].notna()]
    paths = {reason.name: reason.path for reason in World().reasons}
    edges = {(paths[edge.cause], paths[edge.effect]) for edge in World().edges}
    assert set(zip(pairs["reason_cause"], pairs["reason"], strict=True)) == edges
    assert (pairs["person"] == pairs["person_cause"]).all()
    later = opened[pairs["opener_contact_id"]].to_numpy() > opened[pairs["opener_contact_id_cause"]].to_numpy()
    assert later.mean() > 0.999  # an opener that waits long for its own answer may be overtaken


def test_case_events_tell_the_life_of_a_case(simulation: Simulation, contacts: pd.DataFrame) -> None:
    """Only answered e-mail and web contacts have them; first reply, then settling; a reopen comes after settling."""
    events = simulation.tables["case_events"].to_pandas()
    joined = events.merge(contacts, on="contact_id", suffixes=("_event", ""))
    assert set(joined["channel"]) == {"email", "web"}
    assert (joined["at"] >= joined["started_at"]).all()
    by_kind = joined.groupby("kind")
    replies = by_kind.get_group("public_reply").groupby("contact_id")["at"].min()
    first = contacts.set_index("contact_id")["answered_at"]
    assert (replies == first[replies.index]).all()
    settled = by_kind.get_group("settled").groupby("contact_id")["at"].min()
    ended = contacts.set_index("contact_id")["ended_at"].dropna()
    assert (settled == ended[settled.index]).all()
    reopened = by_kind.get_group("reopen")
    assert (reopened["at"] > reopened["ended_at"]).all()
    moved = by_kind.get_group("reassignment").groupby("contact_id").size()
    assert (moved <= contacts.set_index("contact_id")["transfers"][moved.index]).all()
    returning = reopened["causes_repeat"].sum()
    assert returning > 0.4 * len(reopened)


def test_surveys_follow_the_contact_and_agree_with_what_the_customer_would_say(
    simulation: Simulation, contacts: pd.DataFrame
) -> None:
    """Answers come after the contact's end; scales hold; those who say resolved are the happier ones."""
    surveys = simulation.tables["surveys"].to_pandas().merge(contacts, on="contact_id", suffixes=("", "_true"))
    assert (surveys["answered_at"] > surveys["ended_at"]).all()
    said = surveys[surveys["resolved"].notna()]
    assert (said["resolved"].astype(bool) == said["would_say_resolved"].astype(bool)).all()
    assert surveys["csat"].dropna().between(0, 1).all()
    assert surveys["ces"].dropna().between(0, 1).all()
    assert surveys["nps"].dropna().between(0, 10).all()
    assert (surveys["contacts_needed"].dropna() >= 1).all()
    happy = said.groupby(said["resolved"].astype(bool))["csat"].mean()
    assert happy[True] > happy[False] + 0.3


def test_reviews_are_drawn_with_the_probability_they_state(contacts: pd.DataFrame) -> None:
    """The inverse probabilities add up to the contacts that could be drawn, also when risk is drawn more often."""
    for factor in (1.0, 5.0):
        made = simulate(replace(World(), reviews=Reviews(4000, factor)), contacts=SIZE, seed=3)
        reviews = made.tables["reviews"].to_pandas()
        drawn = reviews.drop_duplicates("contact_id").merge(contacts, on="contact_id", suffixes=("", "_true"))
        assert abs(len(drawn) - 4000) < 200
        assert (drawn["resolved"].astype(bool) == drawn["resolved_true"].astype(bool)).all()
        last = pd.Timestamp(World().end) - timedelta(days=65)
        eligible = contacts["resolved"].notna() & (contacts["ended_at"] < last)
        assert (1 / drawn["sampling_probability"]).sum() == pytest.approx(eligible.sum(), rel=0.05)
        transferred = (drawn["transfers"] > 0).mean()
        assert transferred > 0.25 if factor > 1 else transferred < 0.15


def test_a_change_touches_only_its_reason_from_its_day_on(contacts: pd.DataFrame) -> None:
    """P(unresolved) of the same contacts moves by the logit, from that day and for that reason only."""
    world = replace(World(), change=Change(date(2024, 9, 1), "password", 1.0))
    made = simulate(world, contacts=SIZE, seed=3)
    both = contacts.merge(made.truth.tables["contact_truth"].to_pandas(), on="contact_id", suffixes=("", "_changed"))
    moved = both["p_unresolved"] != both["p_unresolved_changed"]
    moved &= both["resolved"].notna()
    after = both["queued_at"].fillna(both["started_at"]) >= "2024-09-01"
    touched = (both["true_reason"] == "access > password") & after & both["resolved"].notna()
    assert (moved == touched).all()
    odds = both["p_unresolved"] / (1 - both["p_unresolved"])
    changed = both["p_unresolved_changed"] / (1 - both["p_unresolved_changed"])
    assert (changed / odds)[touched].median() == pytest.approx(2.71828, rel=1e-3)
    assert made.truth.summary["before_change"]["t_fcr"] > made.truth.summary["after_change"]["t_fcr"]


def test_who_was_handed_on_came_into_another_queue_first(contacts: pd.DataFrame) -> None:
    """The first queue is the final one but for contacts that were handed on; it is a queue of the same channel."""
    queued = contacts.dropna(subset=["queue"])
    assert queued["first_queue"].notna().all()
    wrong = queued["first_queue"] != queued["queue"]
    assert (wrong == (queued["transfers"] > 0)).all()
    assert 0.01 < wrong.mean() < 0.5
    channel = queued["queue"].str.rpartition(" ")[2]
    assert (queued["first_queue"].str.rpartition(" ")[2] == channel).all()


def test_extreme_worlds_can_be_lived() -> None:
    """Nobody ever answered, everything failing, one reason, one channel, no edges, one day."""
    world = World()
    only = replace(world, reasons=world.reasons[:1], edges=(), channels=world.channels[:1], lead_in_days=0, days=1)
    assert simulate(only, contacts=300).tables["contacts"].num_rows == 300
    silent = replace(only, days=30, channels=(replace(world.channels[0], abandonment=1.0),), waiting=Waiting(redial=0))
    made = simulate(silent, contacts=300)
    assert made.truth.summary["truth"]["t_fcr"] is None
    assert made.truth.summary["abandoned"] == 300
    hopeless = replace(world.reasons[0], unresolved=1.0, rho=1.0)
    failing = simulate(replace(only, days=60, reasons=(hopeless,)), contacts=2000)
    assert failing.truth.summary["truth"]["t_fcr"] == 0
    fine = replace(world, reasons=tuple(replace(reason, unresolved=0.0) for reason in world.reasons))
    assert simulate(fine, contacts=2000).truth.summary["caused_repeats"] == 0
    alike = replace(world, customers=Customers(frailty_shape=0))
    assert simulate(alike, contacts=2000).tables["contacts"].num_rows == 2000
