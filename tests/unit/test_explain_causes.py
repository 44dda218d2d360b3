"""Causes on drawn contacts: each pattern is seen where it was drawn, and nothing is said where nothing can be."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from firstcontact.contacts.table import CASE_EVENTS, CRM_EVENTS
from firstcontact.kernel.engine import Engine
from firstcontact.kernel.result import COUNTED, Estimate, Refusal
from firstcontact.measurement.explain import channel_path, csat_relation, downstream, driver, opportunity
from firstcontact.measurement.explain.explanation import Context, Stamp
from firstcontact.measurement.explain.root_cause import explanation as root_cause
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Cost, Link, Policy, Window, cut_reason
from firstcontact.services.explained import EXPLAINED
from firstcontact.services.explained import noted as member_of
from tests.drawn import DAY_0, contact, draw, on
from tests.engine_teller import rows

DAYS = 200
FRAME = Frame(DAY_0, DAY_0, DAY_0 + timedelta(days=DAYS), "contact")
POLICY = Policy(window=Window(7), link=Link(look_back_days=10, look_back_factor=1.0))
EXPLANATIONS = (driver, opportunity, root_cause, downstream, channel_path, csat_relation)


def context_of(
    engine: Engine, contacts: list[dict[str, Any]], policy: Policy = POLICY, further: dict[str, pa.Table] | None = None
) -> Context:
    """Drawn contacts as explanations see them."""
    tables = draw(engine, contacts)
    tables |= {name: engine.register(table, f"drawn_{name}") for name, table in (further or {}).items()}
    has = holdings(engine, tables)
    reasons = engine.execute(tables["contacts"].select("reason").distinct())["reason"].to_pylist()
    fit = declare(policy, sorted({cut_reason(reason, policy.link.reason_level) for reason in reasons}))
    signals = {signal for one in EXPLANATIONS for signal in one.EXPLANATION.signals} | {"repeat"}
    keep = {*tables["contacts"].columns, *(c for one in EXPLANATIONS for c in one.EXPLANATION.columns)}
    linked = link(engine, tables, policy, fit, FRAME, has=has, signals=signals, keep=keep)
    linked = linked.mutate(local_day=local_day(linked.start_us, "UTC", FRAME.data_start, FRAME.cutoff))
    return Context(
        engine, linked, tables, policy, fit, FRAME, "UTC", has, Stamp("p", "h", FRAME.cutoff, "v", "declared")
    )


def world(chance: np.random.Generator, customers: int, **columns: Any) -> list[dict[str, Any]]:
    """A contact for each customer; a column can be a function of (number, chance); `fails` is its chance to return."""
    drawn = []
    for k in range(customers):
        own = {name: value(k, chance) if callable(value) else value for name, value in columns.items()}
        fails = own.pop("fails", 0.2)
        day = own.pop("day", 12 + chance.random() * (DAYS - 25))
        own.setdefault("channel", "phone")
        drawn.append(contact(f"c{k}", f"cu{k}", day, **own))
        if chance.random() < fails:
            later = {name: value for name, value in own.items() if name in ("reason", "channel", "team")}
            later["channel"] = own.get("back_by", own["channel"])
            drawn.append(contact(f"c{k}-again", f"cu{k}", day + 0.5 + 4 * chance.random(), **later))
        drawn[-1].pop("back_by", None)
    return [{name: value for name, value in one.items() if name != "back_by"} for one in drawn]


def figures(found: list[ResultRow], measure: str) -> dict[tuple[str | None, str | None], Estimate | Refusal]:
    """Results of a measure by reason and cause."""
    return {(row.cell.get("reason"), row.cell.get("cause")): row.result for row in found if row.measure == measure}


def value_of(result: Estimate | Refusal) -> float:
    assert isinstance(result, Estimate), result
    assert result.low <= result.value <= result.high
    return result.value


def test_a_pattern_that_fails_more_is_found_and_its_contacts_are_named(engine: Engine) -> None:
    """Contacts that were handed on fail 30 points more: the excess, its volume, and failed contacts to read."""
    chance = np.random.default_rng(1)
    drawn = world(chance, 1500, transfers=lambda k, _: int(k % 5 == 0), fails=lambda k, _: 0.5 if k % 5 == 0 else 0.2)
    context = context_of(engine, drawn)
    found = root_cause.explain(context)
    excess = figures(found, "root_cause")[None, "wrong place first: once"]
    assert value_of(excess) == pytest.approx(0.3, abs=0.09)
    volume = figures(found, "root_cause_contacts")[None, "wrong place first: once"]
    assert value_of(volume) == pytest.approx(value_of(excess) * excess.n)
    hours = [row for row in found if row.cell.get("cause", "").startswith(("hour", "weekday")) and row.q_value]
    assert hours
    assert all(row.q_value > 0.01 for row in hours)
    read = engine.execute(context.exports["to_read"]).to_pylist()
    assert {row["cause"] for row in read} == {"wrong place first: once"}
    assert len(read) == root_cause.TO_READ
    assert all(int(row["contact_id"][1:]) % 5 == 0 for row in read)
    assert not any(str(value) == "c0" for row in found for value in row.cell.values())


def test_no_movement_is_taken_apart_where_nobody_fails(engine: Engine) -> None:
    """Nobody comes back: one refusal, and no figure with an interval of no width."""
    chance = np.random.default_rng(31)
    drawn = world(chance, 1200, reason=lambda k, _: ("fault", "bill")[k % 2], fails=0.0)
    (row,) = driver.explain(context_of(engine, drawn))
    assert isinstance(row.result, Refusal), row


def test_what_is_counted_has_no_interval(engine: Engine) -> None:
    """Pairs and patterns looked at, and how often one reason follows another, are counts: their level is 1."""
    chance = np.random.default_rng(32)
    drawn = world(chance, 1200, reason=lambda k, _: ("fault", "bill")[k % 2], transfers=lambda k, _: int(k % 5 == 0))
    context = context_of(engine, drawn)
    counted = [row for row in root_cause.explain(context) if row.measure in ("root_cause_looked_at", "root_cause_pair")]
    counted += [row for row in downstream.explain(context) if row.measure in ("downstream_pairs", "downstream_count")]
    assert counted
    for row in counted:
        assert isinstance(row.result, Estimate)
        assert (row.result.level, row.result.low) == (COUNTED, row.result.high)


def test_what_explanations_rest_on_is_noted_contact_by_contact(engine: Engine) -> None:
    """Of each cause, opportunity and pair of reasons as many contacts as its n says; those that have nobody to be
    compared with in their reason and channel are in none."""
    chance = np.random.default_rng(33)
    ways = (("front", "network"), ("front", "billing"), ("billing", "billing"), ("network", "network"))
    drawn = world(
        chance,
        1600,
        reason=lambda k, _: "rare" if k % 50 == 0 else ("fault", "bill")[k % 2],
        channel=lambda k, _: "letter" if k % 50 == 0 else "phone",
        first_queue=lambda k, _: "front" if k % 50 == 0 else ways[k % 4][0],
        queue=lambda k, _: "network" if k % 50 == 0 else ways[k % 4][1],
        fails=lambda k, _: 0.55 if k % 4 == 0 else 0.2,
    )
    drawn += [contact(f"n{k}", f"cu{k}", one["day"] + 8 + 20 * chance.random(), reason="next", queue="network")
              for k, one in enumerate(pairs_of(drawn)) if k % 3 == 0]  # fmt: skip
    context = replace(context_of(engine, drawn), members=[])
    found = [row for one in (root_cause, opportunity, downstream) for row in one.explain(context)]
    assert context.members is not None
    noted = context.linked.select("contact_id", "reason")
    for table in context.members:
        noted = noted.left_join(table, "contact_id").drop("contact_id_right")
    contacts = engine.execute(noted).to_pylist()
    told = {*EXPLAINED} & {row.measure for row in found if isinstance(row.result, Estimate)}
    assert told >= {"root_cause", "root_cause_contacts", "downstream", "downstream_count"}
    for row in found:
        if row.measure in told and isinstance(row.result, Estimate):
            wanted = member_of(row.measure, "n", row.cell, None)
            n = sum(all(one[each.column] is not None if each.values is None else one[each.column] in each.values
                        for each in wanted) for one in contacts)  # fmt: skip
            assert n == row.result.n, (row.measure, row.cell)
    alone = [one for one in contacts if one["reason"] == "rare"]
    assert alone
    assert {one["shows_wrong_queue_first"] for one in alone} == {None}


def pairs_of(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """First contacts, with the day on which they were drawn."""
    firsts = [one for one in drawn if not one["contact_id"].endswith("-again")]
    return [one | {"day": (one["started_at"] - DAY_0) / timedelta(days=1)} for one in firsts]


def test_a_wrong_queue_first_is_found_with_its_commonest_pairs(engine: Engine) -> None:
    """Contacts that came into the wrong queue fail 25 points more; the pairs say from where to where, and one of them
    that is too rare is not listed. Records without a first queue are not compared."""
    chance = np.random.default_rng(21)
    ways = {0: ("front", "network"), 1: ("front", "billing"), 2: ("billing", "billing"), 3: ("network", "network")}

    def way(k: int) -> tuple[str | None, str]:
        return ("rare", "billing") if k == 8 else (None, "billing") if k % 16 == 15 else ways[k % 8 if k % 8 < 4 else 2]

    drawn = world(
        chance,
        2400,
        first_queue=lambda k, _: way(k)[0],
        queue=lambda k, _: way(k)[1],
        fails=lambda k, _: 0.55 if k % 8 == 0 else 0.35 if k % 8 == 1 else 0.2,
    )
    found = root_cause.explain(context_of(engine, drawn))
    excess = figures(found, "root_cause")
    assert value_of(excess[None, "wrong queue first: another in the end"]) == pytest.approx(0.25, abs=0.08)
    rows = {row.cell["cause"]: row for row in found if row.measure == "root_cause" and "queue" in row.cell}
    assert set(rows) == {"wrong queue first: front -> network", "wrong queue first: front -> billing"}
    assert {row.cell["queue"] for row in rows.values()} == {"network", "billing"}
    worst = rows["wrong queue first: front -> network"].result
    assert value_of(worst) == pytest.approx(0.33, abs=0.1)
    assert abs(worst.n - 300) < 90
    pairs = {row.cell["cause"].partition(": ")[2]: row.result for row in found if row.measure == "root_cause_pair"}
    drawn_pairs = Counter(way(k) for k in range(2400))
    assert {pair: value_of(result) for pair, result in pairs.items()} == {
        f"{first} -> {final}": n for (first, final), n in drawn_pairs.items() if first not in (None, final) and n >= 5
    }


def test_a_wrong_reason_first_is_compared_with_the_final_reason(engine: Engine) -> None:
    """Held against contacts that had the final reason from the beginning; a reason that was only made more precise was
    not wrong; the row of a pair stands in the cell of its final reason."""
    chance = np.random.default_rng(22)

    def first(k: int, _: Any) -> str:
        return "bill > paper" if k % 4 == 0 else "fault" if k % 4 == 1 else "fault > line"

    drawn = world(
        chance,
        2000,
        reason=lambda k, _: "bill > paper" if k % 8 == 4 else "fault > line",
        first_reason=first,
        fails=lambda k, _: 0.5 if k % 8 == 0 else 0.2,
    )
    policy = Policy(window=Window(7), link=Link(look_back_days=10, look_back_factor=1.0, reason_level=1))
    for one in (policy, replace(policy, link=replace(policy.link, reason_level=None))):
        found = root_cause.explain(context_of(engine, drawn, one))
        deep = one.link.reason_level is None
        pair = ("bill > paper -> fault > line", "fault > line") if deep else ("bill -> fault", "fault")
        excess = figures(found, "root_cause")
        assert value_of(excess[pair[1], f"wrong reason first: {pair[0]}"]) == pytest.approx(0.3, abs=0.1)
        whole = excess[None, "wrong reason first: another in the end"]
        assert value_of(whole) == pytest.approx(0.3, abs=0.1)
        assert abs(whole.n - 250) < 90


def test_to_and_fro_is_told_from_one_step(engine: Engine) -> None:
    """A contact that came back to an agent who had given it away is to and fro; one handed on straight is not."""
    chance = np.random.default_rng(2)
    drawn = world(chance, 900, transfers=lambda k, _: 2 if k % 3 else 1, fails=lambda k, _: 0.6 if k % 3 == 1 else 0.2)
    seconds, listed = timedelta(minutes=1), []
    for one in drawn:
        name = one["contact_id"]
        if "again" in name:
            continue
        agents = {0: "ab", 1: "aba", 2: "abc"}[int(name[1:]) % 3]
        for place, agent in enumerate(agents):
            listed.append((name, one["started_at"] + place * seconds, "reassignment", agent))
    columns = {key: [row[at] for row in listed] for at, key in enumerate(("contact_id", "at", "kind", "agent_id"))}
    found = root_cause.explain(
        context_of(engine, drawn, further={"case_events": rows(CASE_EVENTS, columns, len(listed))})
    )
    excess = figures(found, "root_cause")
    assert value_of(excess[None, "to and fro: back to an earlier agent"]) == pytest.approx(0.4, abs=0.12)
    assert (None, "to and fro: three times and more") not in excess


def test_channels_are_compared_by_what_they_lose_and_gain(engine: Engine) -> None:
    """Web customers come back by phone, and nobody goes the other way: web loses, phone gains. A rare channel between
    which and others customers move at random loses nothing, though most of its returns come elsewhere."""
    chance = np.random.default_rng(3)

    def way(k: int, _: Any) -> str:
        return "web" if k % 4 == 0 else "email" if k % 10 == 1 else "phone"

    def back(k: int, chance: np.random.Generator) -> str:
        return "phone" if k % 4 == 0 else "email" if chance.random() < 0.1 else "phone"

    found = root_cause.explain(context_of(engine, world(chance, 2400, channel=way, back_by=back, fails=0.4)))
    net = figures(found, "root_cause")
    assert value_of(net[None, "channel: web"]) == pytest.approx(0.4, abs=0.08)
    assert value_of(net[None, "channel: phone"]) < 0
    email = net[None, "channel: email"]
    assert email.low < 0.05


def test_events_before_assets_again_waiting_escalations_and_call_backs_are_seen(engine: Engine) -> None:
    """Each pattern names what was drawn: days after a statement, an asset of somebody else, a hold, the cause of an
    escalation, and a call by the centre that did not answer a return."""
    chance = np.random.default_rng(4)
    drawn = world(
        chance,
        1600,
        asset_id=lambda k, _: f"asset-{k % 40}" if k % 2 else f"asset-own-{k}",
        events=lambda k, _: [("awaiting", 12.0)] if k % 4 == 0 else [],
        escalated_to=lambda k, _: "level 2" if k % 3 == 0 else None,
        wrap_up=lambda k, _: "needs approval" if k % 6 == 0 else "done",
        fails=lambda k, _: 0.5 if k % 6 == 0 else 0.2,
    )
    for one in drawn:
        if "events" in one:
            one["events"] = [(kind, (one["started_at"] - DAY_0).days + 1.0) for kind, _ in one["events"]]
    calls = [
        contact(f"{one['contact_id']}-call", one["customer_id"], 0, direction="outbound", channel="phone")
        | {"started_at": one["started_at"] + timedelta(hours=3), "ended_at": one["started_at"] + timedelta(hours=4)}
        for one in drawn
        if one["contact_id"].endswith("5")
    ]
    openers = [one for one in drawn if "again" not in one["contact_id"]]
    statements = {
        "customer_id": [one["customer_id"] for one in openers[::3]],
        "at": [one["started_at"] - timedelta(days=1) for one in openers[::3]],
        "kind": ["statement"] * len(openers[::3]),
    }
    crm = rows(CRM_EVENTS, statements, len(openers[::3]))
    found = figures(root_cause.explain(context_of(engine, drawn + calls, further={"crm_events": crm})), "root_cause")
    assert {
        (None, "event: statement, 0-2 days before"),
        (None, "asset: again within 90 days"),
        (None, "waiting: for information or a third party"),
        (None, "escalation: for want of authority"),
        (None, "escalation: level 2"),
        (None, "call-back: by the centre"),
    } <= set(found)
    assert value_of(found[None, "escalation: for want of authority"]) == pytest.approx(0.3, abs=0.1)
    assert abs(value_of(found[None, "waiting: for information or a third party"])) < 0.15


def test_a_pattern_without_its_data_says_what_it_needs(engine: Engine) -> None:
    """Refusals name the table or column that would make the question answerable."""
    found = figures(root_cause.explain(context_of(engine, world(np.random.default_rng(5), 200))), "root_cause")
    for cause, need in (
        ("event", "crm_events"),
        ("escalation", "escalated_to"),
        ("asset", "asset_id"),
        ("wrong queue first", "queue"),
    ):
        result = found[None, cause]
        assert isinstance(result, Refusal)
        assert result.code == "signal-absent"
        assert need in result.reason


def test_a_movement_is_put_down_to_what_moved(engine: Engine) -> None:
    """One reason gets worse in the last whole month, and nothing else changes: its rate is the movement; the parts add
    up to it."""
    chance = np.random.default_rng(6)
    # June 2024, the last whole month in which windows have closed, begins on day 152.
    drawn = world(
        chance,
        3000,
        day=lambda k, chance: 100 + chance.random() * 92,
        reason=lambda k, _: "bill" if k % 2 else "fault",
        fails=0.2,
    )
    extra = [
        contact(f"x{k}", one["customer_id"], (one["started_at"] - DAY_0).days + 3, reason="bill", channel="phone")
        for k, one in enumerate(drawn)
        if one["reason"] == "bill" and on(152) <= one["started_at"] < on(182) and "again" not in one["contact_id"]
        if chance.random() < 0.3
    ]
    found = figures(driver.explain(context_of(engine, drawn + extra)), "driver")
    movement = value_of(found[None, None])
    assert movement < -0.05
    assert value_of(found["bill", "rate"]) == pytest.approx(movement, abs=0.03)
    by_factor = [found[None, "rate"], found[None, "mix: reason"]]
    assert sum(value_of(one) for one in by_factor) == pytest.approx(movement, abs=1e-12)
    by_reason = [result for (reason, _), result in found.items() if reason is not None]
    assert sum(value_of(one) for one in by_reason) == pytest.approx(movement, abs=1e-12)


def test_opportunities_are_measured_against_ones_own_best_and_priced(engine: Engine) -> None:
    """One of four teams fails half as often for a reason: that is its target; the cost is the policy's."""
    chance = np.random.default_rng(7)
    drawn = world(
        chance,
        4000,
        team=lambda k, _: f"team-{k % 4}",
        reason=lambda k, _: "bill" if k % 3 else "fault",
        fails=lambda k, _: 0.1 if k % 3 and k % 4 == 0 else 0.4 if k % 3 else 0.2,
    )
    found = opportunity.explain(
        context_of(engine, drawn, Policy(window=Window(7), link=POLICY.link, cost=Cost(10.0, "EUR")))
    )
    first = found[0]
    assert (first.measure, first.cell["reason"]) == ("opportunity", "bill")
    gap = value_of(figures(found, "opportunity_gap")["bill", opportunity.TEAMS])
    assert gap == pytest.approx(0.225, abs=0.05)
    cost = value_of(figures(found, "opportunity_cost")["bill", opportunity.TEAMS])
    assert cost == pytest.approx(10 * value_of(first.result))


