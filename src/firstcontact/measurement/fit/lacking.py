"""Why a reason's returns cannot be learned, and what would change that."""

from __future__ import annotations

import numpy as np

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.fit.tally import LEAST_HISTORY_DAYS, Tally
from firstcontact.measurement.policy.model import Publish

LEAST_RETURNS = 300
"""With fewer returns a reason takes window and onset from its family."""
LEAST_OWN_RETURNS = 30
"""With fewer returns, caused or not, a reason's own share of caused ones is not given."""

LONG = 730.0
"""As many days and more are said in years."""

Why = tuple[str, str, str]
"""Code, sentence, and what would change it."""


def refuse(found: Tally, key: int, returns: int, publish: Publish) -> Why | None:
    """Why nothing can be learned of a reason, whatever others show: code, sentence, what would change it."""
    if found.history_days < LEAST_HISTORY_DAYS:
        lacking = LEAST_HISTORY_DAYS - found.history_days
        return (
            "history",
            Sentence(
                "unlearned.history",
                "{days} days of complete data; {least} are needed to see coincidence.",
                "{days} day of complete data; {least} are needed to see coincidence.",
                "days",
                days=int(found.history_days),
                least=LEAST_HISTORY_DAYS,
            ),
            Sentence(
                "unlearned.history.cure",
                "{days:.0f} more days of complete data, before or after these.",
                days=float(np.ceil(lacking)),
            ),
        )
    largest = found.largest.get(key, 0)
    if largest > publish.dominance * returns and returns >= LEAST_OWN_RETURNS:
        return (
            "one-customer-dominates",
            Sentence(
                "unlearned.dominance",
                "One customer holds {share:.0%} of {returns:,} returns; allowed: {limit:.0%}.",
                "One customer holds the only return; allowed: {limit:.0%}.",
                "returns",
                share=largest / returns,
                returns=returns,
                limit=publish.dominance,
            ),
            Sentence(
                "unlearned.dominance.cure",
                "If that customer is a placeholder, name it as a missing value; otherwise raise {setting}.",
                setting="publish.dominance",
            ),
        )
    return None


def too_few(found: Tally, returns: int) -> Why:
    """That a reason and its family have too few returns."""
    needed = LEAST_RETURNS / max(returns, 1) * found.history_days
    cure = Sentence("unlearned.none.cure", "More data: a coarser level of reasons.")
    days = float(np.ceil(needed - found.history_days))
    if returns and days < LONG:
        cure = Sentence(
            "unlearned.few.cure",
            "More data: about {days:,.0f} more days at this rate, or a coarser level of reasons.",
            days=days,
        )
    elif returns:
        cure = Sentence(
            "unlearned.years.cure",
            "More data: about {years:,.0f} more years at this rate, or, sooner, a coarser level of reasons.",
            years=float(round(days / 365)),
        )
    why = Sentence(
        "unlearned.few",
        "{returns:,} returns, and not {least} in its family of reasons either.",
        "{returns:,} return, and not {least} in its family of reasons either.",
        "returns",
        returns=returns,
        least=LEAST_RETURNS,
    )
    return "too-few-returns", why, cure


def own_course(found: Tally, returns: int, family: str) -> Why:
    """That a rare reason's returns come at other lags than its family's, so that these tell nothing of it."""
    why = Sentence(
        "unlearned.unlike",
        "{returns:,} returns, too few to learn from, and they come at other lags than those of its family {family}.",
        "{returns:,} return, too few to learn from, and it comes at other lags than those of its family {family}.",
        "returns",
        returns=returns,
        family=family,
    )
    return "unlike-its-family", why, too_few(found, returns)[2]
