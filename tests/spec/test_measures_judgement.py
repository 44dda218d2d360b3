"""What T-FCR and S-FCR mean: drawn contacts with reviews and survey answers, what is counted, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from firstcontact.contacts.table import REVIEWS
from firstcontact.kernel.result import SUPPRESSED, Estimate, Refusal
from firstcontact.measurement.annotate.judgement import NEEDS, Judged, annotate_judgement
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.measures.bound import bound_by_returns, contradictions
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import estimate
from firstcontact.measurement.measures.reduce import ledger, reduce
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.measures.s_fcr import name_unheard
from firstcontact.measurement.measures.t_fcr import LEAST_LABELS
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.simulator.column import table as rows
from tests.drawn import FRAME, SHOW_ALL, contact, draw

POLICY = Policy(publish=SHOW_ALL)


def _people(count: int, **more: Any) -> list[dict[str, Any]]:
    """One opener each, all of whose windows have closed."""
    return [contact(f"c{k}", f"K{k}", 50 + k % 7, **more) for k in range(count)]


def _reviews(engine, drawn: list[tuple[str, str, bool | None, float | None]]) -> Any:
    contacts, reviewers, resolved, chance = zip(*drawn, strict=True)
    columns = {
        "contact_id": pa.array(contacts),
        "reviewer": pa.array(reviewers),
        "resolved": pa.array(resolved, pa.bool_()),
        "sampling_probability": pa.array(chance, pa.float64()),
    }
    return engine.register(rows(REVIEWS, columns, len(drawn)), "drawn_reviews")


def _judge(engine, contacts: list[dict[str, Any]], reviews: Any = None) -> tuple[Judged, dict[str, Any]]:
    tables = draw(engine, contacts)
    if reviews is not None:
        tables["reviews"] = reviews
    has = holdings(engine, tables)
    fit = declare(POLICY, ["billing"])
    linked = link(engine, tables, POLICY, fit, FRAME, has=has, signals=NEEDS, keep=tables["contacts"].columns)
    return annotate_judgement(engine, linked, tables, POLICY, has), tables


def _figure(engine, judged: Judged, measure: str) -> Estimate | Refusal:
    sums = reduce(engine, judged.contacts, [MEASURES[measure]], POLICY, []).sums[measure]
    assert ledger(engine, judged.contacts, MEASURES[measure], POLICY).counted == sums.count.sum()
    return estimate(MEASURES[measure], sums, POLICY)[0]


def test_t_fcr_is_what_reviewers_find(engine) -> None:
    """t_fcr: where every contact looks alike, the share of reviewed contacts that were found resolved, each for as many
    contacts as its chance of being drawn says; contacts that somebody picked, and undecided reviews, count for none."""
    drawn = [(f"c{k}", "R1", k % 4 != 0, 0.5) for k in range(LEAST_LABELS)]
    drawn += [(f"c{LEAST_LABELS + k}", "R1", False, 0.25) for k in range(50)]
    drawn += [("c300", "R1", False, None), ("c301", "R1", None, 0.5), ("c302", "R1", False, 7.0)]
    judged, _ = _judge(engine, _people(400), _reviews(engine, drawn))
    told = _figure(engine, judged, "t_fcr")
    assert isinstance(told, Estimate)
    assert told.n == LEAST_LABELS + 50
    assert told.value == pytest.approx(150 * 2 / (200 * 2 + 50 * 4))
    assert told.low < told.value < told.high
    assert judged.resolved is not None
    reviewed = judged.resolved.reviewed
    assert (reviewed.contacts, reviewed.unusable, reviewed.undecided) == (250, 2, 1)
    assert {finding.code for finding in judged.findings} == {"reviews.unusable", "reviews.single"}


def test_t_fcr_is_freed_of_what_reviewers_get_wrong(engine) -> None:
    """t_fcr: if two reviewers differ on 18 of 100 contacts, each is right in nine of ten, and 74 % found resolved mean
    that 80 % were."""
    drawn = [(f"c{k}", "R1", k % 50 < 37, 0.5) for k in range(300)]
    drawn += [(f"c{k}", "R2", (k % 50 < 37) ^ (k % 100 in range(20, 29) or k % 100 in range(90, 99)), 0.5)
              for k in range(200)]  # fmt: skip
    judged, _ = _judge(engine, _people(600), _reviews(engine, drawn))
    assert judged.resolved is not None
    assert judged.resolved.reviewed.reviewers.accuracy == pytest.approx(0.9)
    told = _figure(engine, judged, "t_fcr")
    assert isinstance(told, Estimate)
    assert told.value == pytest.approx((0.74 - 0.1) / 0.8, abs=0.03)


def test_t_fcr_is_refused_without_enough_reviews(engine) -> None:
    """t_fcr: a score alone is never shown. With one review too few, with none, and with reviewers who guess, there is a
    refusal that says what is missing."""
    drawn = [(f"c{k}", "R1", True, 0.5) for k in range(LEAST_LABELS - 1)]
    judged, _ = _judge(engine, _people(400), _reviews(engine, drawn))
    told = _figure(engine, judged, "t_fcr")
    assert isinstance(told, Refusal)
    assert (told.code, told.n) == ("too-few-labels", LEAST_LABELS - 1)
    assert "Review 1 more" in told.would_help
    alone, _ = _judge(engine, _people(400))
    told = _figure(engine, alone, "t_fcr")
    assert isinstance(told, Refusal)
    assert (told.code, told.n) == ("too-few-labels", 0)
    pairs = [(f"c{k}", f"R{turn}", bool(turn), 0.5) for k in range(300) for turn in (0, 1)]
    guessed, _ = _judge(engine, _people(400), _reviews(engine, pairs))
    told = _figure(engine, guessed, "t_fcr")
    assert isinstance(told, Refusal)
    assert told.code == "reviewers-disagree"


def test_s_fcr_gives_silent_contacts_a_voice(engine) -> None:
    """s_fcr: one half of the customers answers always and is content, of the other half one in five answers and is not:
    the plain share says 83 %, all customers together 50 %."""
    contacts = []
    for k in range(600):
        content = k % 2 == 0
        answers = content or k % 10 == 1
        survey = {"survey": {"resolved": content}} if answers else {}
        reason = "billing" if content else "product"
        contacts.append(contact(f"c{k}", f"K{k}", 50 + k % 7, reason=reason, **survey))
    judged, _ = _judge(engine, contacts)
    told = _figure(engine, judged, "s_fcr")
    assert isinstance(told, Estimate)
    assert told.n == 360
    assert told.value == pytest.approx(0.5, abs=0.02)
    assert judged.surveyed is not None
    assert not judged.surveyed.behaviour
    assert "surveys.behaviour" in {finding.code for finding in judged.findings}


def test_s_fcr_of_few_answers_is_an_indication(engine) -> None:
    """s_fcr: with three answers in a hundred contacts the whole is refused, and the refusal says where they point;
    with hardly any answer it points nowhere."""
    contacts = [
        contact(f"c{k}", f"K{k}", 50 + k % 7, **({"survey": {"resolved": k % 99 != 0}} if k % 33 == 0 else {}))
        for k in range(1400)
    ]
    judged, _ = _judge(engine, contacts)
    told = _figure(engine, judged, "s_fcr")
    assert isinstance(told, Refusal)
    assert told.code == "too-few-answers"
    assert "an indication and no figure" in told.reason
    judged, _ = _judge(engine, contacts[:300])
    told = _figure(engine, judged, "s_fcr")
    assert isinstance(told, Refusal)
    assert "30 are the least" in told.reason


def _asked(engine, never: int, kind: str) -> tuple[Judged, Estimate | Refusal]:
    """S-FCR of 1,000 customers of whom nobody of the last `never` answers, as all of them have one reason or channel;
    of the others one in three does, of whom 90 % are content."""
    contacts = []
    for k in range(1_000):
        silent = k >= 1_000 - never
        survey = {} if silent or k % 3 else {"survey": {"resolved": k % 30 != 0}}
        own = {kind: "product" if kind == "reason" else "email"} if silent else {}
        contacts.append(contact(f"c{k}", f"K{k}", 50 + k % 7, **own, **survey))
    judged, _ = _judge(engine, contacts)
    return judged, _figure(engine, judged, "s_fcr")


@pytest.mark.parametrize("kind", ["reason", "channel"])
def test_s_fcr_of_a_whole_that_is_partly_never_asked_is_refused(engine, kind: str) -> None:
    """s_fcr: where nobody of a reason or a channel with 40 % of the contacts answers, the whole has no figure; the
    refusal says what those who were asked say and who was not, and a finding warns of it."""
    judged, told = _asked(engine, 400, kind)
    assert judged.surveyed is not None
    name = "product" if kind == "reason" else "email"
    assert judged.surveyed.unheard == pytest.approx(0.4)
    assert judged.surveyed.silent == (name,)
    assert isinstance(told, Refusal)
    assert told.code == "too-few-answers"
    assert "40.0% of the contacts" in told.reason
    assert "The others' S-FCR is 89.9% (82.9% to 94.2%)" in told.reason
    warned = [one for one in judged.findings if one.code == "surveys.unheard"]
    assert [one.level for one in warned] == ["warning"]
    assert name in warned[0].text
    stamp = {"policy": "", "policy_hash": "", "cutoff": None, "version": "", "windows": ""}
    row = ResultRow("s_fcr", "", {}, "all", None, told, **stamp)  # type: ignore[arg-type]
    (named,) = name_unheard([row], judged.surveyed.silent)
    assert isinstance(named.result, Refusal)
    assert named.result.reason == f"Nobody of {name} answers. {told.reason}"
    assert name_unheard([row], ()) == [row]


def test_s_fcr_allows_for_a_small_part_that_is_never_asked(engine) -> None:
    """s_fcr: where nobody of a channel with 4 % of the contacts answers, the interval reaches from none of them content
    to all of them; with everybody asked it is 3 points narrower at least, and nothing is said."""
    judged, told = _asked(engine, 40, "channel")
    _, everybody = _asked(engine, 0, "channel")
    assert isinstance(told, Estimate)
    assert isinstance(everybody, Estimate)
    assert told.low < 0.96 * everybody.low + 0.01
    assert told.high > 0.96 * everybody.high + 0.03
    assert (told.high - told.low) - (everybody.high - everybody.low) > 0.03
    assert "surveys.unheard-few" in {one.code for one in judged.findings}


@pytest.mark.parametrize("measure", ["t_fcr", "s_fcr"])
def test_contacts_are_counted_as_issues_are(engine, measure: str) -> None:
    """Both judge openers whose window has closed, and say where every other contact stands."""
    contacts = [
        contact("too early to know", "K0", 20),
        contact("opener, came back", "K1", 50),
        contact("the return", "K1", 60),
        contact("opener, did not", "K2", 55, survey={"resolved": True}),
        contact("window still open", "K3", 90),
        contact("nobody known", None, 50),
        contact("hung up", "K5", 50, abandoned=True),
    ]
    judged, _ = _judge(engine, contacts)
    book = ledger(engine, judged.contacts, MEASURES[measure], POLICY)
    assert (book.counted, book.not_opener, book.left_censored, book.immature) == (2, 1, 1, 1)
    assert book.excluded == {"no_customer": 1, "abandoned": 1}
    scores = engine.execute(judged.contacts.select("contact_id", "p_resolved")).to_pydict()
    told = dict(zip(scores["contact_id"], scores["p_resolved"], strict=True))
    assert told["opener, did not"] > told["opener, came back"] > 0
    assert told["window still open"] is None
    assert told["nobody known"] is None


def test_returns_alone_score_nobody(engine) -> None:
    """p_resolved: without answers, wrap-ups and usable reviews two classes cannot be told apart, and no contact has a
    score; one review drawn at random gives it back, for then a figure may rest on it."""
    contacts = [contact(f"c{k}", f"K{k}", 50 + k % 7) for k in range(40)]
    alone, _ = _judge(engine, contacts)
    assert engine.execute(alone.contacts.aggregate(n=alone.contacts.p_resolved.count())).to_pylist() == [{"n": 0}]
    picked, _ = _judge(engine, contacts, _reviews(engine, [("c1", "R", True, None)]))
    assert engine.execute(picked.contacts.aggregate(n=picked.contacts.p_resolved.count())).to_pylist() == [{"n": 0}]
    drawn, _ = _judge(engine, contacts, _reviews(engine, [("c1", "R", True, 0.5)]))
    assert engine.execute(drawn.contacts.aggregate(n=drawn.contacts.p_resolved.count())).to_pylist() == [{"n": 40}]


def _row(measure: str, result: Estimate | Refusal, by: str = "", **cell: str) -> ResultRow:
    return ResultRow(measure, by, dict(cell), "all", None, result, "p", "h", FRAME.cutoff, "1")


def _share(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 0.95, 900, "share")


def test_t_fcr_above_r_fcr_is_a_contradiction() -> None:
    """t_fcr: whoever comes back because of an issue was not helped, so that R-FCR bounds T-FCR. A warning where their
    intervals lie apart the wrong way round; none where they meet, and none of single cells, of which there are many."""
    returns, above = _row("r_fcr", _share(0.80, 0.78, 0.82)), _row("t_fcr", _share(0.88, 0.85, 0.91))
    (said,) = contradictions([returns, above])
    assert (said.level, said.code) == ("warning", "truth.contradiction")
    assert "88.0%" in said.text
    assert "82.0%" in said.rests_on
    assert contradictions([returns, _row("t_fcr", _share(0.84, 0.81, 0.87))]) == ()
    assert contradictions([replace(returns, by="team", cell={"team": "a"}), above]) == ()


def test_bounds_of_t_fcr_are_ends_of_r_fcr(engine) -> None:
    """t_fcr: without reviews it lies below the upper end of R-FCR's interval, not below its point, and above what the
    policy's least share of returning customers leaves; a cell whose R-FCR is not known has no bounds."""
    alone, _ = _judge(engine, _people(400))
    refused = _figure(engine, alone, "t_fcr")
    rows = [_row("t_fcr", refused), _row("t_fcr", refused, "team", team="a"), _row("r_fcr", _share(0.80, 0.75, 0.84))]
    bounded, bare, returns = (row.result for row in bound_by_returns(rows, 0.5))
    assert isinstance(bounded, Refusal)
    assert "between 50.0% and 84.0%" in bounded.reason
    assert (bare, returns) == (refused, rows[2].result)
    likelier = bound_by_returns(rows, 0.8)[0].result
    assert isinstance(likelier, Refusal)
    assert "between 68.8% and 84.0%, if at least 80%" in likelier.reason


