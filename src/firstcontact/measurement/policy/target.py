"""Targets of a policy: which measures can have one, how a file says it, and in what words."""

from __future__ import annotations

import difflib
from typing import Any

from firstcontact.kernel.errors import Faults
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.policy.conflict import CONFLICT
from firstcontact.measurement.policy.model import Target
from firstcontact.measurement.policy.section import OUT_OF_LIMITS, UNKNOWN_KEY, WRONG_TYPE, read_table
from firstcontact.measurement.policy.setting import TARGET
from firstcontact.measurement.policy.toml_text import TomlText

_MORE, _LESS = "at_least", "at_most"

MEASURES: dict[str, tuple[str, Sentence]] = {
    "fcr_issue": (_MORE, Sentence("target.fcr-issue", "First contact resolution, of issues")),
    "fcr_contact": (_MORE, Sentence("target.fcr-contact", "First contact resolution, of contacts")),
    "r_fcr": (_MORE, Sentence("target.r-fcr", "R-FCR: nobody came back because of it")),
    "t_fcr": (_MORE, Sentence("target.t-fcr", "T-FCR: truly resolved")),
    "s_fcr": (_MORE, Sentence("target.s-fcr", "S-FCR: the customer would say so")),
    "repeat_rate": (_LESS, Sentence("target.repeat-rate", "Repeat rate")),
    "call_resolution": (_MORE, Sentence("target.call-resolution", "Call resolution")),
    "reopen_rate": (_LESS, Sentence("target.reopen-rate", "Reopen rate")),
    "transfer_rate": (_LESS, Sentence("target.transfer-rate", "Transfer rate")),
    "escalation_rate": (_LESS, Sentence("target.escalation-rate", "Escalation rate")),
    "abandonment_rate": (_LESS, Sentence("target.abandonment-rate", "Abandonment rate")),
    "survey_fcr": (_MORE, Sentence("target.survey-fcr", "First contact resolution, by survey")),
}
"""Shares that can have a target: which key says it, for that is the side on which it is good, and their name."""

_LIKE = {_MORE: "0.80", _LESS: "0.05"}


def read_targets(text: TomlText, data: Any, place: tuple[str | int, ...], faults: Faults) -> tuple[Target, ...]:
    """The targets in `[targets.MEASURE]`, in the order of `MEASURES`; those with a fault are left out.

    Args:
        text: The document.
        data: What stands at `targets`.
        place: Where it stands.
        faults: Where to note.
    """
    if not isinstance(data, dict):
        _refuse_value(text, place, "fcr_issue", faults)
        return ()
    found = {}
    for measure, rows in data.items():
        at = (*place, measure)
        if measure not in MEASURES:
            _refuse(text, at, measure, faults)
            continue
        if not isinstance(rows, dict):
            _refuse_value(text, at, measure, faults)
            continue
        before = len(faults)
        values = read_table(text, _without_percents(text, rows, at, faults), at, TARGET, faults)
        if len(faults) == before:
            found[measure] = Target(measure, **values)
            _check(text, found[measure], at, faults)
    return tuple(found[measure] for measure in MEASURES if measure in found)


def _refuse_value(text: TomlText, at: tuple[str | int, ...], measure: str, faults: Faults) -> None:
    """Note a value where a section belongs."""
    side = MEASURES[measure][0]
    faults.add(
        WRONG_TYPE,
        where=text.where(*at),
        saw="a single value",
        allowed="a section for each measure",
        cure=clause(
            "type `{section}` and `{setting}` below it",
            section=f"[targets.{measure}]",
            setting=f"{side} = {_LIKE[side]}",
        ),
    )


