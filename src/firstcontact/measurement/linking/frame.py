"""Between which moments a run looks: where the data begin, from when contacts are judged, and where knowledge ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firstcontact.contacts.loaded import SourceKind


@dataclass(frozen=True, slots=True)
class Frame:
    """The period of a run. Timestamps are UTC without zone information.

    Attributes:
        data_start: From when on the data are complete enough to serve as history.
        since: Contacts from here on are judged; earlier ones are history.
        cutoff: Nothing at or after this is known to be complete.
        source_kind: What one row of the source is; tickets measure gaps from their start.
    """

    data_start: datetime
    since: datetime
    cutoff: datetime
    source_kind: SourceKind = "contact"

    @property
    def whole_days(self) -> int:
        """How many whole days of complete data there are: wherever a length of history is told, it is this one."""
        return (self.cutoff - self.data_start).days
