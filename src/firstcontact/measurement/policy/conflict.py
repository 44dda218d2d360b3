"""Settings that are each right and together are not, and conditions that can never hold."""

from __future__ import annotations

import difflib
import re
from typing import Any

from firstcontact.contacts.table import EXTRA_PREFIX, REASON_SEPARATOR
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, Faults
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.section import OUT_OF_LIMITS
from firstcontact.measurement.policy.setting import COLUMNS, RESERVED_CODES
from firstcontact.measurement.policy.signal import SIGNALS
from firstcontact.measurement.policy.toml_text import TomlText

CONFLICT = ErrorKind(
    "FC3005",
    "Settings contradict each other",
    EXIT_POLICY,
    "Two settings cannot both have an effect, or a condition compares a signal with something that it never is.",
)

_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")


def check_condition(text: TomlText, name: str, row: dict[str, Any], at: tuple[str | int, ...], faults: Faults) -> None:
    """Note what is wrong with one condition.

    Args:
        text: The document.
        name: Which list of conditions it stands in.
        row: Its values.
        at: Its place.
        faults: Where to note.
    """
    condition = Condition(**row)
    if name != "counts_when" and "missing" in row:
        _conflict(
            text,
            (*at, "missing"),
            clause("`missing` in [[{name}]]", name=name),
            clause("`missing` in [[counts_when]] only"),
            clause("remove `missing`: a signal that was not recorded never meets this condition"),
            faults,
        )
    if name == "left_out_when" and condition.code in RESERVED_CODES:
        _reserved(text, (*at, "code"), condition.code, faults)
    _check_comparison(text, condition, at, faults)


def _check_comparison(text: TomlText, condition: Condition, at: tuple[str | int, ...], faults: Faults) -> None:
    spec = SIGNALS.get(condition.signal)
    if spec is None:
        near = difflib.get_close_matches(condition.signal, list(SIGNALS), n=1, cutoff=0.4)
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*at, "signal"),
            saw=f'"{condition.signal}"',
            allowed=", ".join(SIGNALS),
            cure=clause('type `signal = "{name}"`', name=near[0]) if near else "name one of these signals",
        )
        return
    limits_given = [key for key in ("at_most", "below", "at_least") if getattr(condition, key) is not None]
    compared = limits_given + (["equals"] if condition.equals is not None else [])
    compared += ["any_of"] if condition.any_of else []
    if len(compared) != 1:
        _conflict(
            text,
            at,
            clause("no comparison")
            if not compared
            else clause("{names}", names=" and ".join(f"`{key}`" for key in compared)),
            clause("exactly one of equals, at_most, below, at_least, any_of"),
            clause("keep one comparison in each section; two limits are two sections"),
            faults,
        )
        return
    value = condition.equals
    right = {
        "flag": isinstance(value, bool),
        "number": bool(limits_given) or (isinstance(value, int | float) and not isinstance(value, bool)),
        "text": isinstance(value, str) or bool(condition.any_of),
    }[spec.type]
    if not right:
        allowed = {
            "flag": clause("equals = true or equals = false"),
            "number": clause("equals, at_most, below or at_least with a number"),
            "text": clause("equals or any_of with texts"),
        }[spec.type]
        _conflict(
            text,
            at,
            clause("`{key}` for `{name}`, which is a {kind}", key=compared[0], name=spec.name, kind=spec.type),
            allowed,
            clause("type {allowed}", allowed=allowed),
            faults,
        )


