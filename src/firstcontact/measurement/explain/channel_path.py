"""From which channel to which issues go on: the first channel could not finish, or the customer chose another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, SUPPRESSED, TOO_FEW, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.measures.cut import UNKNOWN
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.share import clustered_share

if TYPE_CHECKING:
    from firstcontact.kernel.result import RefusalKind
    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

PATH = "channel_path"
THEN = "next_channel"
"""Column of contacts: the channel of the return inside the window, `(unknown)` where not recorded; else missing."""
NEXT = "next channel: "
"""Before the channel in which an issue went on, in the cell's cause."""
MOST = 20
"""Of more channels than this only the commonest are looked at."""
ESTIMAND = (
    "share of the contacts of a channel after which the customer came back for the same reason inside the window "
    "whose next contact came in the other channel"
)


def explain(context: Context) -> list[ResultRow]:
    """A row a pair of channels, the same one twice included; the commonest first channels first."""
    if "channel" not in context.has:
        return [context.row(PATH, _refusal(SIGNAL_ABSENT, "absent"))]
    publish = context.policy.publish
    names, counts, begun = _counted(context)
    rows: list[ResultRow] = []
    for first in begun[:MOST]:
        cell, n = {"channel": names[first]}, int(counts[first].sum())
        if n < publish.minimum_sample:
            hidden = n < publish.suppress_below
            result = _refusal(SUPPRESSED, "hidden") if hidden else _refusal(TOO_FEW, "few", n)
            rows.append(context.row(PATH, result, cell))
            continue
        whole = np.broadcast_to(counts[first].sum(axis=0), counts[first].shape)
        low, high = clustered_share(cells := ratio(whole, counts[first]), publish.level)
        for then in np.argsort(-counts[first].sum(axis=1), kind="stable").tolist():
            if counts[first, then].sum() >= max(publish.suppress_below, 1):
                ends = float(cells.value[then]), float(low[then]), float(high[then])
                figure = Estimate(*ends, publish.level, n, ESTIMAND)
                rows.append(context.row(PATH, figure, {**cell, "cause": NEXT + names[then]}))
    return rows or [context.row(PATH, _refusal(NOTHING_TO_COUNT, "nothing"))]


def _counted(context: Context) -> tuple[list[str], NDArray[np.float64], list[int]]:
    """Names of channels, returns by first channel, next channel and bucket, and the first channels by size."""
    linked = context.linked.filter(context.linked.takes_part)
    chain = ibis.window(group_by=[linked.customer, linked.key], order_by=[linked.start_us, linked.contact_id])
    columns = ("contact_id", "bucket", "channel", "returned", "next_gap_us", "window_us")
    following = linked.select(*columns, then=linked.channel.lead().over(chain))
    came = following.filter(following.returned & (following.next_gap_us <= following.window_us))
    came = came.select("contact_id", "bucket", first=came.channel.coalesce(UNKNOWN), then=came.then.coalesce(UNKNOWN))
    if context.members is not None:
        came = context.engine.materialise(came, "fc_channel_path")
        context.members.append(came.select("contact_id", **{THEN: came.then}))
    held = came.group_by("bucket", "first", "then").aggregate(n=came.count())
    found = context.engine.execute(held).to_pydict()
    names = sorted({*found["first"], *found["then"]})
    place = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names), BUCKETS))
    for first, then, bucket, n in zip(found["first"], found["then"], found["bucket"], found["n"], strict=True):
        counts[place[first], place[then], bucket] += n
    sizes = counts.sum(axis=(1, 2))
    begun = [one for one in np.argsort(-sizes, kind="stable").tolist() if sizes[one] > 0]
    return names, counts, begun


def _refusal(kind: RefusalKind, why: str, n: int = 0) -> Refusal:
    reason, helps = _WHY[why]
    return Refusal(kind, reason, helps, n, ESTIMAND, 1.0)


_WHY = {
    "absent": (
        Sentence("channels.absent", "The data do not say in which channel a contact came."),
        Sentence("channels.absent.cure", "A source or a mapping with the channel."),
    ),
    "nothing": (
        Sentence("channels.nothing", "Nobody came back for the same reason inside a window."),
        Sentence("channels.nothing.cure", "A longer period, or customers who are recognised in every channel."),
    ),
    "few": (
        Sentence("channels.few", "Too few contacts of the channel were followed by a return."),
        Sentence("channels.few.cure", "A longer period."),
    ),
    "hidden": (
        Sentence("channels.hidden", "So few contacts could tell of a person."),
        Sentence("channels.hidden.cure", "A longer period."),
    ),
}

EXPLANATION = Explanation(
    id=PATH,
    title="Where issues go on",
    measures={PATH: ESTIMAND},
    explain=explain,
    columns=("channel",),
)
