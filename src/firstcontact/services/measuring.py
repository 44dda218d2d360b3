"""How the service measures by itself: how often, in which zone, cut by what. People decide it in `setting`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from firstcontact.contacts.loaded import SourceKind
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.measures.cut import refuse_people

MEASUREMENT = "measurement"
"""Name of the setting."""

MOST_CUTS = 20


@dataclass(frozen=True, slots=True)
class Measuring:
    """How the service measures.

    Attributes:
        every_hours: How often, by itself.
        zone: Zone of business days; the policy's where None.
        region: Country in which national telephone numbers are read.
        source_kind: What one contact is: a `ticket` measures gaps from its start.
        by: Further cuts.
        definitions: Whether every known definition is applied beside the policy.
        explanations: Whether figures are explained: causes, downstream issues, teams, movements.
    """

    every_hours: int = 24
    zone: str | None = None
    region: str | None = None
    source_kind: SourceKind = "contact"
    by: tuple[str, ...] = ("team,week",)
    definitions: bool = True
    explanations: bool = True

    @property
    def every(self) -> timedelta:
        """How often, as a length of time."""
        return timedelta(hours=self.every_hours)


def measuring_of(value: Mapping[str, Any]) -> Measuring:
    """How the service measures, from the setting's value in full.

    >>> measuring_of({"every_hours": 6, "by": ["team"]}).every_hours
    6
    """
    known = {name: value[name] for name in Measuring.__dataclass_fields__ if name in value}
    return Measuring(**known | ({"by": tuple(known["by"])} if "by" in known else {}))


def wrong_measuring(value: Mapping[str, Any]) -> list[tuple[str, Sentence]]:
    """What cannot be meant of a setting's value: names, and what may stand there.

    Raises:
        FirstcontactError: A cut by persons (FC5001, FC5003).

    >>> wrong_measuring({"every_hours": 0, "zone": "Europe/Sofia"})
    [('every_hours', '1 to 168')]
    """
    found: list[tuple[str, Sentence]] = []
    hours = value.get("every_hours", 24)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= 168:
        found.append(("every_hours", clause("1 to 168")))
    zone = value.get("zone")
    if zone is not None and not (isinstance(zone, str) and zone_exists(zone)):
        found.append(("zone", clause("a time zone such as Europe/Sofia, or null")))
    region = value.get("region")
    if region is not None and not (
        isinstance(region, str) and len(region) == 2 and region.isascii() and region.isupper()
    ):
        found.append(("region", clause("two capital letters, or null")))
    if value.get("source_kind", "contact") not in ("contact", "ticket"):
        found.append(("source_kind", clause("contact or ticket")))
    for name in ("definitions", "explanations"):
        if not isinstance(value.get(name, True), bool):
            found.append((name, clause("true or false")))
    by = value.get("by", [])
    fits = isinstance(by, list) and len(by) <= MOST_CUTS
    if not fits or not all(isinstance(one, str) and 0 < len(one) < 200 for one in by):
        found.append(("by", clause("at most {most} cuts such as team,week", most=MOST_CUTS)))
    else:
        refuse_people(by)
    return found
