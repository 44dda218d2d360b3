"""What each measure means: contacts drawn by hand, what is counted of them, and where every other one went."""

from __future__ import annotations

from datetime import timedelta

import pytest

from firstcontact.kernel.result import Estimate
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.policy.model import Condition, Link, Policy, ServiceLevel
from tests.drawn import DAY_0, FRAME, SHOW_ALL, contact, count, count_all, draw, on

ISSUES = [
    contact("too early to know", "K0", 20),
    contact("opener, came back", "K1", 50),
    contact("the return", "K1", 60),
    contact("a return 40 days later", "K1", 65 + 35.5),  # after the cut-off
    contact("opener, did not", "K2", 55),
    contact("other reason next day", "K2", 56, reason="fault"),
    contact("window still open", "K3", 90),
    contact("nobody known", None, 50),
    contact("called by us", "K4", 50, direction="outbound"),
    contact("hung up", "K5", 50, abandoned=True),
]


def _policy(**link: object) -> Policy:
    return Policy(link=Link(**link), publish=SHOW_ALL)  # type: ignore[arg-type]


def test_fcr_issue_judges_openers(engine) -> None:
    """fcr_issue: of openers whose window has closed, those whose customer did not come back for the same reason."""
    told = count(engine, "fcr_issue", ISSUES)
    # Judged: K1's opener (came back), K2's opener and K2's other reason (did not).
    assert (told.n, told.total) == (3, 2.0)
    assert told.result.value == pytest.approx(2 / 3)
    assert (told.ledger.not_opener, told.ledger.left_censored, told.ledger.immature) == (1, 1, 1)
    assert told.ledger.excluded == {"no_customer": 1, "outbound": 1, "abandoned": 1, "after_cutoff": 1}


def test_fcr_contact_judges_every_contact(engine) -> None:
    """fcr_contact: openers and returns alike, from the first day on; the return itself was not followed by another."""
    told = count(engine, "fcr_contact", ISSUES)
    assert (told.n, told.total) == (5, 4.0)
    assert (told.ledger.not_opener, told.ledger.left_censored, told.ledger.immature) == (0, 0, 1)
    assert told.result.maturity == pytest.approx(5 / 6)
    assert told.result.status == "provisional"


def test_an_open_case_is_read_both_ways(engine) -> None:
    """fcr_contact: where the definition does not say, the point is the share among the rest and the interval holds both
    readings."""
    unsure = Policy(publish=SHOW_ALL, unsettled_when=(Condition("transfers", at_least=1),))
    told = count(
        engine,
        "fcr_contact",
        [contact(f"c{k}", f"K{k}", 50, transfers=int(k < 2), reason=None) for k in range(6)]
        + [contact("again", "K5", 55, transfers=0, reason=None)],
        unsure,
    )
    assert (told.n, told.total) == (7, 4.0)
    assert told.result.status == "unsettled"
    assert told.result.value == pytest.approx(4 / 5)
    assert told.result.low < 4 / 7
    assert told.result.high > 6 / 7


def test_repeat_rate_counts_the_returns_themselves(engine) -> None:
    """repeat_rate: contacts that follow another of the same customer and reason inside the window. Whoever calls before
    the data are a window old might be a return, and is not counted."""
    told = count(engine, "repeat_rate", ISSUES)
    # Not counted: "too early to know" lies 20 days after the beginning of the data.
    assert (told.n, told.total) == (5, 1.0)
    assert told.ledger.left_censored == 1
    assert told.ledger.excluded == {"no_customer": 1, "outbound": 1, "abandoned": 1, "after_cutoff": 1}


def test_early_repeats_do_not_flatter_the_repeat_rate(engine) -> None:
    """Of contacts less than a window after the data begin none is asked: to keep those that are seen to be repeats and
    drop the others would make the first weeks all repeats."""
    early = [contact("first", "K1", 1), contact("seen to be a repeat", "K1", 2)]
    told = count(engine, "repeat_rate", [*early, contact("old enough", "K2", 60)])
    assert (told.n, told.total) == (1, 0.0)
    assert told.ledger.left_censored == 2


