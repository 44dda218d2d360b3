"""The simulator: from knobs and a seed to the tables a centre would hold, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.simulator.world import World

if TYPE_CHECKING:
    import pyarrow as pa

    from firstcontact.measurement.simulator.truth import Truth

MOST_CONTACTS = 200_000_000

BAD_SIZE = ErrorKind(
    "FC7006",
    "The number of contacts or the seed cannot be used",
    EXIT_USAGE,
    "Contacts are counted from 1; a seed is zero or a positive whole number.",
)


@dataclass(frozen=True)
class Simulation:
    """A simulated log and its truth.

    Attributes:
        tables: `contacts`, `identifiers`, `case_events`, `surveys` and `reviews`, exactly as `contacts.table` has them.
        truth: `contact_truth`, `issue_truth`, `reason_truth` and `agent_truth` (specs in `simulator.truth`), and the
            figures over the whole log.
        world: The knobs.
        seed: The seed.
    """

    tables: dict[str, pa.Table] = field(repr=False)
    truth: Truth = field(repr=False)
    world: World = field(repr=False)
    seed: int = 0


def simulate(
    world: World | None = None, *, contacts: int = 200_000, seed: int = 0, progress: Progress = silent
) -> Simulation:
    """Simulate a centre: the same world, size and seed give the same tables, to the last byte.

    Args:
        world: The knobs; the default world where not given.
        contacts: How many rows the contacts table shall have, redials, repeats and outbound contacts included. Met
            exactly, or within half a customer's contacts in worlds where no customers add up to it.
        seed: Zero or a positive whole number.
        progress: Told what is being done.

    Returns:
        The tables and the truth.

    Raises:
        FirstcontactError: With all faults at once: knobs out of range or contradicting one another (FC7003, FC7004,
            FC7005), or an impossible size or seed (FC7006).

    Example:
        >>> simulation = simulate(contacts=1000, seed=7)
        >>> simulation.tables["contacts"].num_rows
        1000
        >>> 0.7 < simulation.truth.summary["truth"]["t_fcr"] < 0.9
        True
    """
    world = world if world is not None else World()
    faults = Faults()
    check_size(contacts, seed, faults)
    world.check(faults)

    # NumPy and Arrow are imported here, so that the command line starts without them.
    from firstcontact.measurement.simulator import aftermath, life, record, truth

    lived = life.live(world, contacts, seed, progress)
    progress("recording contacts and identifiers")
    recorded = record.observe(lived)
    tables = {
        "contacts": record.contacts_table(lived, recorded),
        "identifiers": record.identifiers_table(lived, recorded),
    }
    progress("recording case events, surveys and reviews")
    says = aftermath.would_say_resolved(lived)
    tables["case_events"] = aftermath.case_events_table(lived, recorded)
    tables["surveys"] = aftermath.surveys_table(lived, recorded, says)
    tables["reviews"] = aftermath.reviews_table(lived, recorded)
    progress("writing down the truth")
    return Simulation(tables, truth.tell(lived, recorded, says, tables["surveys"]), world, seed)


def check_size(contacts: int, seed: int, faults: Faults) -> None:
    """Note a number of contacts or a seed that cannot be used."""
    if not 1 <= contacts <= MOST_CONTACTS:
        faults.add(
            BAD_SIZE,
            where="contacts",
            saw=f"{contacts}",
            allowed=f"1 to {MOST_CONTACTS:,}",
            cure="Ask for another number of contacts.",
        )
    if seed < 0:
        faults.add(BAD_SIZE, where="seed", saw=f"{seed}", allowed="0 or more", cure="Choose another seed.")
