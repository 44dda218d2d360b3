"""The stretch of time that a run looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from firstcontact.contacts.loaded import SourceKind


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the data begin, and from when to when contacts are judged. All moments are naive UTC.

    Attributes:
        data_start: When recording began; nothing is known of what came before.
        since: Contacts that start before this are linked but not judged.
        cutoff: The end of knowledge: contacts that start at or after it are not judged, and a window that reaches
            beyond it has not closed.
        source_kind: What one row of the source is.
    """

    data_start: datetime
    since: datetime
    cutoff: datetime
    source_kind: SourceKind
