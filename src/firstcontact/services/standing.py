"""What a kept link says within a period: what only its beginning, its end and the policy's choice decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.link import AFTER_CUTOFF, BEFORE_SINCE
from firstcontact.services.link_person import Link


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stands within a period.

    Attributes:
        excluded_code: Why it is not judged; None where it may be.
        left_censored: Whether it lies too close to the beginning of the data to be known as an opener.
        mature: Whether its window has closed.
        index_eligible: Whether the policy judges it, once mature.
    """

    excluded_code: str | None
    left_censored: bool
    mature: bool
    index_eligible: bool


def stand(link: Link, started_at: datetime, policy: Policy, frame: Frame) -> Standing:
    """Where a contact stands.

    Args:
        link: What linking found about it.
        started_at: When it began, UTC.
        policy: The policy that it was linked under.
        frame: The period.
    """
    code = link.excluded_code
    if code is None and started_at < frame.since:
        code = BEFORE_SINCE
    elif code is None and started_at >= frame.cutoff:
        code = AFTER_CUTOFF
    censored = link.opener and started_at < frame.data_start + timedelta(days=link.look_back_days)
    wanted = policy.link.index == "all" or (link.opener and not censored)
    mature = "returned" not in policy.signals or link.matures_at <= frame.cutoff
    return Standing(code, censored, mature, code is None and wanted)
