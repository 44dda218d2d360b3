"""What R-FCR means: drawn openers under a model of returns made by hand, what is counted, and what is refused."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.annotate.returns import annotate
from firstcontact.measurement.fit.declared import Fit, declare
from firstcontact.measurement.fit.model import LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import absent, estimate
from firstcontact.measurement.measures.reduce import ledger, reduce
from firstcontact.measurement.policy.model import Policy
from tests.drawn import FRAME, SHOW_ALL, contact, draw

POLICY = Policy(publish=SHOW_ALL)
RATE, TAU = 0.01, 20.0
"""Coincidental returns a day, and the days within which caused ones come, evenly."""

MODEL = ReturnModel(
    "bill",
    "learned",
    openers=900,
    returns=200,
    tau_days=TAU,
    window_days=0.95 * TAU,
    background=tuple(RATE * edge for edge in LAG_EDGES),
    latency=tuple(min(edge / TAU, 1.0) for edge in LAG_EDGES),
    latency_se=(0.0,) * len(LAG_EDGES),
    caused=(0.75,) * LAG_BINS,
    r_fcr=0.8,
)


def _told(engine, contacts: list[dict[str, Any]]) -> Any:
    tables = draw(engine, contacts)
    reasons = sorted({one["reason"] for one in contacts})
    fit = Fit(declare(POLICY, reasons).windows, models=(MODEL,))
    linked = link(engine, tables, POLICY, fit, FRAME, keep=tables["contacts"].columns)
    return annotate(engine, linked, fit, POLICY, FRAME, list(reasons))


def _figure(engine, contacts: list[dict[str, Any]]) -> tuple[Estimate | Refusal, Any]:
    told, measure = _told(engine, contacts), MEASURES["r_fcr"]
    return estimate(measure, reduce(engine, told, [measure], POLICY, []).sums["r_fcr"], POLICY)[0], ledger(
        engine, told, measure, POLICY
    )


def _chance(days: float) -> float:
    """Of a coincidental return by an age; who comes while the opener of ten minutes lasts counts as well."""
    return 1 - exp(-RATE * (days + 10 / 1440))


def test_r_fcr_takes_coincidence_away_and_youth_into_account(engine) -> None:
    """r_fcr: of two old openers one came back, a third is half as old as caused returns take to come; what would have
    come anyway is taken from the returns, and what cannot have come yet from the openers."""
    contacts = [
        contact("came back", "K1", 50),
        contact("the return", "K1", 55),
        contact("did not", "K2", 55),
        contact("half the time has passed", "K3", 90 - 10 / 1440),
        contact("a reason without a model", "K4", 55, reason="fault"),
        contact("too early to know", "K5", 20),
        contact("called by us", "K6", 50, direction="outbound"),
    ]
    figure, book = _figure(engine, contacts)
    assert isinstance(figure, Estimate)
    old, young = _chance(TAU), _chance(10)
    net = (1 - old) - old - young
    assert figure.value == pytest.approx(1 - net / (2 * (1 - old) + 0.5 * (1 - young)), abs=1e-6)
    assert figure.n == 3
    assert figure.maturity == pytest.approx((1 + 1 + 0.5) / 3, abs=1e-6)
    assert figure.low <= figure.value <= figure.high <= 1
    assert (book.not_opener, book.left_censored) == (1, 1)
    assert book.excluded == {"outbound": 1, "unlearned": 1}


def test_r_fcr_is_no_verdict_on_a_single_return(engine) -> None:
    """r_fcr: a return was caused with a probability, never for certain; it stands on the return itself."""
    told = _told(engine, [contact("first", "K1", 50), contact("second", "K1", 55), contact("alone", "K2", 50)])
    rows = engine.execute(told.select("contact_id", "p_caused")).to_pylist()
    assert {row["contact_id"]: row["p_caused"] for row in rows} == {"first": None, "second": 0.75, "alone": None}


def test_r_fcr_is_refused_while_everything_is_young(engine) -> None:
    """r_fcr: where a tenth of the time in which customers come back has passed, nothing is said."""
    figure, _ = _figure(engine, [contact(f"c{k}", f"K{k}", 98) for k in range(50)])
    assert isinstance(figure, Refusal)
    assert figure.code == "too-young"
    assert figure.maturity == pytest.approx(0.1, abs=0.001)


def test_r_fcr_is_refused_without_any_model() -> None:
    """r_fcr: where no reason was learned, the refusal says what is lacking."""
    measure = MEASURES["r_fcr"]
    lacking = measure.lacks(POLICY, frozenset({"customer", "reason"}))
    assert "caused" in lacking
    refused = absent(measure, lacking)
    assert lacking in refused.reason
    assert np.isclose(refused.maturity, 0)