def test_bounds_of_t_fcr_know_returns_that_only_an_audit_finds(engine) -> None:
    """t_fcr: who came back unseen was not helped either, so that an audited R-FCR bounds T-FCR where there is one; and
    it is what a T-FCR above it contradicts. A refused audit bounds nothing."""
    alone, _ = _judge(engine, _people(400))
    refused = _figure(engine, alone, "t_fcr")
    returns, audited = _row("r_fcr", _share(0.80, 0.75, 0.84)), _row("r_fcr_audited", _share(0.72, 0.65, 0.78))
    unsaid = replace(audited, result=Refusal(SUPPRESSED, "few", "more", 3, "R-FCR"))
    cells = [_row("t_fcr", refused), returns, _row("t_fcr", refused, "team", team="a"), replace(returns, by="team")]
    whole, _, team, *_ = (row.result for row in bound_by_returns([*cells, audited], 0.5))
    assert isinstance(whole, Refusal)
    assert "between 30.0% and 78.0%" in whole.reason
    assert "those that the records miss among them" in whole.reason
    assert team == refused
    plain = bound_by_returns([*cells, unsaid], 0.5)[0].result
    assert isinstance(plain, Refusal)
    assert "between 50.0% and 84.0%" in plain.reason
    above = _row("t_fcr", _share(0.82, 0.80, 0.84))
    assert contradictions([returns, above]) == contradictions([returns, unsaid, above]) == ()
    (said,) = contradictions([returns, audited, above])
    assert "R-FCR (72.0%)" in said.text
