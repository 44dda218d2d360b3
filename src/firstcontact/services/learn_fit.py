"""Learn how fast returns come and which of them are caused; and the windows, where the policy asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.fit.declared import Fit, declare, with_models
from firstcontact.measurement.fit.learn import learn
from firstcontact.measurement.fit.tally import tally
from firstcontact.measurement.linking.link import connect, reconnect
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.services.prepare import Prepared

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.model import ReturnModel
    from firstcontact.measurement.linking.frame import Frame

_NAME = "fc_learning"


def learn_fit(engine: Engine, prepared: Prepared, policy: Policy, *, models: bool = True) -> Fit:
    """The fit of some contacts: windows as the policy says, and a model of each reason's returns.

    A learned window that is longer than the declared one asks for a longer quiet time before an opener; then openers
    are counted once more.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        policy: The policy.
        models: Whether models are wanted even where the policy declares its windows. `complete_fit` adds them later,
            from contacts that are linked anyway.

    Returns:
        The fit. Where the policy asks for no customer, windows as declared and no models.
    """
    level = policy.link.reason_level
    fit = declare(policy, sorted({cut_reason(reason, level) for reason in prepared.reasons}))
    if not policy.needs_customer or not (models or policy.window.source == "learned"):
        return fit
    keep = {"customer", "bucket"} | ({"reason"} if policy.related else set())
    linked = connect(
        engine,
        prepared.tables,
        policy,
        fit,
        prepared.frame,
        has=prepared.has,
        keep=keep,
        detail=False,
        name=_NAME,
        shared=prepared.shared,
    )
    learned = with_models(policy, fit, learn_models(engine, linked, policy, prepared.frame, prepared.reasons))
    before = {window.reason: window.look_back_days for window in fit.windows}
    if all(before[window.reason] == window.look_back_days for window in learned.windows):
        return learned
    linked = reconnect(prepared.shared, linked, policy, learned, prepared.frame, f"{_NAME}_again")
    return with_models(policy, fit, learn_models(engine, linked, policy, prepared.frame, prepared.reasons))


def complete_fit(
    engine: Engine, linked: ir.Table, fit: Fit, policy: Policy, frame: Frame, reasons: list[str | None]
) -> Fit:
    """A fit with models, learned from the contacts that were linked under it; as it is where it has any.

    Takes what `learn_models` takes.
    """
    if fit.models or not policy.needs_customer:
        return fit
    return replace(fit, models=learn_models(engine, linked, policy, frame, reasons))


def unused_cycles(policy: Policy, fit: Fit) -> tuple[Finding, ...]:
    """A finding where reasons were learned without the cycle that the policy declares for them.

    Args:
        policy: The policy.
        fit: What was learned.
    """
    declared = [(one, policy.returns.cycle(one.reason)) for one in fit.models if one.learned]
    without = [model.reason for model, days in declared if days is not None and model.cycle_days != days]
    if not without:
        return ()
    text = Sentence(
        "fit.cycle",
        "The policy declares a cycle, and the returns of {count:,} reasons were told apart without it, {reason} among "
        "them: too few late returns show its shape, other reasons of the family have another one, or the fit that is "
        "used again was learned without it.",
        "The policy declares a cycle, and the returns of {reason} were told apart without "
        "it: too few late returns show its shape, other reasons of the family have another "
        "one, or the fit that is used again was learned without it.",
        "count",
        count=len(without),
        reason=without[0],
    )
    return (Finding("fit", text, level="warning"),)


def learn_models(
    engine: Engine, linked: ir.Table, policy: Policy, frame: Frame, reasons: list[str | None]
) -> tuple[ReturnModel, ...]:
    """What linked contacts tell about the returns of each reason.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `bucket` and `customer`.
        policy: The policy.
        frame: The period.
        reasons: Every different reason in the data; None stands for contacts without one.
    """
    return learn(tally(engine, linked, policy, frame, reasons), policy.publish, policy.returns)
