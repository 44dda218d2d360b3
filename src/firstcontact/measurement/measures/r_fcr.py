"""R-FCR: openers that bring nobody back, coincidental returns subtracted and young ones taken for what they are.

Openers of each reason stand for all first contacts of that reason (`annotate.mix`): together they have the reasons that
first contacts have. A figure of one reason is not touched by that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.mix import COLUMN as MIX
from firstcontact.measurement.linking.portable import grained
from firstcontact.measurement.measures.cause import excluded
from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.statistics.net_share import net_share

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy

TOO_YOUNG = RefusalKind(
    "too-young",
    "Too young to say",
    "Too little of the time in which customers come back has passed for these contacts, so the figure would rest on "
    "what is expected of them rather than on what they did.",
)
LEAST_SEEN = 0.2
"""Below this share of the return time passed, nothing is said (methods.md, section 1)."""
SEEN_ENOUGH = 0.8
"""Up to this share a figure is provisional."""


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction(
        (
            *excluded(linked),
            ("not_opener", ~linked.opener),
            ("left_censored", linked.left_censored),
            ("unlearned", linked.exposure.isnull()),
        ),
        None,
        terms=_weighed(linked) | {"latency": linked.latency},
    )


def _weighed(linked: ir.Table) -> dict[str, ir.NumericValue]:
    """What is added up of an opener, for as many first contacts as it stands for."""
    plain = {"exposure": linked.exposure, "net": linked.net_return, "seen": linked.seen_return}
    doubtful = linked.exposure * linked.learned_sd
    if MIX not in linked.columns:
        return plain | {"spread": doubtful}
    weight = linked[MIX]
    weighed = {name: grained(value * weight) for name, value in plain.items()}
    return weighed | {"spread": doubtful * weight, "square": grained(linked.exposure * weight * weight)}


def correct(measure: Measure, sums: Sums, policy: Policy) -> list[Estimate | Refusal]:
    """From sums to figures."""
    terms, level = sums.terms, policy.publish.level
    exposed = terms["exposure"].sum(axis=1)
    learned_sd = terms["spread"].sum(axis=1) / np.maximum(exposed, 1e-12)
    # Openers of unequal weight tell less than as many of equal weight (Kish).
    square = terms["square"].sum(axis=1) if "square" in terms else exposed
    worth = (exposed / np.where(square > 0, square, 1.0))[:, None]
    exposure, net, seen = (worth * terms[name] for name in ("exposure", "net", "seen"))
    returns, low, high = net_share(exposure, net, seen, learned_sd, level)
    counts = sums.count.sum(axis=1)
    maturity = terms["latency"].sum(axis=1) / np.maximum(counts, 1.0)
    results: list[Estimate | Refusal] = []
    for cell, n in enumerate(counts.astype(int).tolist()):
        passed = float(np.clip(maturity[cell], 0.0, 1.0))
        if not np.isfinite(high[cell] - low[cell]) or passed < LEAST_SEEN:
            results.append(_refusal(measure, n, passed))
            continue
        status: Literal["final", "provisional"] = "final" if passed >= SEEN_ENOUGH else "provisional"
        results.append(
            Estimate(
                1 - float(returns[cell]),
                1 - float(high[cell]),
                1 - float(low[cell]),
                level,
                n,
                measure.estimand,
                maturity=passed,
                status=status,
            )
        )
    return results


def _refusal(measure: Measure, n: int, passed: float) -> Refusal:
    return Refusal(
        TOO_YOUNG,
        Sentence(
            "r-fcr.young",
            "{passed:.0%} of the time in which customers come back has passed for {n:,} openers; {least:.0%} is the "
            "least.",
            "{passed:.0%} of the time in which customers come back has passed for {n:,} "
            "opener; {least:.0%} is the least.",
            "n",
            passed=passed,
            n=n,
            least=LEAST_SEEN,
        ),
        Sentence("r-fcr.young.cure", "Wait, or look at a longer period."),
        n,
        measure.estimand,
        passed,
    )


MEASURE = Measure(
    id="r_fcr",
    title="R-FCR: nobody comes back because of it",
    estimand="R-FCR: share of first contacts that cause no return of the same customer for the same reason",
    unit="share",
    reduce=reduce,
    kind="corrected",
    rests_on=frozenset({"learned"}),
    needs="returns over long enough a time to tell caused from coincidental ones",
    correct=correct,
)
