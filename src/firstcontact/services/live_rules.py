"""Under what contacts are linked as they arrive: the published policy, with what the run in force learned for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from firstcontact.contacts.rule import LATEST
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.fit.read import read_fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.link_person import Rules
from firstcontact.services.measure_history import KeptRun, Runs
from firstcontact.services.measuring import MEASUREMENT, Measuring, measuring_of
from firstcontact.services.policy_version import Policies, PolicyVersion
from firstcontact.services.setting import Settings, read_setting


@dataclass(slots=True)
class LiveRules:
    """Finds the rules that are in force; what was read once is not read again.

    Attributes:
        policies: Versions of the policy.
        runs: Measured figures.
        settings: How the service measures.
    """

    policies: Policies
    runs: Runs
    settings: Settings
    _policy: tuple[tuple[int, str], Policy] | None = field(default=None, init=False)
    _learned: tuple[str, Fit, Frame | None] | None = field(default=None, init=False)

    def __call__(self) -> Rules:
        """The rules in force."""
        return self._rules(self.runs.current())

    @property
    def measuring(self) -> Measuring:
        """How the service measures."""
        return measuring_of(read_setting(self.settings, MEASUREMENT).value)

    def region(self) -> str | None:
        """Country in which national telephone numbers are read."""
        return self.measuring.region

    def within(self, first: Callable[[], datetime]) -> tuple[Rules, Frame]:
        """The rules in force, and the period in which links are read under them.

        Args:
            first: Gives when the first contact of all began; it is asked where no run says better where the data begin.

        Returns:
            The rules, and the period: from where the run in force begins, without an end.
        """
        run = self.runs.current()
        rules = self._rules(run)
        _, known = self._of_run(run) if run is not None else (Fit(()), None)
        if known is not None:
            return rules, Frame(known.data_start, known.since, LATEST, rules.source_kind)
        start = first()
        return rules, Frame(start, start, LATEST, rules.source_kind)

    def _rules(self, run: KeptRun | None) -> Rules:
        version = self.policies.published()
        fit, _ = self._of_run(run) if run is not None and run.policy_number == version.number else (Fit(()), None)
        return Rules(self._read(version), fit, self.measuring.source_kind)

    def _read(self, version: PolicyVersion) -> Policy:
        name = (version.number, version.policy_hash)
        if self._policy is None or self._policy[0] != name:
            self._policy = (name, version.policy)
        return self._policy[1]

    def _of_run(self, run: KeptRun) -> tuple[Fit, Frame | None]:
        if self._learned is None or self._learned[0] != run.id:
            folder = self.runs.place(run)
            told = json.loads((folder / "run.json").read_text(encoding="utf-8"))["frame"]
            moments = {name: datetime.fromisoformat(told[name]) for name in ("data_start", "since", "cutoff")}
            self._learned = (run.id, read_fit(folder / "fit.json"), Frame(**moments, source_kind=told["source_kind"]))
        return self._learned[1], self._learned[2]
