"""A saved fit on other data: its windows, and the policy's own for the reasons that it does not name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ibis import _

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.fit.declared import Fit, complete
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.fit.tally import follow, keys_of
from firstcontact.measurement.policy.model import Policy, cut_reason

_NAMED = 5
"""More reasons than this are not named in one sentence."""

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.linking.frame import Frame


def reuse_fit(
    engine: Engine, contacts: ir.Table, policy: Policy, fit: Fit, reasons: Sequence[str | None]
) -> tuple[Fit, tuple[Finding, ...]]:
    """Make a saved fit cover the reasons of some contacts.

    Args:
        engine: Where the contacts are.
        contacts: With `reason`.
        policy: The policy, which declares the windows that the fit lacks.
        fit: The fit, as saved.
        reasons: Every different reason in the data; None stands for contacts without one.

    Returns:
        The fit with a window for each reason, and a warning that says how many contacts have one it did not name.
    """
    level = policy.link.reason_level
    occurring = {cut_reason(reason, level) for reason in reasons}
    lacking = occurring - {window.reason for window in fit.windows}
    whole = complete(policy, fit, occurring)
    if not lacking:
        return whole, ()
    counted = engine.execute(contacts.group_by("reason").aggregate(n=_.count()))
    each = dict(zip(counted["reason"].to_pylist(), counted["n"].to_pylist(), strict=True))
    concerned = sum(n for reason, n in each.items() if cut_reason(reason, level) in lacking)
    text = Sentence(
        "fit.lacking",
        "Reasons that the saved fit does not name: {lacking:,} of {reasons:,} ({names}). "
        "Their windows are those that the policy declares, which concerns {concerned:,} of "
        "{contacts:,} contacts.",
        lacking=len(lacking),
        reasons=len(occurring),
        concerned=concerned,
        contacts=sum(each.values()),
        names=_named(lacking),
    )
    rests_on = Sentence(
        "fit.lacking.rests",
        "{count:,} windows in the fit, at the policy's level of reasons",
        "{count:,} window in the fit, at the policy's level of reasons",
        "count",
        count=len(fit.windows),
    )
    cure = Sentence("fit.lacking.cure", "leave {option} out", option="--fit")
    return whole, (Finding("fit", text, rests_on, "warning", cure),)


def _named(reasons: set[str]) -> str:
    first = sorted(reasons)[:_NAMED]
    return ", ".join(first) + (", …" if len(reasons) > len(first) else "")


def standing(
    engine: Engine, linked: ir.Table, fit: Fit, policy: Policy, frame: Frame, reasons: list[str | None]
) -> tuple[ReturnModel, ...]:
    """The models of a saved fit as they stand for other data, with one that says why for each reason it lacks.

    Args:
        engine: Where the contacts are.
        linked: Linked contacts.
        fit: The fit, with its models.
        policy: The policy.
        frame: The period.
        reasons: Every different reason in the data; None stands for contacts without one.

    Returns:
        Each model with the openers of its reason in these data; reasons without openers are left out.
    """
    index = follow(linked, frame)
    counted = engine.execute(index.group_by("key").aggregate(n=_.count()))
    names = keys_of(reasons, policy)
    openers = dict(zip((names[key] for key in counted["key"].to_pylist()), counted["n"].to_pylist(), strict=True))
    known = {model.reason: model for model in fit.models}
    return tuple(
        replace(known[reason], openers=n) if reason in known else _lacking(reason, n)
        for reason, n in sorted(openers.items())
    )


def _lacking(reason: str, openers: int) -> ReturnModel:
    why = Sentence("unlearned.not-in-fit", "The saved fit does not know its returns.")
    cure = Sentence(
        "unlearned.not-in-fit.cure", "Leave {option} out, or learn the fit from data that hold it.", option="--fit"
    )
    return ReturnModel(reason, "unlearned", openers, 0, "not-in-fit", why, cure)
