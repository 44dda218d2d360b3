"""What is recorded after and about a contact: case events, surveys and quality reviews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from firstcontact.contacts.table import CASE_EVENT_KINDS, CASE_EVENTS, REVIEWS, SURVEYS
from firstcontact.measurement.simulator import column
from firstcontact.measurement.simulator.calendar import DAY
from firstcontact.measurement.simulator.life import Life
from firstcontact.measurement.simulator.record import Record
from firstcontact.measurement.simulator.stream import Bools, Floats, Ints, Streams, child

_MOST_REPLIES = 30


def would_say_resolved(life: Life) -> Bools:
    """What each customer would say if asked, also those who never answer."""
    knobs, contacts = life.world.surveys, life.contacts
    late = contacts["returns"] & (contacts["return_days"] >= knobs.late_days)
    yes = np.where(contacts["unresolved"], np.where(late, knobs.yes_late, knobs.yes_unresolved), knobs.yes_resolved)
    return life.streams.chance("customer says", life.key, yes)


@dataclass
class _Events:
    """Case events as they are gathered."""

    rows: list[Ints]
    at: list[Floats]
    kinds: list[Ints]
    by_agent: list[Bools]

    def add(self, kind: str, rows: Ints, at: Floats, by_agent: bool) -> None:
        self.rows.append(rows)
        self.at.append(at)
        self.kinds.append(np.full(len(rows), CASE_EVENT_KINDS.index(kind)))
        self.by_agent.append(np.full(len(rows), by_agent))


def case_events_table(life: Life, record: Record) -> pa.Table:
    """What happened to the contacts that are kept as cases, up to the cut, in the order of the contacts."""
    contacts, cases, streams = life.contacts, life.world.cases, life.streams
    rows = np.flatnonzero(life.of_channel("case") & life.answered)
    key = life.key[rows]
    # Whole seconds from here on, so that no two events of one kind fall together.
    queued, answered, ended = (np.floor(contacts[name][rows]) for name in ("queued", "answered", "ended"))
    span = ended - answered
    events = _Events([], [], [], [])
    transfers = contacts["transfers"][rows]
    for turn in range(int(transfers.max(initial=0))):
        moved = transfers > turn
        events.add("reassignment", rows[moved], (queued + (answered - queued) * 0.3 * (turn + 1) + turn)[moved], True)
    events.add("public_reply", rows, answered, True)
    replies = _geometric(streams, "further replies", rows, life, cases.further_replies)
    for turn in range(1, int(replies.max(initial=0)) + 1):
        here = replies >= turn
        share = turn / (replies[here] + 1)
        own = child(key[here], turn)
        events.add("public_reply", rows[here], answered[here] + np.floor(span[here] * share), True)
        asked = streams.chance("customer message", own, cases.customer_message)
        before = answered[here] + np.floor(span[here] * (share - 0.4 / (replies[here] + 1)))
        events.add("customer_message", rows[here][asked], before[asked], False)
    raised = record.escalated[rows]
    events.add("escalation", rows[raised], (answered + np.floor(span / 2))[raised], True)
    events.add("settled", rows, ended, True)
    thanks = streams.chance("thanks", key, cases.thanks)
    grateful = ended + 60 + np.floor(3000 * streams.uniform("thanks time", key))
    events.add("customer_message", rows[thanks], grateful[thanks], False)
    events.add("settled", rows[thanks], (grateful + 60)[thanks], True)
    reopened = np.flatnonzero(np.isfinite(record.reopened[rows]))
    events.add("reopen", rows[reopened], np.floor(record.reopened[rows][reopened]), False)
    events.add("settled", rows[reopened], np.floor(record.settled_again[rows][reopened]), True)
    return _events_table(life, record, events)


def _events_table(life: Life, record: Record, events: _Events) -> pa.Table:
    rows, at = np.concatenate(events.rows), np.concatenate(events.at)
    kinds, by_agent = np.concatenate(events.kinds), np.concatenate(events.by_agent)
    seen = np.flatnonzero(at < life.calendar.end)
    seen = seen[np.lexsort((kinds[seen], at[seen], rows[seen]))]
    rows = rows[seen]
    agent = np.where(by_agent[seen], life.contacts["agent"][rows], -1)
    columns = {
        "contact_id": record.contact_id.take(column.rows(rows)),
        "at": column.moments(life.world.start, at[seen]),
        "kind": column.labels(list(CASE_EVENT_KINDS), kinds[seen]),
        "agent_id": column.numbered("agent-", agent, 4, agent >= 0),
        "channel": column.labels([channel.name for channel in life.world.channels], life.contacts["channel"][rows]),
    }
    return column.table(CASE_EVENTS, columns, len(rows))


def _geometric(streams: Streams, name: str, rows: Ints, life: Life, mean: float) -> Ints:
    if mean <= 0:
        return np.zeros(len(rows), dtype=np.int64)
    waiting = np.log(streams.uniform(name, life.key[rows])) / np.log(mean / (1 + mean))
    return np.asarray(np.minimum(waiting, _MOST_REPLIES), dtype=np.int64)


def surveys_table(life: Life, record: Record, says: Bools) -> pa.Table:
    """The surveys that were answered before the cut."""
    knobs, contacts, streams = life.world.surveys, life.contacts, life.streams
    factor = np.array([reason.survey_factor for reason in life.world.reasons])[contacts["reason"]]
    response = np.where(
        ~contacts["unresolved"],
        knobs.response_resolved,
        np.where(contacts["returns"], knobs.response_returning, knobs.response_given_up),
    )
    answers = streams.chance("survey answer", life.key, response * factor * life.of_channel("survey_factor"))
    at = contacts["ended"] + DAY * streams.lognormal("survey delay", life.key, knobs.delay_days, 1.0) + 60
    rows = np.flatnonzero(answers & life.answered & (at < life.calendar.end))
    key, yes = life.key[rows], says[rows]

    def given(item: str) -> Bools:
        return ~streams.chance(f"left out {item}", key, knobs.unanswered_item)

    mood = np.where(yes, knobs.csat_yes, knobs.csat_no) - 0.05 * contacts["transfers"][rows]
    mood = mood - 0.08 * (contacts["attempt"][rows] > 0) + knobs.csat_sd * streams.normal("mood", key)
    noise = knobs.csat_sd * 0.6
    nps = np.clip(np.round(10 * (mood + noise * streams.normal("nps", key))), 0, 10)
    csat = np.clip(np.round(4 * mood), 0, 4) / 4
    ces = np.clip(np.round(6 * (mood + noise * streams.normal("ces", key))), 0, 6) / 6
    needed = contacts["attempt"][rows].astype(np.int64) + 1 + streams.chance("miscounts", key, knobs.miscounted)
    columns = {
        "contact_id": record.contact_id.take(column.rows(rows)),
        "answered_at": column.moments(life.world.start, at[rows]),
        "resolved": column.values(yes, given("resolved")),
        "contacts_needed": column.values(needed, given("contacts needed")),
        "csat": column.values(csat, given("csat")),
        "nps": column.values(nps.astype(np.int64), given("nps")),
        "ces": column.values(ces, given("ces")),
    }
    return column.table(SURVEYS, columns, len(rows))


def reviews_table(life: Life, record: Record) -> pa.Table:
    """The quality reviews: each answered contact is drawn by itself, with the probability that is recorded."""
    knobs, contacts, streams = life.world.reviews, life.contacts, life.streams
    at = contacts["ended"] + DAY * knobs.delay_days
    eligible = np.flatnonzero(life.answered & (at + 20 * DAY < life.calendar.end))
    risky = record.escalated[eligible] | (contacts["transfers"][eligible] > 0)
    weight = np.where(risky, knobs.risk_factor, 1.0)
    probability = np.minimum(1.0, weight * (knobs.expected / max(float(weight.sum()), 1.0)))
    drawn = streams.chance("review", life.key[eligible], probability)
    first, chance = eligible[drawn], probability[drawn]
    twice = streams.chance("second review", life.key[first], knobs.second) & (knobs.reviewers > 1)
    rows, chance = np.concatenate([first, first[twice]]), np.concatenate([chance, chance[twice]])
    turn = np.concatenate([np.zeros(len(first), np.int64), np.ones(int(twice.sum()), np.int64)])
    reviewer = (streams.choose("reviewer", life.key[rows], np.ones(knobs.reviewers)) + turn) % knobs.reviewers
    right = streams.chance("review right", child(life.key[rows], turn), knobs.accuracy)
    when = at[rows] + DAY * 20 * streams.uniform("review day", child(life.key[rows], turn))
    order = np.lexsort((turn, rows))
    columns = {
        "contact_id": record.contact_id.take(column.rows(rows)),
        "reviewer": column.numbered("reviewer-", reviewer, 2),
        "reviewed_at": column.moments(life.world.start, when),
        "resolved": column.values(~contacts["unresolved"][rows] == right),
        "sampling_probability": column.values(chance),
    }
    return column.table(REVIEWS, columns, len(rows)).take(column.rows(order))
