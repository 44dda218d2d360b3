"""What jobs are called and what they do at the moment, in the visitor's words."""

from __future__ import annotations

import re
from collections.abc import Callable

from firstcontact.doors.web.place import N_

KINDS: dict[str, str] = {
    "measure": N_("Measure everything"),
    "link": N_("Link contacts that arrived"),
    "import.whole": N_("Put a file together"),
    "import.preview": N_("Look into a file"),
    "import.run": N_("Take in a file"),
    "import.undo": N_("Take back a file"),
    "deliver": N_("Tell other programs"),
    "quarantine.replay": N_("Take in what was corrected"),
    "privacy.erase": N_("Erase a person"),
    "privacy.retain": N_("Erase what was kept long enough"),
    "tidy": N_("Clear away"),
}
"""By kind of job."""

STATES: dict[str, str] = {
    "waiting": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
"""By state of a job."""

STEPS = frozenset(
    {
        N_("applying every definition"),
        N_("catching up with what arrived"),
        N_("clearing away"),
        N_("counting"),
        N_("drawing contacts"),
        N_("erasing from the store"),
        N_("finding where the data begin and end"),
        N_("finding who the customers are"),
        N_("learning what brings customers back"),
        N_("linking contacts into issues"),
        N_("reading"),
        N_("reading again"),
        N_("reading files"),
        N_("reading the history"),
        N_("rewriting runs"),
        N_("rewriting the history"),
        N_("searching for what is left"),
        N_("settling the store"),
        N_("taking back"),
        N_("telling caused from coincidental returns"),
        N_("understanding columns"),
        N_("validating contacts"),
        N_("weighing what customers and reviewers say"),
        N_("writing"),
        N_("looking at young weeks"),
        N_("taking the latest movement apart"),
        N_("ranking what could be recovered"),
        N_("looking for what failures have in common"),
        N_("finding issues that bring others"),
        N_("holding FCR against what customers say"),
        N_("The window of each reason"),
        N_("Teams on their own mix of work"),
        N_("Whether agents can be compared"),
        N_("Whether teams can be compared"),
        N_("Weeks that stand out"),
        N_("Where issues go on"),
        N_("Where issues go on"),
    }
)
"""What the handlers of jobs tell, word for word; `tests/web/test_page_jobs.py` sees that none is missing."""

_LINKING = re.compile(r"linking, ([\d,]+) contacts so far")
_TAKING = re.compile(r"taking in [a-z ]+")


def kind_words(kind: str, say: Callable[[str], str]) -> str:
    """What a kind of job is called.

    Args:
        kind: The kind.
        say: Translates a sentence.
    """
    return say(KINDS[kind]) if kind in KINDS else kind


def step_words(step: str | None, say: Callable[[str], str]) -> str:
    """What a job does at the moment, translated where it is one of the known steps.

    Args:
        step: As the job told it.
        say: Translates a sentence.

    >>> step_words("taking in case events", str), step_words(None, str)
    ('taking in records', '')
    """
    if not step:
        return ""
    if step in STEPS or step in STATES.values():
        return say(step)
    if found := _LINKING.fullmatch(step):
        return say(N_("linking, %(count)s contacts so far")) % {"count": found[1]}
    if _TAKING.fullmatch(step):
        return say(N_("taking in records"))
    return step
