"""The library's face: `measure` a file, look at the result, take the tables along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firstcontact import bootstrap
from firstcontact.kernel.clock import now
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.settings import VERSION, pseudonym_secret
from firstcontact.measurement.fit.read import read_fit
from firstcontact.measurement.measures.result_table import result_table
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import find_policy
from firstcontact.services.measure import Measured
from firstcontact.services.measure import measure as run_measure
from firstcontact.services.prepare import Options
from firstcontact.services.publish import Exports, contact_export, issue_export, name_customers, publish
from firstcontact.services.read_audit import read_audit
from firstcontact.services.run import Run

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine


class Measurement:
    """A measured file: figures, contacts and issues as tables, and the report.

    It keeps an engine with the linked contacts until it is closed or used up as a context manager. Figures stay
    readable after that.

    Attributes:
        run: Everything about the run, as plain immutable data.
    """

    def __init__(self, engine: Engine, measured: Measured) -> None:
        self._engine = engine
        self._measured = measured
        self.run: Run = measured.run

    @property
    def fcr(self) -> Estimate | Refusal:
        """The policy's own figure: an estimate with its interval, or a refusal with its reason."""
        return self.run.headline

    def figure(self, measure: str) -> Estimate | Refusal:
        """The figure of a measure for all contacts together, for example `"repeat_rate"`.

        Raises:
            KeyError: There is no such measure.
        """
        return self.run.figure(measure)

    @property
    def results(self) -> pa.Table:
        """One row a figure, as in `results.parquet`."""
        return result_table(self.run.rows)

    def contacts(self, *, identifiers: bool = False) -> pa.Table:
        """One row a contact, as in `contacts.parquet`.

        Args:
            identifiers: Whether customers stand there under their identifier instead of a pseudonym.

        Raises:
            FirstcontactError: The memory does not suffice (FC9003).
        """
        with bootstrap.explained():
            named = name_customers(self._measured, self._exports(identifiers))
            return self._engine.execute(contact_export(self._measured.linked, named))

    def issues(self, *, identifiers: bool = False) -> pa.Table:
        """One row an issue, as in `issues.parquet`. Takes and raises what `contacts` does."""
        with bootstrap.explained():
            named = name_customers(self._measured, self._exports(identifiers))
            return self._engine.execute(issue_export(self._measured.linked, named))

    def to_pandas(self) -> pd.DataFrame:
        """The figures as a data frame."""
        frame: pd.DataFrame = self.results.to_pandas()
        return frame

    def report(self, language: str = "en") -> str:
        """The report as one HTML text.

        Raises:
            FirstcontactError: The report does not speak the language.
        """
        from firstcontact.doors.report.build import render

        return render(self.run, language)

    def save(self, folder: str | Path, *, force: bool = False, identifiers: bool = False, language: str = "en") -> None:
        """Write everything to a directory, whole or not at all, as the command does.

        Args:
            folder: Where.
            force: Whether an earlier run there may be replaced.
            identifiers: Whether customers stand there under their identifier instead of a pseudonym.
            language: Language of the report.

        Raises:
            FirstcontactError: The place cannot be written, or holds something else; the memory does not suffice.
            OSError: There is no room on disk.
        """
        from firstcontact.doors.report.build import render

        destination = bootstrap.run_folder(Path(folder), force=force)
        with bootstrap.explained():
            publish(
                self._engine,
                self._measured,
                destination,
                lambda run: render(run, language),
                self._exports(identifiers),
            )

    def close(self) -> None:
        """Give back the engine's memory; contacts and issues can no longer be asked for."""
        self._engine.close()

    def __enter__(self) -> Measurement:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        result = self.fcr
        if isinstance(result, Refusal):
            return f"Measurement(refused: {result.reason})"
        return (
            f"Measurement(FCR {result.value:.3f} [{result.low:.3f}, {result.high:.3f}], n={result.n:,}, "
            f"policy={self.run.policy.name!r})"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the headline and the overall figures."""
        from firstcontact.doors.notebook import card

        return card(self.run)

    @staticmethod
    def _exports(identifiers: bool) -> Exports:
        return Exports(identifiers=identifiers, key=b"" if identifiers else pseudonym_secret())


def measure(
    files: str | Path | Sequence[str | Path],
    *,
    policy: str | Policy = "firstcontact",
    mapping: str | Path | None = None,
    zone: str | None = None,
    region: str | None = None,
    cutoff: datetime | None = None,
    since: datetime | None = None,
    by: Sequence[str] = (),
    fit: str | Path | None = None,
    audit: str | Path | None = None,
    definitions: bool = False,
    memory: str | None = None,
    progress: Progress = silent,
) -> Measurement:
    """Measure first contact resolution from export files.

    Args:
        files: A file, a directory, or several.
        policy: A policy, the path of a policy file, or the name of a preset.
        mapping: Path of a mapping file; guessed where None.
        zone: Zone of local times and of business days, for example `"Europe/Sofia"`.
        region: Country of national telephone numbers, for example `"IL"`.
        cutoff: The data are complete until then (with a zone, or in the business zone); found where None.
        since: Contacts are judged from then on; found where None.
        by: Further cuts, each a slice or several joined by commas: `"reason_2"`, `"team,week"`, a column of yours.
        fit: Path of the `fit.json` of a run, whose windows are used again; the policy's declared windows where None.
        audit: Path of a filled audit of these files (`firstcontact audit draw`): then the figure `"r_fcr_audited"` is
            R-FCR freed of the returns that the records miss.
        definitions: Whether to apply every known definition side by side.
        memory: Memory the engine may use, for example `"1GB"`; 3 GB where not given. The rest goes to disk.
        progress: Told about each step.

    Returns:
        The measurement.

    Raises:
        FirstcontactError: All faults of files, mapping, policy, fit or slices at once, each with what to do; or the
            memory does not suffice (FC9003).
        OSError: There is no room on disk for temporary data.
    """
    paths = [files] if isinstance(files, str | Path) else list(files)
    decided = find_policy(policy) if isinstance(policy, str) else policy
    options = Options(
        policy=decided,
        mapping=bootstrap.mapping_file(Path(mapping)) if mapping is not None else None,
        zone=zone,
        cutoff=cutoff,
        since=since,
        by=tuple(by),
        region=region,
        fit=read_fit(Path(fit)) if fit is not None else None,
        audit=read_audit(Path(audit), decided.publish.level) if audit is not None else None,
        definitions=definitions,
    )
    engine = bootstrap.open_engine(memory)
    try:
        with bootstrap.explained():
            measured = run_measure(
                engine,
                bootstrap.connector(),
                [Path(path) for path in paths],
                options,
                now=now,
                version=VERSION,
                progress=progress,
            )
    except BaseException:
        engine.close()
        raise
    return Measurement(engine, measured)