def test_csat_is_held_against_fcr_and_not_assumed(engine: Engine) -> None:
    """Customers who come back are 0.3 less satisfied here, and that is found; where nobody was asked it is refused."""
    chance = np.random.default_rng(8)
    drawn = world(chance, 1200, fails=0.3)
    back = {one["contact_id"].removesuffix("-again") for one in drawn if "again" in one["contact_id"]}
    for one in drawn:
        if "again" not in one["contact_id"]:
            mean = 0.4 if one["contact_id"] in back else 0.7
            one["survey"] = {"csat": float(np.clip(mean + chance.normal(0, 0.1), 0, 1))}
    found = csat_relation.explain(context_of(engine, drawn))
    relation = figures(found, "csat_relation")
    assert value_of(relation[None, csat_relation.VERDICT]) == pytest.approx(0.3, abs=0.03)
    assert isinstance(figures(found, "nps_relation")[None, None], Refusal)


ODD: dict[str, list[dict[str, Any]]] = {
    "one contact": [contact("a", "x", 20)],
    "one customer": [contact(f"a{k}", "x", 12 + k) for k in range(150)],
    "nobody comes back": world(np.random.default_rng(9), 300, fails=0.0),
    "everybody comes back": world(np.random.default_rng(10), 300, fails=1.0),
    "a reason each": world(np.random.default_rng(11), 400, reason=lambda k, _: f"reason-{k}"),
    "nobody is known": [contact(f"a{k}", None, 12 + k % 100) for k in range(200)],
    "no reason": world(np.random.default_rng(12), 200, reason=None),
    "all on one day": world(np.random.default_rng(13), 300, day=50.0, reason=lambda k, _: "a" if k % 2 else "b"),
    "always in one order": [
        contact(f"{reason}{k}", f"cu{k}", 20 + k % 20 + late, reason=reason)
        for k in range(200)
        for reason, late in (("first", 0), ("then", 60))
    ],
}


