"""Names in a policy that match nothing are said."""

from __future__ import annotations

from firstcontact.measurement.policy.model import Exclusion, Policy, Related, Window
from tests.drawn import contact, on, run_of


def _said(engine, policy: Policy, reason: str | None = "Billing") -> list[str]:
    drawn = [contact(f"c{k}", f"K{k}", 50 + k / 100, reason=reason, queue="Tier 2") for k in range(40)]
    findings = run_of(engine, drawn, policy, cutoff=on(100)).run.findings
    return [f"{one.text} {one.override}" for one in findings if one.topic in {"policy", "reasons"}]


def test_names_that_match_nothing_are_said_with_the_nearest(engine) -> None:
    """A window, a rule and an exclusion that differ by case or spelling from the data change no figure silently."""
    policy = Policy(
        window=Window(30, (("billing", 45),)),
        related=(Related("Billing", "Refunds", 10),),
        exclude=(Exclusion("tier", "queue", ("tier 2",)), Exclusion("region", "x_Region", ("north",))),
    )
    said = _said(engine, policy)
    assert len(said) == 4
    assert sum("Billing in the policy" in text for text in said) == 1
    assert sum("Tier 2 in the policy" in text for text in said) == 1


def test_names_that_match_are_not_spoken_of(engine) -> None:
    """No warning where every name is found."""
    policy = Policy(window=Window(30, (("Billing", 45),)), exclude=(Exclusion("tier", "queue", ("Tier 2",)),))
    assert _said(engine, policy) == []


def test_no_reason_anywhere_is_said(engine) -> None:
    """Without reasons the figure answers another question, and the reader is told."""
    assert len(_said(engine, Policy(), reason=None)) == 1
    assert "whatever reason" in _said(engine, Policy(), reason=None)[0]