def check_together(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    """Note what contradicts itself in a policy whose settings are each right."""
    link, level = policy.link, policy.link.reason_level

    def conflict(where: tuple[str | int, ...], saw: Sentence, allowed: Sentence, cure: Sentence) -> None:
        _conflict(text, (*place, *where), saw, allowed, cure, faults)

    if not policy.counts_when:
        conflict(
            ("counts_when",),
            clause("no condition"),
            clause("at least one [[counts_when]]"),
            clause("say when a contact counts as resolved"),
        )
    named = (
        ("window", "by_reason", policy.window.by_reason),
        ("returns", "cycle_by_reason", policy.returns.cycle_by_reason),
    )
    if level == 0 and (policy.related or any(paths for _, _, paths in named)):
        conflict(
            ("link", "reason_level"),
            clause("reasons that do not matter beside rules about reasons"),
            clause("reason_level above 0, or none of [[related]], window.by_reason and returns.cycle_by_reason"),
            clause("remove the rules, or raise reason_level"),
        )
    for section, key, path in ((section, key, path) for section, key, paths in named for path, _ in paths):
        if level and len(path.split(REASON_SEPARATOR)) > level:
            conflict(
                (section, key, path),
                clause("a path that is longer than reason_level"),
                clause("paths of at most {level} levels", level=level),
                clause("shorten the path, or raise reason_level"),
            )
    if level == 0 and link.missing_reason == "exclude":
        conflict(
            ("link", "missing_reason"),
            clause("missing reasons excluded although reasons do not matter"),
            clause('missing_reason = "own_reason" with reason_level = 0'),
            clause("remove missing_reason, or raise reason_level"),
        )
    if link.same_contact_any_channel and not link.same_contact_seconds:
        conflict(
            ("link", "same_contact_any_channel"),
            clause("legs on any channel, and no legs"),
            clause("same_contact_seconds above 0"),
            clause("give same_contact_seconds a value, or remove same_contact_any_channel"),
        )
    for number, rule in enumerate(policy.related):
        if rule.earlier == rule.later:
            conflict(
                ("related", number),
                clause("a reason related to itself"),
                clause("two different reasons"),
                clause("use window.by_reason for returns with the same reason"),
            )
    _check_exclusions(text, policy, place, faults)
    _check_calendar(text, policy, place, faults)
    if policy.publish.suppress_below > policy.publish.minimum_sample:
        conflict(
            ("publish", "suppress_below"),
            clause("more than minimum_sample"),
            clause("suppress_below at most minimum_sample"),
            clause("lower suppress_below, or raise minimum_sample"),
        )


def _check_exclusions(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    seen: set[str] = set()
    for number, exclusion in enumerate(policy.exclude):
        at = (*place, "exclude", number)
        if exclusion.code in RESERVED_CODES:
            _reserved(text, (*at, "code"), exclusion.code, faults)
        if exclusion.code in seen:
            _conflict(
                text,
                (*at, "code"),
                clause("the same code twice"),
                clause("a code of its own for each"),
                clause("rename one of them"),
                faults,
            )
        seen.add(exclusion.code)
        if exclusion.column not in COLUMNS and not exclusion.column.startswith(EXTRA_PREFIX):
            near = difflib.get_close_matches(exclusion.column, COLUMNS, n=1, cutoff=0.4)
            faults.add(
                OUT_OF_LIMITS,
                where=text.where(*at, "column"),
                saw=f'"{exclusion.column}"',
                allowed=clause(
                    "{names}, or {prefix} and the name of a further column",
                    names=", ".join(COLUMNS),
                    prefix=EXTRA_PREFIX,
                ),
                cure=clause('type `column = "{name}"`', name=near[0] if near else EXTRA_PREFIX + exclusion.column),
            )


def _check_calendar(text: TomlText, policy: Policy, place: tuple[str | int, ...], faults: Faults) -> None:
    calendar = policy.calendar
    wrong = [key for key in ("opens", "closes") if not _CLOCK.match(getattr(calendar, key))]
    for key in wrong:
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place, "calendar", key),
            saw="text that is no time of day",
            allowed="HH:MM from 00:00 to 24:00",
            cure=clause('type `{key} = "08:30"`', key=key),
        )
    if not wrong and calendar.opens >= calendar.closes:
        _conflict(
            text,
            (*place, "calendar", "closes"),
            clause("a closing time that is not after the opening time"),
            clause("opens before closes"),
            clause("swap them; hours over midnight are not supported"),
            faults,
        )
    if calendar.zone != "auto" and not zone_exists(calendar.zone):
        faults.add(
            OUT_OF_LIMITS,
            where=text.where(*place, "calendar", "zone"),
            saw=f'"{calendar.zone}"',
            allowed='"auto" or a zone of the time zone database',
            cure='type a name like `zone = "Europe/Sofia"`',
        )


def _conflict(
    text: TomlText, place: tuple[str | int, ...], saw: Sentence, allowed: Sentence, cure: Sentence, faults: Faults
) -> None:
    faults.add(CONFLICT, where=text.where(*place), saw=saw, allowed=allowed, cure=cure)


def _reserved(text: TomlText, place: tuple[str | int, ...], code: str, faults: Faults) -> None:
    _conflict(
        text,
        place,
        clause('"{code}", which the ledger uses itself', code=code),
        clause("a code other than {names}", names=", ".join(RESERVED_CODES)),
        clause("rename it"),
        faults,
    )
