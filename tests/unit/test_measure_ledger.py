"""Whatever the policy and whatever the contacts: every contact stands in one place of every measure's ledger."""

from __future__ import annotations

import random
from typing import Any

import pytest

from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.policy.model import Condition, Exclusion, Link, Policy, Publish, Window
from tests.conftest import FULL
from tests.drawn import contact, on, run_of

ROLES = ["count", "return_only", "ignore"]


def _policy(chance: random.Random) -> Policy:
    one = chance.choice
    return Policy(
        window=Window(one([0.0, 1.0, 10.0, 60.0])),
        link=Link(
            index=one(["openers", "all"]),
            gap_from=one(["auto", "start", "end"]),
            reason_level=one([None, 0, 1]),
            channels=one([(), ("phone", "chat")]),
            look_back_days=one([0.0, 45.0]),
            outbound=one(ROLES),
            abandoned=one(ROLES),
            self_service=one(ROLES),
            missing_customer=one(["exclude", "single"]),
            missing_reason=one(["own_reason", "exclude"]),
        ),
        counts_when=one(
            [(Condition("returned", equals=False),), (Condition("transfers", at_most=0, missing="unsettled"),)]
        ),
        left_out_when=one([(), (Condition("transfers", at_least=3, code="passed_on"),)]),
        exclude=one([(), (Exclusion("spam", "queue", ("", "spam")),)]),
        publish=Publish(minimum_sample=1, suppress_below=1, dominance=1.0),
    )


def _contact(chance: random.Random, number: int) -> dict[str, Any]:
    one, maybe, day = chance.choice, (True, False, None), chance.randrange(0, 990) / 10
    columns: dict[str, Any] = {
        "minutes": one([0, 10, 3_000]),
        "channel": one(["phone", "chat", "self-service", None]),
        "reason": one(["bill", "bill > late", "fault", None]),
        "direction": one(["inbound", "inbound", "outbound", None]),
        "abandoned": one((False, *maybe)),
        "settled": one(maybe),
        "agent_says_resolved": one(maybe),
        "transfers": one([0, 1, 3, None]),
        "escalated_to": one(["level 2", None]),
        "queue": one(["spam", "bills", None]),
        "handle_seconds": one([0.0, 90.0, None]),
        "queued_at": one([None, on(day - 0.0001), on(day - 0.01)]),
        "answered_at": one([None, on(day)]),
        "events": [(one(["settled", "reopen", "escalation"]), day + chance.random()) for _ in range(one([0, 0, 1, 3]))],
    }
    if chance.random() < 0.4:
        columns["survey"] = {"resolved": one(maybe), "csat": one([0.0, 0.5, None]), "nps": one([0, 10, None])}
    customer = one(["unknown", None, *(f"K{k}" for k in range(25))])
    return contact(f"c{number}", customer, day, **columns)


@pytest.mark.parametrize("seed", range(300 if FULL else 6))
def test_every_contact_stands_in_one_place(engine, seed: int) -> None:
    """Contacts = counted + excluded + not openers + left-censored + immature, for each measure that the data support,
    and what is counted is what the figure rests on, in the whole and over all parts of each cut together."""
    chance = random.Random(seed)
    contacts = [_contact(chance, number) for number in range(chance.choice([1, 20, 150]))]
    since = on(20) if len(contacts) > 1 else None
    run = run_of(engine, contacts, _policy(chance), cutoff=on(90), since=since, detail=False).run
    assert run.row_ledger.adds_up
    assert run.row_ledger.contacts == len(contacts)
    for book in run.measure_ledgers:
        assert book.adds_up
        assert book.contacts == len(contacts)
        assert all(n > 0 for n in book.excluded.values())
        figure = run.figure(book.measure)
        # A corrected figure rests on answers or reviews of some of the contacts.
        corrected = MEASURES[book.measure].kind == "corrected"
        if isinstance(figure, Estimate):
            assert figure.n <= book.counted if corrected else figure.n == book.counted
            assert figure.low <= figure.value <= figure.high
            assert figure.unit != "share" or 0 <= figure.low <= figure.high <= 1
        else:
            # Refused for want of contacts, or of customers to tell a spread.
            assert (book.counted == 0) == (figure.code in {"none-mature", "nothing-to-count"})
        for by in ("month", "week", "reason_1", "channel"):
            rows = run.slices(book.measure, by)
            assert corrected or not rows or sum(row.result.n for row in rows) == book.counted
    refused = set(MEASURES) - {book.measure for book in run.measure_ledgers}
    # R-FCR needs what was learned; where nothing can be counted at all, it says so as FCR does.
    empty = {"signal-absent", run.figure("fcr_issue").code} if not run.figure("fcr_issue").n else {"signal-absent"}
    assert all(run.figure(measure).code in (empty if measure == "r_fcr" else {"signal-absent"}) for measure in refused)
