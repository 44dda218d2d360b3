"""Where two policies differ, setting by setting, in words where there are words."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.place import N_
from firstcontact.measurement.policy.explain import say
from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.target import MEASURES, explain_target
from firstcontact.services.attribute import policy_changes

NAMES: dict[str, str] = {
    "window.default_days": N_("Window, in days"),
    "window.by_reason": N_("Windows of single reasons"),
    "window.source": N_("Where windows come from"),
    "link.index": N_("Which contacts are judged"),
    "link.abandoned": N_("Contacts given up before an answer"),
    "link.outbound": N_("Contacts that the centre made"),
    "link.self_service": N_("Contacts with self-service"),
    "counts_when": N_("Counts as resolved when"),
    "left_out_when": N_("Left out when"),
    "unsettled_when": N_("Left open when"),
}
"""Settings that have a name on pages; others go by that in the text."""

ROLES: dict[str, str] = {
    "count": N_("count like any other"),
    "return_only": N_("show a return, and are not judged"),
    "ignore": N_("are left out"),
    "openers": N_("those that open an issue"),
    "all": N_("all"),
}
"""What such settings can be."""

_RULES = ("counts_when", "left_out_when", "unsettled_when")


@dataclass(frozen=True, slots=True)
class Differs:
    """One setting.

    Attributes:
        name: What it is called; the key in the text where `raw`.
        there: In force; empty where it does not stand there.
        here: In the other policy; likewise.
        raw: Whether the name is a key.
    """

    name: str
    there: str
    here: str
    raw: bool = False


def differences(there: Policy, here: Policy, writer: Writer) -> tuple[Differs, ...]:
    """Where two policies differ in what moves a figure, or in targets.

    Args:
        there: The one in force.
        here: The other.
        writer: Speaks the visitor's language.
    """
    found: list[Differs] = []
    for one in policy_changes(there.as_dict(), here.as_dict()):
        if one.what in _RULES:
            continue
        name = NAMES.get(one.what, "")
        before, after = (writer.say(ROLES[side]) if side in ROLES else side for side in (one.before, one.after))
        found.append(Differs(writer.say(name) if name else one.what, before, after, raw=not name))
    for key in _RULES:
        rules = [getattr(side, key) for side in (there, here)]
        told = [(_rule(one, writer), "") for one in rules[0] if one not in rules[1]]
        told += [("", _rule(one, writer)) for one in rules[1] if one not in rules[0]]
        found += [Differs(writer.say(NAMES[key]), *both) for both in told]
    for measure in MEASURES:
        targets = [side.target(measure) for side in (there, here)]
        if targets[0] != targets[1]:
            old, new = ("" if one is None else writer.tell(explain_target(one)) for one in targets)
            found.append(Differs(writer.say(N_("Target")), old, new))
    return tuple(found)


def _rule(one: Condition, writer: Writer) -> str:
    told = writer.tell(say(one))
    return told[:1].upper() + told[1:]
