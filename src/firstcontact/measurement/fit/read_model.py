"""From plain data to the model of a reason's returns, or nothing where it is none."""

from __future__ import annotations

import math
from dataclasses import fields
from itertools import pairwise
from typing import Any, get_args

from firstcontact.kernel.sentence import restored
from firstcontact.measurement.fit.model import HORIZON_DAYS, LAG_BINS, LAG_EDGES, SENTENCES, ReturnModel, State
from firstcontact.measurement.linking.portable import BUCKETS

_LENGTHS = {"background": len(LAG_EDGES), "latency": len(LAG_EDGES), "latency_se": len(LAG_EDGES), "caused": LAG_BINS}
_TEXTS = frozenset({"reason", "state", "cause", "why", "would_help", "family"})
_COUNTS = frozenset({"openers", "returns", "returns_until_tau"})
_SHARES = frozenset({"latency", "caused", "r_fcr", "r_low", "r_high"})
_MAY_BE_BELOW = frozenset({"replicates"})


def model_from(data: Any) -> ReturnModel | None:
    """The model in plain data, as `ReturnModel.as_dict` gives it; None where it holds anything else.

    >>> model_from({"reason": "a", "state": "unlearned", "openers": 3, "returns": 0}).openers
    3
    >>> model_from({"reason": "a", "state": "learned", "openers": 3, "returns": 0, "caused": [2.0]}) is None
    True
    """
    if not isinstance(data, dict) or not {"reason", "state", "openers", "returns"} <= set(data):
        return None
    said = data.get("said", {})
    if not isinstance(said, dict):
        return None
    data = {name: value for name, value in data.items() if name != "said"}
    known = {field.name: field.default for field in fields(ReturnModel)}
    if not set(data) <= set(known) or not all(_fits(name, value, known[name]) for name, value in data.items()):
        return None
    given: dict[str, Any] = {
        name: tuple(map(float, value)) if isinstance(value, list) else value for name, value in data.items()
    }
    given |= {name: restored(given[name], said.get(name)) for name in SENTENCES if name in given}
    model = ReturnModel(**given)
    return model if model.state in get_args(State) and (_holds_together(model) or not model.learned) else None


def _holds_together(model: ReturnModel) -> bool:
    """Whether what a learned model says of lags can be so: figures made of anything else would be made up."""
    if not all(len(getattr(model, name)) == length for name, length in _LENGTHS.items()):
        return False
    if not 0 < model.tau_days <= HORIZON_DAYS or model.onset_days > HORIZON_DAYS:
        return False
    if model.background[0] != 0 or model.background[-1] > _MOST_HAZARD:
        return False
    if any(later < earlier for name in ("background", "latency") for earlier, later in pairwise(getattr(model, name))):
        return False
    ends = (model.r_low, model.r_fcr, model.r_high)
    given = [end for end in ends if end is not None]
    buckets = BUCKETS if given else 0
    return len(given) in (0, 3) and given == sorted(given) and len(model.replicates) in (0, buckets)


def _fits(name: str, value: Any, default: Any) -> bool:
    if name in _TEXTS:
        return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
    if name in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if isinstance(default, tuple):
        return isinstance(value, list) and all(_is_number(name, one) for one in value)
    return (value is None and default is None) or _is_number(name, value)


def _is_number(name: str, value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > _LARGE or not math.isfinite(value):
        return False
    return (value >= 0 or name in _MAY_BE_BELOW) and (value <= 1 or name not in _SHARES)


_LARGE = 1e15
_MOST_HAZARD = 100.0
"""Nobody comes back by coincidence more often than this within the horizon."""
