"""The window of each reason: by when the returns that it causes have come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.result import ONE_CUSTOMER_DOMINATES, TOO_FEW, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Context, Explanation
from firstcontact.measurement.measures.row import ResultRow

if TYPE_CHECKING:
    from firstcontact.measurement.fit.model import ReturnModel

MEASURE = "repeat_window_days"
ESTIMAND = "days by which 95 % of the returns caused by an opener have come, whether or not the policy uses it"

SHORT_HISTORY = RefusalKind(
    "short-history",
    "Too little history",
    "What comes by coincidence shows only long after a contact, so nothing can be learned before that.",
)
NO_CAUSED_RETURN = RefusalKind(
    "no-caused-return",
    "No return is seen to be caused",
    "That more customers come back than would come anyway cannot be told from chance, so no window can mark their "
    "end. R-FCR stands: its interval holds 100 %.",
)

NOT_IN_FIT = RefusalKind(
    "not-in-fit",
    "Not in the saved fit",
    "The fit that is used again was learned from data that did not hold this reason, or not enough of it.",
)

_KINDS = {
    "not-in-fit": NOT_IN_FIT,
    "history": SHORT_HISTORY,
    "background": SHORT_HISTORY,
    "too-few-returns": TOO_FEW,
    "unlike-its-family": TOO_FEW,
    "one-customer-dominates": ONE_CUSTOMER_DOMINATES,
}


def explain(context: Context) -> list[ResultRow]:
    """One row a reason: its learned window, or why there is none."""
    sources = {window.reason: window.source for window in context.fit.windows}
    rows = []
    for model in context.fit.models:
        level = f"reason_{model.reason.count(REASON_SEPARATOR) + 1}"
        cell = {level: model.reason} if model.reason else {}
        row = context.row(MEASURE, result(model, context.policy.publish.level), cell)
        rows.append(replace(row, windows=sources.get(model.reason, row.windows)))
    return rows


def result(model: ReturnModel, level: float) -> Estimate | Refusal:
    """The learned window of a reason as a figure."""
    if not model.learned:
        return Refusal(_KINDS[model.cause], model.why, model.would_help, model.openers, ESTIMAND)
    if model.window_days is None or model.window_low is None or model.window_high is None:
        reason = Sentence(
            "window.coincidence",
            "{returns:,} returns to {openers:,} openers cannot be told apart from what coincidence would bring.",
            "{returns:,} return to {openers:,} openers cannot be told apart from what coincidence would bring.",
            "returns",
            returns=model.returns,
            openers=model.openers,
        )
        cure = Sentence("window.coincidence.cure", "More data, if few returns are caused.")
        return Refusal(NO_CAUSED_RETURN, reason, cure, model.openers, ESTIMAND)
    return Estimate(model.window_days, model.window_low, model.window_high, level, model.openers, ESTIMAND, unit="days")


EXPLANATION = Explanation(MEASURE, "The window of each reason", {MEASURE: ESTIMAND}, explain)