def test_call_resolution_asks_how_it_ended(engine) -> None:
    """call_resolution: settled over received, whoever it was and however often they came; the record's state first,
    then what the agent says."""
    told = count(
        engine,
        "call_resolution",
        [
            contact("settled", "K1", 50, settled=True),
            contact("settled again", "K1", 51, settled=True),
            contact("open, though the agent says done", "K2", 50, settled=False, agent_says_resolved=True),
            contact("only the agent says so", None, 50, agent_says_resolved=True),
            contact("nobody says anything", "K3", 50),
            contact("hung up", "K4", 50, abandoned=True, settled=True),
        ],
    )
    # Who hung up was received and not resolved, whatever the record says.
    assert (told.n, told.total) == (5, 3.0)
    assert told.ledger.excluded == {"not_recorded": 1}


def test_the_agent_speaks_where_no_state_is_kept(engine) -> None:
    """call_resolution: among tickets with a history, a call without state or history is what its agent says; without
    that nothing is known of it, and it is not taken for open."""
    told = count(
        engine,
        "call_resolution",
        [
            contact("settled ticket", "K1", 50, events=[("settled", 51)]),
            contact(
                "open ticket, though the agent says done", "K2", 50, agent_says_resolved=True, events=[("update", 51)]
            ),
            contact("call, done", "K3", 50, agent_says_resolved=True),
            contact("call, not done", "K4", 50, agent_says_resolved=False),
            contact("call, nobody says anything", "K5", 50),
        ],
    )
    assert (told.n, told.total) == (4, 2.0)
    assert told.ledger.excluded == {"not_recorded": 1}


def test_the_whole_contact_shows_what_its_legs_show(engine) -> None:
    """escalation_rate, call_resolution, survey_fcr, csat: an escalation of any leg, the last word, and the survey of
    any leg are the contact's; each contact is counted once."""
    half = 10.5 / 1440  # half a minute after the head ended
    drawn = [
        contact("head", "K1", 50, channel="phone", agent_says_resolved=False),
        contact(
            "its leg",
            "K1",
            50 + half,
            channel="phone",
            escalated_to="level 2",
            agent_says_resolved=True,
            survey={"resolved": True, "contacts_needed": 1, "csat": 0.75},
        ),
        contact("head asked", "K2", 50, channel="phone", agent_says_resolved=True, survey={"csat": 0.25}),
        contact("leg silent", "K2", 50 + half, channel="phone"),
        contact("alone", "K3", 50, channel="phone", agent_says_resolved=False),
    ]
    asked = {"escalation_rate": (3, 1.0), "call_resolution": (3, 2.0), "survey_fcr": (1, 1.0), "csat": (2, 1.0)}
    told = count_all(engine, drawn, _policy(), FRAME, asked)
    assert {name: (one.n, one.total) for name, one in told.items()} == asked
    assert all(one.ledger.excluded["part_of_contact"] == 2 for one in told.values())


def test_the_wrap_up_of_a_whole_contact_is_the_last(engine) -> None:
    """A leg keeps its own code; the contact has the last one given."""
    drawn = [
        contact("head", "K1", 50, channel="phone", wrap_up="passed on"),
        contact("leg", "K1", 50 + 10.5 / 1440, channel="phone", wrap_up="solved"),
        contact("last leg", "K1", 50 + 21 / 1440, channel="phone"),
    ]
    linked = link(engine, draw(engine, drawn), _policy(), Fit(()), FRAME)
    rows = {row["contact_id"]: row["wrap_up"] for row in engine.execute(linked).to_pylist()}
    assert rows == {"head": "solved", "leg": "solved", "last leg": None}


def test_reopen_rate_asks_of_what_was_settled(engine) -> None:
    """reopen_rate: of contacts that were settled once, those opened again; never settled, never counted."""
    told = count(
        engine,
        "reopen_rate",
        [
            contact("settled for good", "K1", 50, events=[("settled", 51)]),
            contact("opened again", "K2", 50, events=[("settled", 51), ("reopen", 52), ("settled", 53)]),
            contact("twice", None, 50, events=[("settled", 51), ("reopen", 52), ("settled", 53), ("reopen", 54)]),
            contact("never settled", "K3", 50, events=[("update", 51)]),
            contact("no history", "K4", 50),
        ],
    )
    assert (told.n, told.total) == (3, 2.0)
    assert told.ledger.excluded == {"never_settled": 2}


