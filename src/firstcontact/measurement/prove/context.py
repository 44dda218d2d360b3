"""What a proof runs in: how many seeds, how large, on which engine; and worlds made ready to be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.shared import Shared
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.measurement.policy.preset import DEFAULT, load_preset
from firstcontact.measurement.simulator.generate import Simulation, simulate

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.measurement.simulator.world import World

CONTACTS_PER_CUSTOMER = 10.8
"""In the default world of 420 days: 20,000 customers of the stated sizes are 216,000 contacts."""
_FEWEST = 2_000


@dataclass(frozen=True, slots=True)
class Observed:
    """A simulated world as a measurement sees it, with the truth beside it.

    Attributes:
        engine: Where its tables live; until the block ends.
        simulation: The tables as recorded, and the truth.
        tables: The engine's tables by name; `contacts` with `customer` and `bucket`.
        contacts: The linked contacts, one row each: what `linking.link` gives.
        truth: The simulator's truth about every contact (`contact_truth`), to be joined on `contact_id`.
        policy: The policy it was linked under.
        frame: The period.
        reasons: Recorded reasons at the policy's level.
    """

    engine: Engine
    simulation: Simulation
    tables: dict[str, ir.Table]
    contacts: ir.Table
    truth: ir.Table
    policy: Policy
    frame: Frame
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a proof runs in.

    Attributes:
        open_engine: Gives a new engine for the length of a block, so that no world outlives its turn.
        asked: How many seeds were asked for; None for the stated number of each proof.
        scale: How large the worlds are, relative to the stated size: 1 is the stated size.
        progress: Told what is being done.
    """

    open_engine: Callable[[], AbstractContextManager[Engine]]
    asked: int | None = None
    scale: float = 1.0
    progress: Progress = silent

    def seeds(self, stated: int) -> range:
        """The seeds to run: 1 to the number asked for, or to the stated number.

        >>> from firstcontact.kernel.progress import silent
        >>> list(Context(lambda: None, 2, 1.0, silent).seeds(50))
        [1, 2]
        """
        return range(1, (stated if self.asked is None else self.asked) + 1)

    def size(self, customers: int) -> int:
        """Contacts of a world of so many customers, at the scale of this run."""
        return max(_FEWEST, round(customers * CONTACTS_PER_CUSTOMER * self.scale))

    @contextmanager
    def observe(
        self,
        world: World,
        contacts: int,
        seed: int,
        *,
        policy: Policy | None = None,
        signals: tuple[str, ...] = (),
        keep: tuple[str, ...] = ("channel", "team", "agent_id", "started_at"),
        detail: bool = False,
    ) -> Iterator[Observed]:
        """Simulate a world and link it as any export would be.

        Args:
            world: The knobs.
            contacts: How many.
            seed: Of the simulation.
            policy: The policy; the default one where None.
            signals: Signals to bring along, beside the policy's.
            keep: Contact columns to carry along, beside `contact_id`, `customer`, `bucket` and `reason`.
            detail: Whether to name issues and earlier contacts.

        Yields:
            The world, while the block lasts.
        """
        self.progress(f"simulating {contacts:,} contacts, seed {seed}")
        simulation = simulate(world, contacts=contacts, seed=seed)
        with self.open_engine() as engine:
            self.progress(f"linking {contacts:,} contacts, seed {seed}")
            yield _observe(engine, simulation, policy or load_preset(DEFAULT), signals, keep, detail)


def _observe(
    engine: Engine,
    simulation: Simulation,
    policy: Policy,
    signals: tuple[str, ...],
    keep: tuple[str, ...],
    detail: bool,
) -> Observed:
    tables = {name: engine.register(rows, f"fc_world_{name}") for name, rows in simulation.tables.items()}
    tables["contacts"] = identify(engine, tables["contacts"], tables["identifiers"]).contacts
    shared = Shared(engine, tables)
    start = datetime.combine(simulation.world.start, time(), UTC).replace(tzinfo=None)
    frame = Frame(start, start, start + timedelta(days=simulation.world.days))
    reasons = tuple(sorted({cut_reason(reason, policy.link.reason_level) for reason in shared.reasons}))
    linked = link(
        engine,
        tables,
        policy,
        declare(policy, reasons),
        frame,
        has=shared.has,
        signals=signals,
        keep=dict.fromkeys(("customer", "bucket", "reason", *keep)),
        detail=detail,
        shared=shared,
    )
    truth = engine.register(simulation.truth.tables["contact_truth"], "fc_world_truth")
    return Observed(engine, simulation, tables, linked, truth, policy, frame, reasons)
