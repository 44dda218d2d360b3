"""Use case: what a trial of a policy says beside the figures in force, and whether both looked at the same contacts."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.services.diff import Difference, diff
from firstcontact.services.measure_history import KeptRun, Runs
from firstcontact.services.record import RunReader


@dataclass(frozen=True, slots=True)
class Trial:
    """A version of the policy beside the one in force.

    Attributes:
        before: The run in force; of the version in force, the last run under the version before it.
        after: The latest trial of the version; of the version in force, what it gave then, or gives now.
        past: Whether the version is in force already, so that this is what it changed.
        same_contacts: Whether both rest on the same contacts, so that whatever moved is the policy's doing.
        difference: What moved.
    """

    before: KeptRun
    after: KeptRun
    past: bool
    same_contacts: bool
    difference: Difference

    @property
    def behind(self) -> str:
        """Which of the two knows less: `before`, `after`, or neither of them: "" ."""
        old, new = self.before.seq or 0, self.after.seq or 0
        return "before" if old < new else "after" if new < old else ""


def compare_trial(runs: Runs, reader: RunReader, number: int) -> Trial | None:
    """Compare the latest trial of a version with the figures in force, or the version in force with the one before it.

    Figures in force move with every measurement, and a trial stays as it is: as soon as contacts arrive between the
    two, the difference is no longer the policy's alone.

    Args:
        runs: Where runs are kept.
        reader: Reads them.
        number: The version.

    Returns:
        Both, and what moved; None where nothing is in force yet, or the version was not tried.

    Raises:
        FirstcontactError: A run cannot be read (FC6150 to FC6152).
    """
    sides = sides_of(runs, number)
    if sides is None:
        return None
    before, after = sides
    old, new = reader.read([runs.place(before), runs.place(after)])
    found = diff(old, new)
    # Segments of the history may be written anew between two runs: other files, the same contacts.
    same = found.exact or _known(before) == _known(after)
    return Trial(before, after, before.state == "earlier", same, found)


def sides_of(runs: Runs, number: int) -> tuple[KeptRun, KeptRun] | None:
    """The two runs by which a version is compared; None where there are not two.

    Args:
        runs: Where runs are kept.
        number: The version.
    """
    current, trial = runs.current(), runs.trial_of(number)
    if current is None:
        return None
    if current.policy_number != number:
        return (current, trial) if trial is not None else None
    before = _before(runs, number)
    if before is None:
        return None
    return before, trial if trial is not None and _known(trial) == _known(before) else current


def _before(runs: Runs, number: int) -> KeptRun | None:
    """The last run in force that was not under this version."""
    place: str | None = None
    while found := runs.page(state="earlier", before=place, limit=100):
        other = next((one for one in found if one.policy_number not in (number, None)), None)
        if other is not None:
            return other
        place = found[-1].id
    return None


def _known(run: KeptRun) -> tuple[object, ...]:
    """What tells whether two runs know the same: the last change, the end of the data, and what was not erased."""
    return run.seq, run.cutoff, run.summary.get("contacts")