def test_reopenings_without_settlements_give_no_reopen_rate(engine) -> None:
    """reopen_rate: a source that records only reopenings would show 100 %, so it shows nothing."""
    told = count(
        engine, "reopen_rate", [contact("opened again", "K1", 50, events=[("reopen", 52)]), contact("b", "K2", 50)]
    )
    assert told.result.code == "signal-absent"


def test_transfer_rate_counts_changes_of_hands(engine) -> None:
    """transfer_rate: the transfers that are recorded, and legs, of contacts that record them."""
    leg = contact("leg", "K5", 50 + 10.5 / 1440, channel="phone", transfers=None)
    told = count(
        engine,
        "transfer_rate",
        [
            contact("none", "K1", 50, transfers=0),
            contact("one", "K2", 50, transfers=1),
            contact("three, nobody known", None, 50, transfers=3),
            contact("not recorded", "K4", 50),
            contact("head", "K5", 50, channel="phone", transfers=0),
            leg,  # begins half a minute after the head ended
        ],
    )
    assert (told.n, told.total) == (4, 3.0)
    assert told.ledger.excluded == {"not_recorded": 1, "part_of_contact": 1}


def test_reassignments_are_transfers_where_no_column_says(engine) -> None:
    """transfer_rate: without a column, case events tell."""
    told = count(
        engine,
        "transfer_rate",
        [contact("moved", "K1", 50, events=[("reassignment", 50.1)]), contact("stayed", "K2", 50)],
    )
    assert (told.n, told.total) == (2, 1.0)


def test_escalation_rate_counts_the_way_up(engine) -> None:
    """escalation_rate: contacts that went to a higher level, by column or by event; silence means they did not."""
    told = count(
        engine,
        "escalation_rate",
        [
            contact("by column", "K1", 50, escalated_to="level 2"),
            contact("by event", None, 50, events=[("escalation", 50.2)]),
            contact("no", "K3", 50),
            contact("after the end", "K3", 101),
        ],
    )
    assert (told.n, told.total) == (3, 2.0)
    assert told.ledger.excluded == {"after_cutoff": 1}


def test_abandonment_rate_counts_who_left(engine) -> None:
    """abandonment_rate: of received contacts, those who left before an answer, known or not; calls that we made are no
    received ones, and an abandoned one outside the period is not counted."""
    told = count(
        engine,
        "abandonment_rate",
        [
            contact("left", "K1", 50, abandoned=True),
            contact("left, unknown", None, 50, abandoned=True),
            contact("stayed", "K2", 50, abandoned=False),
            contact("says nothing", "K3", 50),
            contact("ours", "K4", 50, direction="outbound", abandoned=True),
            contact("left later", "K5", 101, abandoned=True),
        ],
    )
    assert (told.n, told.total) == (4, 2.0)
    assert told.ledger.excluded == {"outbound": 1, "after_cutoff": 1}


def test_handle_time_is_the_mean_of_what_is_recorded(engine) -> None:
    """handle_time: seconds of every handled contact, legs included; a missing time is not zero."""
    told = count(
        engine,
        "handle_time",
        [
            contact("short", "K1", 50, handle_seconds=100.0, channel="phone"),
            contact("its leg", "K1", 50 + 10.2 / 1440, handle_seconds=500.0, channel="phone"),
            contact("nobody known", None, 51, handle_seconds=0.0),
            contact("not recorded", "K2", 51),
            contact("hung up", "K3", 51, abandoned=True, handle_seconds=9.0),
        ],
    )
    assert (told.n, told.total) == (3, 600.0)
    assert told.result.unit == "seconds"
    assert told.result.value == pytest.approx(200.0)
    assert told.ledger.excluded == {"not_recorded": 1, "abandoned": 1}


def _queued(name: str, customer: str, waited: float | None, **columns: object) -> dict:
    queued = on(50)
    answered = None if waited is None else queued + timedelta(seconds=waited)
    return contact(name, customer, 50, queued_at=queued, answered_at=answered) | columns


