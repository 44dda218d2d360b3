"""Every way in which a figure is refused, reached by measuring contacts, each with a reason and what would help."""

from __future__ import annotations

import pytest

from firstcontact.kernel.result import (
    NONE_MATURE,
    NOTHING_TO_COUNT,
    ONE_CUSTOMER_DOMINATES,
    REFUSAL_KINDS,
    SIGNAL_ABSENT,
    SUPPRESSED,
    TOO_FEW,
    Estimate,
    Refusal,
)
from firstcontact.measurement.policy.model import Policy, Publish
from firstcontact.measurement.policy.preset import load_preset
from tests.drawn import contact, on, run_of


def _many(n: int, day: float = 50, **columns):
    return [contact(f"c{day}-{k}", f"K{day}-{k}", day + k / 1000, **columns) for k in range(n)]


def _refused(figure, kind) -> Refusal:
    assert isinstance(figure, Refusal)
    assert figure.kind is kind
    assert figure.reason.endswith(".")
    assert figure.would_help.endswith(".")
    assert figure.estimand
    return figure


def test_too_few_contacts_give_no_figure(engine) -> None:
    """29 contacts are refused where 30 are the least, and 30 are not."""
    few = run_of(engine, _many(29), cutoff=on(100)).run
    refusal = _refused(few.figure("fcr_contact"), TOO_FEW)
    assert "29 contacts" in refusal.reason
    assert refusal.n == 29
    assert isinstance(run_of(engine, _many(30), cutoff=on(100)).run.figure("fcr_contact"), Estimate)


def test_no_window_that_has_closed_gives_no_figure(engine) -> None:
    """All contacts within a window of the cut-off: nobody knows yet, and that is said, not 100 %."""
    run = run_of(engine, _many(60, day=80), cutoff=on(100)).run
    refusal = _refused(run.figure("fcr_contact"), NONE_MATURE)
    assert "60 contacts" in refusal.reason
    assert refusal.maturity == 0.0
    assert isinstance(run.headline, Refusal)


def test_a_policy_that_the_data_cannot_support_gives_no_figure(engine) -> None:
    """No customers, and a definition that asks who came back: refused, though each unknown one counts as single; no
    replies, and a definition that counts them: refused, and what is missing is named."""
    nobody = [{**row, "customer_id": None} for row in _many(60, channel="phone")]
    refusal = _refused(run_of(engine, nobody, load_preset("queuemetrics"), cutoff=on(100)).run.headline, SIGNAL_ABSENT)
    assert "customers" in refusal.reason
    refusal = _refused(
        run_of(engine, _many(60), load_preset("zendesk-one-touch"), cutoff=on(100)).run.headline, SIGNAL_ABSENT
    )
    assert "agent replies" in refusal.reason


def test_nothing_that_belongs_to_a_measure_gives_no_figure(engine) -> None:
    """Where every contact was left out, the ledger says why."""
    run = run_of(engine, _many(40, direction="outbound"), cutoff=on(100)).run
    _refused(run.figure("fcr_contact"), NOTHING_TO_COUNT)
    (book,) = [ledger for ledger in run.measure_ledgers if ledger.measure == "fcr_contact"]
    assert book.excluded == {"outbound": 40}


def test_data_without_the_signal_give_no_figure(engine) -> None:
    """What a source does not hold is not 0: one refusal for the whole, none a slice."""
    run = run_of(engine, _many(40), cutoff=on(100)).run
    for measure in ("reopen_rate", "survey_fcr", "csat", "nps", "ces", "service_level", "handle_time"):
        refusal = _refused(run.figure(measure), SIGNAL_ABSENT)
        assert "do not hold" in refusal.reason
        assert [row for row in run.rows if row.measure == measure and row.by] == []


@pytest.mark.parametrize(("own", "refused"), [(11, True), (10, False)])
def test_one_customer_with_most_contacts_gives_no_figure(engine, own: int, refused: bool) -> None:
    """More than a tenth of a cell by one customer is refused, a tenth is not; the other cells stand."""
    drawn = _many(100 - own, channel="chat") + [contact(f"b{k}", "BIG", 50 + k, channel="chat") for k in range(own)]
    run = run_of(engine, drawn + _many(60, day=51, channel="phone"), cutoff=on(300)).run
    by_channel = {row.cell["channel"]: row.result for row in run.slices("fcr_contact", "channel")}
    assert isinstance(by_channel["phone"], Estimate)
    figure = by_channel["chat"]
    if refused:
        assert "11%" in _refused(figure, ONE_CUSTOMER_DOMINATES).reason
    else:
        assert isinstance(figure, Estimate)


def test_a_cell_too_small_to_show_does_not_show_its_size(engine) -> None:
    """Four contacts of a team: no figure, and no count from which anybody could be told."""
    drawn = _many(60, team="large") + _many(4, day=52, team="small")
    run = run_of(engine, drawn, cutoff=on(100)).run
    by_team = {row.cell["team"]: row.result for row in run.slices("fcr_contact", "team")}
    refusal = _refused(by_team["small"], SUPPRESSED)
    assert (refusal.n, refusal.maturity) == (0, 0.0)
    assert "4" not in refusal.reason
    assert isinstance(by_team["large"], Estimate)


def test_a_mean_without_a_spread_gives_no_figure(engine) -> None:
    """Forty handle times of one customer, whom the policy allows: no interval can be known, so there is no figure."""
    drawn = [contact(f"c{k}", "K", 50 + k, handle_seconds=100.0 + k) for k in range(40)]
    run = run_of(engine, drawn, Policy(publish=Publish(dominance=1.0)), cutoff=on(300)).run
    assert "too few customers" in _refused(run.figure("handle_time"), TOO_FEW).reason


def test_every_refusal_is_reached_above() -> None:
    """No kind is documented that measuring never gives."""
    reached = {TOO_FEW, NONE_MATURE, NOTHING_TO_COUNT, SIGNAL_ABSENT, ONE_CUSTOMER_DOMINATES, SUPPRESSED}
    assert reached == set(REFUSAL_KINDS)