@pytest.mark.parametrize("name", list(ODD))
def test_odd_data_give_figures_or_refusals(engine: Engine, name: str) -> None:
    """No crash, no NaN, no interval that leaves out its own figure, and a refusal says what would help."""
    context = context_of(engine, ODD[name])
    for one in EXPLANATIONS:
        found = one.explain(context)
        assert found, one.__name__
        for row in found:
            assert row.measure in one.EXPLANATION.measures or row.measure.endswith("_relation")
            result = row.result
            if isinstance(result, Refusal):
                assert result.reason
                assert result.would_help
                continue
            assert all(math.isfinite(end) for end in (result.low, result.value, result.high)), row
            assert result.low <= result.value <= result.high, row


def test_a_return_is_followed_into_the_channel_in_which_it_came(engine: Engine) -> None:
    """Of the contacts of a channel that were followed by a return, each share is what a plain count over single
    contacts gives, its n is all of them, and its interval, clustered by customer, is no narrower than one of rows."""
    chance = np.random.default_rng(21)
    names = ("phone", "chat", "email")
    drawn = []
    for k in range(700):
        for number in range(int(chance.integers(1, 5))):
            channel = names[int(chance.choice(3, p=[0.5, 0.3, 0.2]))]
            day = 12 + float(chance.random()) * (DAYS - 25)
            drawn.append(contact(f"c{k}-{number}", f"cu{k % 500}", day, channel=channel))
    context = context_of(engine, drawn)
    told = engine.execute(context.linked.order_by(["customer", "start_us", "contact_id"])).to_pylist()
    plain: Counter[tuple[str, str]] = Counter()
    for one, after in pairwise(told):
        if one["returned"]:
            assert after["customer"] == one["customer"]
            plain[one["channel"], after["channel"]] += 1
    found = {(row.cell["channel"], row.cell["cause"]): row.result for row in channel_path.explain(context)}
    least = context.policy.publish.suppress_below
    assert set(found) == {(first, channel_path.NEXT + then) for (first, then), n in plain.items() if n >= least}
    for (first, then), n in plain.items():
        whole = sum(count for (begun, _), count in plain.items() if begun == first)
        result = found[first, channel_path.NEXT + then]
        assert isinstance(result, Estimate)
        assert (result.n, result.value) == (whole, pytest.approx(n / whole))
        assert result.high - result.low >= 1.9 * 1.96 * math.sqrt(result.value * (1 - result.value) / (whole + 4))


