"""From a run's `fit.json` to its windows, or to everything that is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.fit.declared import FIT_FORMAT, Fit, ReasonWindow
from firstcontact.measurement.fit.read_model import model_from
from firstcontact.measurement.policy.setting import DAYS

NOT_A_FIT = ErrorKind(
    "FC4010",
    "This is not a saved fit",
    EXIT_INPUT,
    "A fit is the fit.json in the directory of a run. The file is missing, may not be read, or does not hold what "
    "firstcontact wrote there.",
)
UNKNOWN_FIT = ErrorKind(
    "FC4011",
    "The fit has a form that this version does not know",
    EXIT_INPUT,
    "It was written by a newer firstcontact. Use that version, or take the fit of a run that this one measured.",
)
WRONG_WINDOW = ErrorKind(
    "FC4012",
    "A window of the fit is no length of time",
    EXIT_INPUT,
    f"Windows are longer than 0 days, look-backs 0 days or longer, both up to {DAYS:,.0f}.",
)

_CURE = "name the fit.json of a run, as firstcontact wrote it"
_LARGE = 1e15
_ORIGINS = ("declared", "learned")


def read_fit(path: Path) -> Fit:
    """The fit that a file holds.

    Args:
        path: The `fit.json` of a run.

    Returns:
        Its windows.

    Raises:
        FirstcontactError: With every fault found: FC4010 to FC4012.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        known = error.strerror if isinstance(error, OSError) else ""
        saw = clause(known[:1].lower() + known[1:]) if known else clause("text that is no JSON")
        fault = NOT_A_FIT.fault(where=str(path), saw=saw, allowed="the fit.json of a run", cure=_CURE)
        raise FirstcontactError([fault]) from None
    return fit_from(data, str(path))


def fit_from(data: Any, where: str) -> Fit:
    """The fit in plain data, as `Fit.as_dict` gives it.

    Args:
        data: The data.
        where: What faults name as their place.

    Raises:
        FirstcontactError: With every fault found: FC4010 to FC4012.
    """
    form = data.get("format", 1) if isinstance(data, dict) else 1
    if form not in range(1, FIT_FORMAT + 1):
        cure = "use the version that wrote it, or the fit of a run that this one measured"
        fault = UNKNOWN_FIT.fault(
            where=where,
            saw=clause("form {form}", form=_shown(form)),
            allowed=clause("form {form}", form=FIT_FORMAT),
            cure=cure,
        )
        raise FirstcontactError([fault])
    rows = data.get("windows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        saw = "no list of windows"
        raise FirstcontactError([NOT_A_FIT.fault(where=where, saw=saw, allowed="the fit.json of a run", cure=_CURE)])
    faults = Faults()
    if data.get("kind") not in _ORIGINS:
        faults.add(NOT_A_FIT, where=f"{where}, kind", saw="no origin", allowed=" or ".join(_ORIGINS), cure=_CURE)
    notes = data.get("notes", [])
    if not isinstance(notes, list) or not all(_is_text(note) for note in notes):
        faults.add(NOT_A_FIT, where=f"{where}, notes", saw="no texts", allowed="a list of texts", cure=_CURE)
    windows: dict[str, ReasonWindow] = {}
    for number, row in enumerate(rows, start=1):
        window = _window(row, f"{where}, window {number}", faults)
        if window is not None and windows.setdefault(window.reason, window) is not window:
            place = f"{where}, window {number}"
            faults.add(NOT_A_FIT, where=place, saw="a reason named before", allowed="each reason once", cure=_CURE)
    models = data.get("models", [])
    if not isinstance(models, list):
        faults.add(NOT_A_FIT, where=f"{where}, models", saw="no list", allowed="a list of models", cure=_CURE)
        models = []
    learned = [model_from(one) for one in models]
    for number in (number for number, one in enumerate(learned, start=1) if one is None):
        place = f"{where}, model {number}"
        faults.add(NOT_A_FIT, where=place, saw="no such model", allowed="what firstcontact wrote", cure=_CURE)
    named: set[str] = set()
    for number, model in enumerate(learned, start=1):
        if model is not None and model.reason in named:
            place = f"{where}, model {number}"
            faults.add(NOT_A_FIT, where=place, saw="a reason named before", allowed="each reason once", cure=_CURE)
        named |= {model.reason} if model is not None else set()
    faults.raise_if_any()
    known = tuple(one for one in learned if one is not None)
    return Fit(tuple(windows.values()), data["kind"], tuple(notes), known)


def _window(row: Any, where: str, faults: Faults) -> ReasonWindow | None:
    if not isinstance(row, dict) or not _is_text(row.get("reason")):
        faults.add(NOT_A_FIT, where=where, saw="no reason", allowed="a reason and its window", cure=_CURE)
        return None
    before = len(faults)
    days = _length(row.get("days"), f"{where}, days", faults, above=True)
    look_back = _length(row.get("look_back_days"), f"{where}, look_back_days", faults, above=False)
    source: Literal["declared", "learned"] = "learned" if row.get("source") == "learned" else "declared"
    if row.get("source", source) not in _ORIGINS:
        faults.add(NOT_A_FIT, where=f"{where}, source", saw="no origin", allowed=" or ".join(_ORIGINS), cure=_CURE)
    return ReasonWindow(row["reason"], days, look_back, source) if len(faults) == before else None


def _length(value: Any, where: str, faults: Faults, *, above: bool) -> float:
    # A number that is none (NaN) is within no limits.
    if _is_number(value) and (0 < value <= DAYS or (value == 0 and not above)):
        return float(value)
    allowed = clause("0 or more and at most {most:,.0f} days", most=DAYS)
    if above:
        allowed = clause("more than 0 and at most {most:,.0f} days", most=DAYS)
    faults.add(
        WRONG_WINDOW, where=where, saw=_shown(value), allowed=allowed, cure="correct the window, or measure anew"
    )
    return 0.0


def _shown(value: Any) -> str:
    return f"{value:g}" if _is_number(value) and abs(value) < _LARGE else "no such number"


def _is_text(value: Any) -> bool:
    # JSON can spell half a character, which no file can hold.
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