def _refuse(text: TomlText, at: tuple[str | int, ...], name: str, faults: Faults) -> None:
    """Note a name of which there are no targets."""
    near = difflib.get_close_matches(name, MEASURES, n=1, cutoff=0.5)
    saw: Sentence | str = f"`{name}`"
    cure = clause("name one of these: only shares have targets")
    if name in {setting.key for setting in TARGET}:
        saw = clause("`{name}` of no measure", name=name)
        cure = clause("type `{name}` above it", name="[targets.fcr_issue]")
    elif name == "service_level":
        saw = clause("`{name}`, whose target is its goal", name=name)
        cure = clause("type `goal = 0.80` below `[service_level]`")
    elif near:
        cure = clause("type `{name}`", name=f"[targets.{near[0]}]")
    faults.add(UNKNOWN_KEY, where=text.where(*at), saw=saw, allowed=", ".join(MEASURES), cure=cure)


def _without_percents(
    text: TomlText, rows: dict[str, Any], at: tuple[str | int, ...], faults: Faults
) -> dict[str, Any]:
    """The settings without those that were typed as a percentage, which are noted."""
    kept = {}
    for key, value in rows.items():
        if key in (_MORE, _LESS, "tolerance") and type(value) in (int, float) and 1 < value <= 100:
            faults.add(
                OUT_OF_LIMITS,
                where=text.where(*at, key),
                saw=clause("{value:g}, which looks like a percentage", value=value),
                allowed="a share from 0 to 1",
                cure=clause("type `{name}`", name=f"{key} = {value / 100:g}"),
            )
        else:
            kept[key] = value
    return kept


def _check(text: TomlText, target: Target, at: tuple[str | int, ...], faults: Faults) -> None:
    """Note settings of a target that are each right and together are not."""
    side = MEASURES[target.measure][0]
    given = [key for key in (_MORE, _LESS) if getattr(target, key) is not None]
    if given == [side]:
        if target.tolerance and not 0 < target.edge < 1:
            faults.add(
                CONFLICT,
                where=text.where(*at, "tolerance"),
                saw="a tolerance within which every figure lies",
                allowed="one that some figures miss",
                cure="lower `tolerance`",
            )
        return
    if not given:
        saw, cure = clause("no share to aim at"), clause("add `{name}`", name=f"{side} = {_LIKE[side]}")
    elif len(given) == 2:
        saw, cure = clause("`at_least` and `at_most`"), clause("keep `{name}`", name=side)
    else:
        told = {"given": given[0], "measure": target.measure}
        saw, cure = clause("`{given}` for `{measure}`, of which more is better", **told), clause("type `at_least`")
        if side == _LESS:
            saw, cure = clause("`{given}` for `{measure}`, of which less is better", **told), clause("type `at_most`")
    allowed = clause("`{side}` for `{measure}`", side=side, measure=target.measure)
    faults.add(CONFLICT, where=text.where(*at), saw=saw, allowed=allowed, cure=cure)


def say_target(target: Target) -> Sentence:
    """What is aimed at, and what is tolerated, as part of a sentence.

    >>> say_target(Target("fcr_issue", at_least=0.8, tolerance=0.02))
    'at least 80% (78% is tolerated)'
    >>> say_target(Target("transfer_rate", at_most=0.125))
    'at most 12.5%'
    """
    share, edge = (round(100 * part, 6) for part in (target.share, target.edge))
    if target.at_least is not None:
        if target.tolerance:
            return Sentence(
                "target.least.tolerated", "at least {share:g}% ({edge:g}% is tolerated)", share=share, edge=edge
            )
        return Sentence("target.least", "at least {share:g}%", share=share)
    if target.tolerance:
        return Sentence("target.most.tolerated", "at most {share:g}% ({edge:g}% is tolerated)", share=share, edge=edge)
    return Sentence("target.most", "at most {share:g}%", share=share)


def explain_target(target: Target) -> Sentence:
    """A target as a point of the policy's explanation.

    >>> explain_target(Target("reopen_rate", at_most=0.05))
    'Target of “Reopen rate”: at most 5%. It moves no figure.'
    """
    name, goal = MEASURES[target.measure][1], say_target(target)
    if target.since is None:
        return Sentence("target.whole", "Target of “{name}”: {goal}. It moves no figure.", name=name, goal=goal)
    return Sentence(
        "target.since",
        "Target of “{name}” from {day} on: {goal}. It moves no figure.",
        name=name,
        goal=goal,
        day=target.since,
    )
