"""What a contact is called among those of several sources: its id, led by its source where another uses it too."""

from __future__ import annotations

BETWEEN = "/"
"""Between source and id."""


def led_by_source(source: str, contact_id: str) -> str:
    """The name of a contact whose id another source uses too.

    >>> led_by_source("pbx", "5")
    'pbx/5'
    """
    return f"{source}{BETWEEN}{contact_id}"


def names_of(source: str, contact_id: str) -> tuple[str, str]:
    """What a contact may be called in a run: which of the two depends on the ids of the other sources by then.

    >>> names_of("pbx", "5")
    ('5', 'pbx/5')
    """
    return contact_id, led_by_source(source, contact_id)
