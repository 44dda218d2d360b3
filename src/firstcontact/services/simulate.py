"""Use case: simulate a centre and keep its log, with the truth in separate files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from firstcontact.kernel.errors import Faults
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.simulator.generate import Simulation, check_size
from firstcontact.measurement.simulator.generate import simulate as simulate_world
from firstcontact.measurement.simulator.world_file import read_world, world_toml

if TYPE_CHECKING:
    import pyarrow as pa

Form = Literal["parquet", "csv"]

WORLD_FILE = "truth/world.toml"
"""All knobs as used, beside the truth; by it an earlier simulation is known."""


class Destination(Protocol):
    """Where a set of files is kept whole or not at all."""

    def check(self) -> None:
        """Raise if it cannot be written, before any work is done."""

    def write(self, tables: Mapping[str, pa.Table], texts: Mapping[str, str], form: Form) -> None:
        """Keep tables (by path without ending) and texts (by path)."""


def simulate(
    destination: Destination,
    *,
    contacts: int = 200_000,
    seed: int = 0,
    world_file: Path | None = None,
    settings: Iterable[str] = (),
    form: Form = "parquet",
    progress: Progress = silent,
) -> Simulation:
    """Simulate a world and keep what a centre would hold, and under `truth/` what it would give much to know.

    Args:
        destination: Where the files go.
        contacts: How many contacts.
        seed: Zero or a positive whole number.
        world_file: TOML file of knobs; the default world where not given.
        settings: Knobs to turn, each `knob=value`; they win over the file.
        form: What kind of file a table becomes.
        progress: Told what is being done.

    Returns:
        The simulation, as it was kept.

    Raises:
        FirstcontactError: Everything wrong with file, settings, knobs, size and seed, at once; or that the
            destination cannot be written.
    """
    faults = Faults()
    world = read_world(world_file, settings, faults)
    check_size(contacts, seed, faults)
    world.check(faults)
    destination.check()
    simulation = simulate_world(world, contacts=contacts, seed=seed, progress=progress)
    progress("writing files")
    tables = dict(simulation.tables)
    tables.update({f"truth/{name}": table for name, table in simulation.truth.tables.items()})
    summary = {"asked": {"contacts": contacts, "seed": seed}, **simulation.truth.summary}
    texts = {WORLD_FILE: world_toml(world), "truth/truth.json": json.dumps(summary, indent=2) + "\n"}
    destination.write(tables, texts, form)
    return simulation
