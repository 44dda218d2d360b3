"""Measure the service's own history as a job: figures in force, or a trial of a draft beside them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from firstcontact.kernel.engine import Engine
from firstcontact.kernel.result import Estimate
from firstcontact.services.linkage_audit import kept_audit
from firstcontact.services.measure import measure
from firstcontact.services.measuring import MEASUREMENT, Measuring, measuring_of
from firstcontact.services.policy_version import Policies
from firstcontact.services.prepare import Connector, Options
from firstcontact.services.publish import Destination, Exports, publish
from firstcontact.services.queue import CancelledError
from firstcontact.services.reach import targets_data
from firstcontact.services.run import Run
from firstcontact.services.setting import Settings, read_setting
from firstcontact.services.work import Task

MEASURE = "measure"
"""The kind of job."""

RunState = Literal["current", "earlier", "trial"]


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that the service keeps.

    Attributes:
        id: Its id.
        state: `current` is in force; `earlier` was; a `trial` never is.
        job_id: The job that made it.
        policy_number: Version of the policy.
        policy_hash: Hash of policy and fit.
        cutoff: End of complete data, UTC.
        seq: Number of the last change in it.
        code_version: Version of firstcontact.
        folder: Name of its directory.
        summary: The headline and counts, as plain data.
        created_at: When it was made, UTC.
    """

    id: str
    state: RunState
    job_id: str | None
    policy_number: int | None
    policy_hash: str | None
    cutoff: datetime | None
    seq: int | None
    code_version: str
    folder: str | None
    summary: dict[str, Any]
    created_at: datetime


class Runs(Protocol):
    """Where runs are kept."""

    def current(self) -> KeptRun | None:
        """The run in force; None before the first."""

    def find(self, run_id: str) -> KeptRun | None:
        """One run; None where there is no such run."""

    def trial_of(self, policy_number: int) -> KeptRun | None:
        """The latest trial of a version of the policy; None where it was not tried."""

    def of_job(self, job_id: str) -> KeptRun | None:
        """The run that a job made already; None where it made none."""

    def page(self, *, state: RunState | None, before: str | None, limit: int) -> list[KeptRun]:
        """Runs, newest first, from the one after `before`."""

    def destination(self, folder: str) -> Destination:
        """A directory for a new run; the one in force lends its history of restated figures."""

    def add(self, run: KeptRun) -> None:
        """Keep a run whose directory stands; one that is `current` puts the one before among the earlier."""

    def discard(self, folder: str) -> None:
        """Remove the directory of a run that is not kept; where it was kept after all, it stays."""

    def place(self, run: KeptRun) -> Path:
        """Its directory."""


class History(Protocol):
    """The contacts that the service has."""

    def catch_up(self, now: datetime, measuring: Measuring) -> tuple[Connector, int]:
        """What reads everything up to the newest change, and that change's number."""


@dataclass(frozen=True, slots=True)
class Measurer:
    """Measures the history.

    Attributes:
        history: The contacts.
        runs: Where runs are kept.
        policies: Versions of the policy.
        settings: How it is measured.
        engine: Opens an engine for the length of a block.
        interrupt: Ends an engine's running statement.
        key: What pseudonyms are made with.
        render: Makes the report.
        now: The clock: UTC, without zone information.
        clock: The same with its zone, as a run notes it.
        version: Version of firstcontact.
    """

    history: History
    runs: Runs
    policies: Policies
    settings: Settings
    engine: Callable[[], AbstractContextManager[Engine]]
    interrupt: Callable[[Engine], None]
    key: bytes
    render: Callable[[Run], str]
    now: Callable[[], datetime]
    clock: Callable[[], datetime]
    version: str

    def __call__(self, task: Task) -> dict[str, Any]:
        """Do the job.

        Args:
            task: The job; `policy` among its arguments names a version to try, beside the figures in force.

        Returns:
            The run's id.

        Raises:
            FirstcontactError: Nothing can be measured, or the version does not exist.
            CancelledError: The job shall stop.
        """
        made = self.runs.of_job(task.job.id)
        if made is not None:  # a worker died between keeping the run and saying so
            return {"run": made.id}
        number = task.job.arguments.get("policy")
        version = self.policies.published() if number is None else self.policies.find(int(number))
        measuring = measuring_of(read_setting(self.settings, MEASUREMENT).value)
        audit = kept_audit(self.settings)
        task.tell("catching up with what arrived", 0.0)
        connector, seq = self.history.catch_up(self.now(), measuring)
        options = Options(
            policy=version.policy,
            zone=measuring.zone,
            region=measuring.region,
            by=measuring.by,
            definitions=measuring.definitions,
            explanations=measuring.explanations,
            audit=audit.audit if audit is not None else None,
            members=True,
        )
        with self.engine() as engine:
            task.on_stop(lambda: self.interrupt(engine))
            measured = measure(
                engine, connector, [], options, now=self.clock, version=self.version, progress=_steps(task)
            )
            run = measured.run
            folder = f"{run.run_id}-{task.job.id[-8:]}"
            task.tell("writing", 0.95)
            publish(engine, measured, self.runs.destination(folder), self.render, Exports(key=self.key, members=True))
        try:
            if task.stopped:
                raise CancelledError
            kept = KeptRun(
                id=folder,
                state="current" if number is None else "trial",
                job_id=task.job.id,
                policy_number=version.number,
                policy_hash=run.policy_hash,
                cutoff=run.frame.cutoff,
                seq=seq,
                code_version=self.version,
                folder=folder,
                summary=_summary(run),
                created_at=self.now(),
            )
            self.runs.add(kept)
        except BaseException:
            # A directory that no row names is reached by no retention.
            self.runs.discard(folder)
            raise
        return {"run": kept.id}


STEPS = 14
"""About how many steps a measurement has, to say how far it is."""


def _steps(task: Task) -> Callable[[str], None]:
    done = 0

    def tell(step: str) -> None:
        nonlocal done
        done += 1
        task.tell(step, min(0.05 + 0.9 * done / STEPS, 0.9))

    return tell


def _summary(run: Run) -> dict[str, Any]:
    headline = run.headline
    told: dict[str, Any] = {"measure": run.headline_measure, "n": headline.n, "maturity": headline.maturity}
    if isinstance(headline, Estimate):
        names = ("value", "low", "high", "level", "status")
        told |= {name: getattr(headline, name) for name in names}
    else:
        told |= {"status": "refused", "code": headline.code, "reason": headline.reason}
    return {
        "headline": told,
        "targets": targets_data(run),
        "contacts": run.row_ledger.contacts,
        "quarantined": sum(run.row_ledger.quarantined.values()),
        "erased": run.row_ledger.erased,
        "policy": run.policy.name,
        "zone": run.zone,
        "seconds": round(sum(run.seconds.values()), 3),
    }
