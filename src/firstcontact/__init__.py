"""First Contact Resolution, measured honestly from the records a contact centre already has.

>>> import firstcontact as fc
>>> sorted(fc.__all__)[:4]
['Condition', 'Estimate', 'FirstcontactError', 'Measurement']

`measure` a file, look at the result, take the tables along; `simulate` a centre whose truth is known. Everything heavy
is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal

if TYPE_CHECKING:
    from firstcontact.doors.library import Measurement, measure
    from firstcontact.measurement.policy.model import Condition, Policy, Window
    from firstcontact.measurement.policy.preset import find_policy, preset_names
    from firstcontact.measurement.simulator.generate import Simulation, simulate
    from firstcontact.measurement.simulator.world import World

__all__ = [
    "Condition",
    "Estimate",
    "FirstcontactError",
    "Measurement",
    "Policy",
    "Refusal",
    "Simulation",
    "Window",
    "World",
    "find_policy",
    "measure",
    "preset_names",
    "simulate",
]

_HOMES = {
    "Condition": "firstcontact.measurement.policy.model",
    "Measurement": "firstcontact.doors.library",
    "Policy": "firstcontact.measurement.policy.model",
    "Simulation": "firstcontact.measurement.simulator.generate",
    "Window": "firstcontact.measurement.policy.model",
    "World": "firstcontact.measurement.simulator.world",
    "find_policy": "firstcontact.measurement.policy.preset",
    "measure": "firstcontact.doors.library",
    "preset_names": "firstcontact.measurement.policy.preset",
    "simulate": "firstcontact.measurement.simulator.generate",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'firstcontact' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