def test_service_level_counts_who_was_answered_in_time(engine) -> None:
    """service_level: 80/20 is 80 % answered within 20 seconds. Who leaves before the limit is left out, who leaves
    after it was not served, and a contact without an answer's time says nothing."""
    left_early, left_late = (on(50) + timedelta(seconds=s) for s in (5, 90))
    drawn = [
        _queued("at once", "K1", 0),
        _queued("on the limit", "K2", 20),
        _queued("too late", "K3", 20.000001),
        _queued("left early", "K4", None, abandoned=True, ended_at=left_early),
        _queued("left late", "K5", None, abandoned=True, ended_at=left_late),
        _queued("answer not recorded", "K6", None),
        contact("never queued", "K7", 50),
    ]
    told = count(engine, "service_level", drawn)
    assert (told.n, told.total) == (4, 2.0)
    assert told.ledger.excluded == {"left_before_limit": 1, "not_recorded": 2}
    wider = Policy(publish=SHOW_ALL, service_level=ServiceLevel(seconds=90))
    told = count(engine, "service_level", drawn, wider)
    assert (told.n, told.total) == (3, 3.0)
    assert told.ledger.excluded == {"left_before_limit": 2, "not_recorded": 2}


ANSWERS = [
    contact("yes, one", "K1", 50, survey={"resolved": True, "contacts_needed": 1, "csat": 1.0, "nps": 10, "ces": 0.75}),
    contact("yes, two", "K2", 50, survey={"resolved": True, "contacts_needed": 2, "csat": 0.5, "nps": 9, "ces": 0.25}),
    contact("yes", "K3", 50, survey={"resolved": True, "nps": 8}),
    contact("no", "K4", 50, survey={"resolved": False, "contacts_needed": 1, "csat": 0.0, "nps": 6, "ces": 0.5}),
    contact("only stars", "K5", 50, survey={"csat": 0.25}),
    contact("silent", "K6", 50),
    contact("nobody known", None, 50, survey={"resolved": True, "csat": 1.0, "nps": 0, "ces": 1.0}),
]


def test_survey_fcr_is_what_answering_customers_say(engine) -> None:
    """survey_fcr: resolved, and in one contact where that was asked too; silence is no answer."""
    told = count(engine, "survey_fcr", ANSWERS)
    # Whoever "nobody known" was, they answered.
    assert (told.n, told.total) == (5, 3.0)
    assert told.ledger.excluded == {"not_recorded": 2}


def test_csat_is_the_mean_of_answers(engine) -> None:
    """csat: the mean of what was answered, on 0 to 1."""
    told = count(engine, "csat", ANSWERS)
    assert (told.n, told.total) == (5, 2.75)
    assert told.result.value == pytest.approx(2.75 / 5)


def test_nps_is_promoters_less_detractors(engine) -> None:
    """nps: 9 and 10 promote, 0 to 6 detract, 7 and 8 are counted and do neither."""
    told = count(engine, "nps", ANSWERS)
    assert (told.n, told.total) == (5, 0.0)
    assert told.result.value == pytest.approx(0.0)


def test_ces_is_the_mean_ease(engine) -> None:
    """ces: the mean of what was answered, 0 hard to 1 easy."""
    told = count(engine, "ces", ANSWERS)
    assert (told.n, told.total) == (4, 2.5)
    assert isinstance(told.result, Estimate)


@pytest.mark.parametrize("index", ["openers", "all"])
def test_history_is_seen_but_not_judged(engine, index: str) -> None:
    """Contacts before `since` make later ones repeats and are themselves `before_since` in every measure."""
    frame = Frame(DAY_0, on(60), on(100), "contact")
    drawn = [contact("before", "K1", 50, settled=True), contact("after", "K1", 61, settled=False)]
    judged = {"fcr_contact": (1, 1.0), "repeat_rate": (1, 1.0), "call_resolution": (1, 0.0), "fcr_issue": (0, 0.0)}
    told = count_all(engine, drawn, _policy(index=index), frame, judged)
    assert {name: (one.n, one.total) for name, one in told.items()} == judged
    assert all(one.ledger.excluded == {"before_since": 1} for one in told.values())
    assert told["fcr_issue"].ledger.not_opener == 1
    assert told["fcr_issue"].result.code == "nothing-to-count"
