"""Use case: hold every estimator, and every preset of other tools, against worlds whose truth is known."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstcontact.contacts.ledger import RowLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.contacts.table import CONTACTS
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.policy.preset import DEFAULT, load_preset
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import Trial
from firstcontact.measurement.simulator.generate import Simulation, simulate
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.statistics.recovery import Recovery, recover

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine

TRUTHS: dict[str, str] = {"t_fcr": "t_fcr_expected", "r_fcr": "r_fcr_expected", "s_fcr": "s_fcr"}
"""What is estimated, and the figure of the simulator that is its truth: expected where it has one, so that an interval
is not helped by sharing the luck of the draw with the truth."""

STATED_SEEDS = 20
STATED_CUSTOMERS = 5_000
"""Seeds and size of the world tables."""


@dataclass(frozen=True, slots=True)
class Proven:
    """One acceptance line, run.

    Attributes:
        id: Of the proof.
        rows: What was found.
        seeds: How many seeds it ran.
        stated: How many the claim is stated for.
        scale: Size of its worlds, relative to the stated size.
        seconds: How long it took.
    """

    id: str
    rows: tuple[ProofRow, ...]
    seeds: int
    stated: int
    scale: float
    seconds: float

    @property
    def whole(self) -> bool:
        """Whether it ran at the stated size, so that its bands judge."""
        return self.seeds >= self.stated and self.scale >= 1

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {**asdict(self), "rows": [row.as_dict() for row in self.rows]}


@dataclass(frozen=True, slots=True)
class Told:
    """What one estimator or preset says of one world, over its seeds.

    Attributes:
        name: Id of the measure, or name of the preset.
        own: The truth that it claims to estimate (`t_fcr`, `r_fcr`, `s_fcr`); empty for a preset, which claims "FCR".
        against: Its error against each truth that it is held against, by the truth's name.
        refused: Seeds in which it gave no figure.
        why: Why, the last time.
    """

    name: str
    own: str
    against: dict[str, Recovery]
    refused: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """One world, tried.

    Attributes:
        world: Its name.
        about: What is special about it.
        breaks: Which assumption it breaks; empty where none.
        truth: Mean of each truth over the seeds.
        told: One an estimator or preset.
        seeds: How many seeds.
        contacts: Contacts of each.
        findings: Warnings that the program itself gave, in the last seed.
    """

    world: str
    about: str
    breaks: str
    truth: dict[str, float]
    told: tuple[Told, ...]
    seeds: int
    contacts: int
    findings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return asdict(self)


def proven_from(data: dict[str, Any]) -> Proven:
    """What `Proven.as_dict` gave, read back."""
    return Proven(**{**data, "rows": tuple(ProofRow(**row) for row in data["rows"])})


def tried_from(data: dict[str, Any]) -> Tried:
    """What `Tried.as_dict` gave, read back."""
    told = tuple(
        Told(**{**one, "against": {name: Recovery(**found) for name, found in one["against"].items()}})
        for one in data["told"]
    )
    return Tried(**{**data, "told": told, "findings": tuple(data["findings"])})


def prove(context: Context, proof: Proof) -> Proven:
    """Run one acceptance line.

    Args:
        context: Engine, seeds, size.
        proof: The line.

    Returns:
        What was found.
    """
    began = time.perf_counter()
    rows = tuple(proof.run(context))
    seeds = len(context.seeds(proof.seeds))
    return Proven(proof.id, rows, seeds, proof.seeds, context.scale, round(time.perf_counter() - began, 1))


@dataclass(slots=True)
class _Said:
    """What one estimator or preset said, seed by seed."""

    own: str
    results: list[Estimate] = field(default_factory=list)
    truths: list[dict[str, float]] = field(default_factory=list)
    refused: int = 0
    why: str = ""

    def hear(self, result: Estimate | Refusal, truth: dict[str, float]) -> None:
        if isinstance(result, Refusal):
            self.refused, self.why = self.refused + 1, result.reason
        else:
            self.results.append(result)
            self.truths.append(truth)

    def told(self, name: str) -> Told:
        value, low, high = ([getattr(one, side) for one in self.results] for side in ("value", "low", "high"))
        found = {
            truth: recover(value, [one[truth] for one in self.truths], low, high)
            for truth in ((self.own,) if self.own else TRUTHS)
        }
        against = {truth: one for truth, one in found.items() if one is not None}
        return Told(name, self.own, against, self.refused, self.why)


def try_world(context: Context, trial: Trial) -> Tried:
    """Measure one world with everything that the program estimates and with every preset.

    Args:
        context: Engine, seeds, size.
        trial: The world.

    Returns:
        Bias, error and coverage of each against the truth.
    """
    seeds, contacts = context.seeds(STATED_SEEDS), context.size(STATED_CUSTOMERS)
    said: dict[str, _Said] = {}
    truths: list[dict[str, float]] = []
    findings: tuple[str, ...] = ()
    for seed in seeds:
        context.progress(f"world {trial.name}, seed {seed} of {len(seeds)}")
        simulation = simulate(trial.world(), contacts=contacts, seed=seed)
        summary = simulation.truth.summary["truth"]
        truth = {name: float(summary[source]) for name, source in TRUTHS.items()}
        truths.append(truth)
        with context.open_engine() as engine:
            figures, findings = _figures(engine, simulation)
        for name, (own, result) in figures.items():
            said.setdefault(name, _Said(own)).hear(result, truth)
    means = {name: sum(one[name] for one in truths) / len(truths) for name in TRUTHS}
    told = tuple(one.told(name) for name, one in said.items())
    return Tried(trial.name, trial.about, trial.breaks, means, told, len(seeds), contacts, findings)


def _figures(
    engine: Engine, simulation: Simulation
) -> tuple[dict[str, tuple[str, Estimate | Refusal]], tuple[str, ...]]:
    """Every headline figure of a measurement of the world: corrected ones by their own truth, then presets."""
    world = simulation.world
    start = datetime.combine(world.start, clock_time(), UTC).replace(tzinfo=None)
    options = Options(
        load_preset(DEFAULT), zone="UTC", cutoff=start + timedelta(days=world.days), detail=False, explanations=False
    )
    connector = Simulated(simulation)
    run = measure(engine, connector, [Path("simulated")], options, now=lambda: start, version="prove").run
    figures: dict[str, tuple[str, Estimate | Refusal]] = {
        row.measure: (row.measure, row.result) for row in run.rows if row.measure in TRUTHS and not row.by
    }
    figures |= {row.preset: ("", row.result) for row in run.definitions}
    warnings = tuple(finding.text for finding in run.findings if finding.level == "warning")
    return figures, warnings


class Simulated:
    """Hands a simulation over as a connector hands over files.

    Args:
        simulation: What is handed over.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def load(
        self,
        engine: Engine,
        paths: Sequence[Path],  # noqa: ARG002 - what a connector takes
        mapping: Any,  # noqa: ARG002
        *,
        zone: str | None,
        extra: Sequence[str] = (),  # noqa: ARG002
        progress: Progress = silent,  # noqa: ARG002
    ) -> Loaded:
        """Register the simulated tables; files, mapping and further columns there are none."""
        import pyarrow as pa

        tables = self._simulation.tables
        names = {name: f"fc_simulated_{name}" for name in tables}
        for name, rows in tables.items():
            engine.register(rows, names[name])
        nothing = pa.schema([("row_number", pa.int64()), ("file", pa.string()), ("codes", pa.list_(pa.string()))])
        engine.register(nothing.append(pa.field("raw", pa.string())).empty_table(), "fc_simulated_quarantine")
        count = tables["contacts"].num_rows
        return Loaded(
            tables=names,
            quarantine="fc_simulated_quarantine",
            ledger=RowLedger(count, count),
            findings=(),
            mapping={},
            source_kind="contact",
            present=frozenset(CONTACTS.names),
            zone=zone or "UTC",
        )
