"""From a TOML file to a policy, or to everything that is wrong with it, each with its line and what to type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.policy.conflict import check_condition, check_together
from firstcontact.measurement.policy.model import (
    Calendar,
    Condition,
    Cost,
    Exclusion,
    Link,
    Policy,
    Publish,
    Related,
    Returns,
    ServiceLevel,
    Window,
)
from firstcontact.measurement.policy.section import read_list, read_table, refuse_unknown
from firstcontact.measurement.policy.setting import LISTS, NAMED, SECTIONS, TOP
from firstcontact.measurement.policy.target import read_targets
from firstcontact.measurement.policy.toml_text import TomlText, parse

UNREADABLE = ErrorKind(
    "FC3008",
    "The policy or stories file cannot be read",
    EXIT_POLICY,
    "The file does not exist, is a directory, may not be read, or is not UTF-8 text.",
)

CONDITIONS = ("counts_when", "left_out_when", "unsettled_when")


def read_text(path: Path) -> str:
    """The text of a policy or stories file.

    Raises:
        FirstcontactError: FC3008 when it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bytes that are not UTF-8"
        raise FirstcontactError(
            [
                UNREADABLE.fault(
                    where=str(path),
                    saw=clause(reason[:1].lower() + reason[1:]),
                    allowed="a readable UTF-8 text file",
                    cure="check the name; `firstcontact policy list` shows the presets that need no file",
                )
            ]
        ) from None


def read_policy(path: Path) -> Policy:
    """The policy that a file holds.

    Raises:
        FirstcontactError: With every fault found: FC3001 to FC3006, FC3008.
    """
    return policy_from(parse(read_text(path), path.name))


def policy_from(text: TomlText) -> Policy:
    """The policy that a parsed document holds; settings left out have their defaults.

    Raises:
        FirstcontactError: With every fault found: FC3002 to FC3006.
    """
    faults = Faults()
    policy = build(text, text.data, (), faults)
    faults.raise_if_any()
    return policy


def build(text: TomlText, data: dict[str, Any], place: tuple[str | int, ...], faults: Faults) -> Policy:
    """The policy in a table of a document, noting what is wrong with it."""
    known = [setting.key for setting in TOP] + list(SECTIONS) + list(LISTS) + list(NAMED)
    refuse_unknown(text, data, place, known, faults)
    values = read_table(text, {k: v for k, v in data.items() if k in {s.key for s in TOP}}, place, TOP, faults)
    once = {
        name: read_table(text, data[name], (*place, name), settings, faults)
        for name, settings in SECTIONS.items()
        if name in data
    }
    many = {
        name: read_list(text, data[name], (*place, name), settings, faults)
        for name, settings in LISTS.items()
        if name in data
    }
    targets = read_targets(text, data["targets"], (*place, "targets"), faults) if "targets" in data else ()
    for name in CONDITIONS:
        for number, row in many.get(name, {}).items():
            check_condition(text, name, row, (*place, name, number), faults)
    if faults:
        return Policy()
    if "by_reason" in once.get("window", {}):
        once["window"]["by_reason"] = tuple(sorted(once["window"]["by_reason"].items()))
    if "cycle_by_reason" in once.get("returns", {}):
        once["returns"]["cycle_by_reason"] = tuple(sorted(once["returns"]["cycle_by_reason"].items()))
    policy = Policy(
        window=Window(**once.get("window", {})),
        link=Link(**once.get("link", {})),
        calendar=Calendar(**once.get("calendar", {})),
        service_level=ServiceLevel(**once.get("service_level", {})),
        publish=Publish(**once.get("publish", {})),
        cost=Cost(**once.get("cost", {})),
        returns=Returns(**once.get("returns", {})),
        related=tuple(Related(**row) for row in many.get("related", {}).values()),
        exclude=tuple(Exclusion(**row) for row in many.get("exclude", {}).values()),
        targets=targets,
        **values,
    )
    conditions: dict[str, Any] = {
        name: tuple(Condition(**row) for row in many[name].values()) for name in CONDITIONS if name in many
    }
    policy = replace(policy, **conditions)
    check_together(text, policy, place, faults)
    return policy