def test_a_short_history_brings_nothing_downstream(engine: Engine) -> None:
    """Three weeks are the least in which one issue can be seen to bring another."""
    drawn = world(np.random.default_rng(14), 100, reason=lambda k, _: "a" if k % 2 else "b")
    context = context_of(engine, drawn)
    short = Context(
        engine,
        context.linked,
        context.tables,
        context.policy,
        context.fit,
        Frame(DAY_0, DAY_0 + timedelta(days=190), FRAME.cutoff, "contact"),
        "UTC",
        context.has,
        context.stamp,
    )
    (row,) = downstream.explain(short)
    assert isinstance(row.result, Refusal)
    assert row.result.code == "too-few"


def test_issues_that_bring_each_other_are_said_to(engine: Engine) -> None:
    """Where a brings b and b brings a, the orders cancel: the pair is called mutual, in both directions."""
    chance = np.random.default_rng(15)
    drawn = []
    for k in range(1500):
        day, (first, second) = 15 + chance.random() * 100, ("ab", "ba")[k % 2]
        drawn.append(contact(f"c{k}", f"cu{k}", day, reason=first))
        if chance.random() < 0.3:
            drawn.append(contact(f"c{k}-then", f"cu{k}", day + 1 + 3 * chance.random(), reason=second))
    found = downstream.explain(context_of(engine, drawn))
    mutual = {
        (row.cell["reason"], row.cell["next_reason"]) for row in found if row.cell.get("cause") == downstream.MUTUAL
    }
    assert mutual == {("a", "b"), ("b", "a")}
    assert isinstance(found[0].result, Refusal)
    assert found[0].result.code == "nothing-clear"
