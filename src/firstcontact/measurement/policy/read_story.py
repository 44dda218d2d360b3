"""From a stories file to stories, or to everything that is wrong with it.

A stories file is TOML. Times are told from the start: `at = "day 3 09:30"`, `lasts = "10m"`,
`events = ["5m public_reply Ana", "10m settled"]`.
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from firstcontact.contacts.loaded import SourceKind
from firstcontact.contacts.table import CASE_EVENT_KINDS, DIRECTIONS, EXTRA_PREFIX
from firstcontact.kernel.errors import Faults
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.preset import preset_names
from firstcontact.measurement.policy.read import build, read_text
from firstcontact.measurement.policy.section import (
    OUT_OF_LIMITS,
    REQUIRED,
    WRONG_TYPE,
    read_table,
    refuse_unknown,
)
from firstcontact.measurement.policy.setting import Setting
from firstcontact.measurement.policy.story import (
    DAY_ZERO,
    FACTS,
    LENGTH,
    LETTERS,
    MOMENT,
    RECORDED,
    Story,
    length,
    moment,
)
from firstcontact.measurement.policy.toml_text import TomlText, parse
from firstcontact.measurement.reference.contact import CaseEvent, Contact, Survey

_EVENT = re.compile(r"^(-?\d+[dhms](?: \d+[dhms])*) (\w+)(?: (.+))?$")

STORY = (
    Setting("name", "text", "Short name", required=True),
    Setting("title", "text", "One line", required=True),
    Setting("tells", "text", "What happens, in words", required=True),
    Setting("source", "text", "What a row is", choices=("contact", "ticket")),
    Setting("data_start", "text", 'When recording began, like "day -120"'),
    Setting("since", "text", "From when contacts are judged"),
    Setting("cutoff", "text", "The end of knowledge"),
    Setting("judged", "text", "The contact that verdicts are about; otherwise the first"),
    Setting("recorded", "texts", "What the system records"),
)

CONTACT = (
    Setting("id", "text", "Its name in the story", required=True),
    Setting("at", "text", 'When it starts, like "day 0 09:00"', required=True),
    Setting("lasts", "text", 'How long, like "10m"; left out: no end is known'),
    Setting("customer", "text", "Who; left out: unknown"),
    Setting("reason", "text", "About what; left out: no reason"),
    Setting("channel", "text", "Through which channel"),
    Setting("direction", "text", "inbound or outbound", choices=DIRECTIONS),
    Setting("queued_before", "text", "How long before the start the wait began"),
    Setting("answered_after", "text", "How long after the start it was answered"),
    Setting("agent", "text", "Who handled it"),
    Setting("queue", "text", "Where it was handled"),
    Setting("transfers", "whole", "How often it was transferred", 0, 1000),
    Setting("escalated_to", "text", "The higher level it went to"),
    Setting("settled", "flag", "Whether it is solved or closed"),
    Setting("resolved", "flag", "Whether the agent marked it resolved"),
    Setting("abandoned", "flag", "Whether the customer left before an answer"),
    Setting("events", "texts", 'Case events, like "5m public_reply Ana"'),
)

SURVEY = (
    Setting("resolved", "flag", "Whether the customer says it is resolved"),
    Setting("contacts_needed", "whole", "How many contacts the customer says it took", 0, 1000),
)


def stories_files() -> tuple[Path, ...]:
    """The stories that come with the project."""
    folder = files("firstcontact.measurement.policy") / "stories"
    return tuple(sorted(Path(str(item)) for item in folder.iterdir() if item.name.endswith(".toml")))


def read_stories(path: Path) -> tuple[Story, ...]:
    """The stories of a file.

    Raises:
        FirstcontactError: With every fault found, as for policies: FC3001 to FC3006, FC3008.
    """
    return stories_from(parse(read_text(path), path.name))


def stories_from(text: TomlText) -> tuple[Story, ...]:
    """The stories of a parsed document.

    Raises:
        FirstcontactError: With every fault found.
    """
    faults = Faults()
    refuse_unknown(text, text.data, (), ["story"], faults)
    rows = text.data.get("story", [])
    if not isinstance(rows, list) or not rows:
        faults.add(
            REQUIRED, where=text.file, saw="no story", allowed="at least one story", cure="add a section [[story]]"
        )
        rows = []
    stories = [_story(text, row, ("story", number), faults) for number, row in enumerate(rows)]
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    for number, name in enumerate(names):
        if name is not None and name in names[:number]:
            faults.add(
                OUT_OF_LIMITS,
                where=text.where("story", number, "name"),
                saw=f'"{name}" a second time',
                allowed="a name of its own for each story",
                cure="rename one of them",
            )
    faults.raise_if_any()
    return tuple(story for story in stories if story is not None)


def _story(text: TomlText, row: Any, place: tuple[str | int, ...], faults: Faults) -> Story | None:
    before = len(faults)
    parts = ("contact", "policy", "expected", "facts")
    row = row if isinstance(row, dict) else {}
    refuse_unknown(text, row, place, [*(setting.key for setting in STORY), *parts], faults)
    values = read_table(text, {k: v for k, v in row.items() if k in {s.key for s in STORY}}, place, STORY, faults)
    contacts = [
        _contact(text, contact, (*place, "contact", number), faults)
        for number, contact in enumerate(_rows(text, row, (*place, "contact"), faults))
    ]
    policy = None
    if "policy" in row:
        policy = build(text, row["policy"], (*place, "policy"), faults)
    kind: SourceKind = values.get("source", "contact")
    frame = Frame(
        data_start=_moment(text, values.get("data_start", "day -120"), (*place, "data_start"), faults),
        since=_moment(text, values.get("since", values.get("data_start", "day -120")), (*place, "since"), faults),
        cutoff=_moment(text, values.get("cutoff", "day 120"), (*place, "cutoff"), faults),
        source_kind=kind,
    )
    _among(text, values.get("recorded", ()), RECORDED, (*place, "recorded"), faults)
    told = [contact.contact_id for contact in contacts if contact is not None]
    if "judged" in values:
        _among(text, (values["judged"],), tuple(told), (*place, "judged"), faults)
    names = (*preset_names(), *((policy.name,) if policy else ()))
    expected = _expected(text, row.get("expected", {}), (*place, "expected"), names, faults)
    facts = _facts(text, row.get("facts", {}), (*place, "facts"), tuple(told), faults)
    if len(faults) > before:
        return None
    return Story(
        name=values["name"],
        title=values["title"],
        tells=" ".join(values["tells"].split()),
        contacts=tuple(contact for contact in contacts if contact is not None),
        judged=values.get("judged", told[0]),
        frame=frame,
        recorded=values.get("recorded", ()),
        policy=policy,
        expected=expected,
        facts=facts,
    )


def _rows(text: TomlText, row: dict[str, Any], place: tuple[str | int, ...], faults: Faults) -> list[Any]:
    rows = row.get("contact", [])
    if not isinstance(rows, list) or not rows:
        faults.add(
            REQUIRED,
            where=text.where(*place),
            saw="no contact",
            allowed="at least one contact",
            cure="add [[story.contact]]",
        )
        return []
    return rows


def _contact(text: TomlText, row: Any, place: tuple[str | int, ...], faults: Faults) -> Contact | None:
    before = len(faults)
    row = row if isinstance(row, dict) else {}
    known = {setting.key for setting in CONTACT}
    extra = {key: value for key, value in row.items() if key.startswith(EXTRA_PREFIX)}
    refuse_unknown(text, row, place, [*sorted(known), "survey", *extra], faults)
    values = read_table(text, {k: v for k, v in row.items() if k in known}, place, CONTACT, faults)
    answers = read_table(text, row["survey"], (*place, "survey"), SURVEY, faults) if "survey" in row else None
    lengths = {
        key: _length(text, values.get(key), (*place, key), faults)
        for key in ("lasts", "queued_before", "answered_after")
    }
    if "at" not in values:
        return None
    start = _moment(text, values["at"], (*place, "at"), faults)
    events = tuple(_event(text, event, start, (*place, "events"), faults) for event in values.get("events", ()))
    if len(faults) > before:
        return None
    lasts, waited, answered = lengths["lasts"], lengths["queued_before"], lengths["answered_after"]
    return Contact(
        contact_id=values["id"],
        customer=values.get("customer"),
        started_at=start,
        ended_at=None if lasts is None else start + lasts,
        reason=values.get("reason"),
        channel=values.get("channel"),
        direction=values.get("direction"),
        queued_at=None if waited is None else start - waited,
        answered_at=None if answered is None else start + answered,
        agent_id=values.get("agent"),
        queue=values.get("queue"),
        transfers=values.get("transfers"),
        escalated_to=values.get("escalated_to"),
        settled=values.get("settled"),
        agent_says_resolved=values.get("resolved"),
        abandoned=values.get("abandoned"),
        extra={key: str(value) for key, value in extra.items()},
        events=tuple(event for event in events if event is not None),
        survey=None if answers is None else Survey(**answers),
    )


def _event(
    text: TomlText, told: str, start: datetime, place: tuple[str | int, ...], faults: Faults
) -> CaseEvent | None:
    found = _EVENT.match(told)
    kind = found[2] if found else ""
    if found and kind in CASE_EVENT_KINDS:
        return CaseEvent(start + length(found[1]), kind, found[3])
    near = difflib.get_close_matches(kind, CASE_EVENT_KINDS, n=1, cutoff=0.4)
    faults.add(
        OUT_OF_LIMITS,
        where=text.where(*place),
        saw=f'"{told}"',
        allowed=f"a length, a kind and perhaps an agent; kinds are {', '.join(CASE_EVENT_KINDS)}",
        cure=f'type it like "5m {near[0] if near else "public_reply"} Ana"',
    )
    return None


def _moment(text: TomlText, told: str, place: tuple[str | int, ...], faults: Faults) -> datetime:
    if MOMENT.match(told):
        return moment(told)
    faults.add(
        OUT_OF_LIMITS,
        where=text.where(*place),
        saw=f'"{told}"',
        allowed='a day counted from the start, with or without a time: "day 3 09:30"',
        cure=f'type `{place[-1]} = "day 3 09:30"`',
    )
    return DAY_ZERO


def _length(text: TomlText, told: str | None, place: tuple[str | int, ...], faults: Faults) -> timedelta | None:
    if told is None:
        return None
    if LENGTH.match(told) and not told.startswith("-"):
        return length(told)
    faults.add(
        OUT_OF_LIMITS,
        where=text.where(*place),
        saw=f'"{told}"',
        allowed='days, hours, minutes and seconds: "1d 2h 30m 15s"',
        cure=f'type `{place[-1]} = "10m"`',
    )
    return None


def _expected(
    text: TomlText, data: Any, place: tuple[str | int, ...], names: tuple[str, ...], faults: Faults
) -> dict[str, str]:
    if not _is_section(text, data, place, faults):
        return {}
    _among(text, tuple(data), names, place, faults)
    for name, letter in data.items():
        if letter not in LETTERS:
            faults.add(
                OUT_OF_LIMITS,
                where=text.where(*place, name),
                saw=f'"{letter}"',
                allowed=", ".join(f'"{key}" ({words})' for key, words in LETTERS.items()),
                cure=f'type `{name} = "Y"` or another of these letters',
            )
    return dict(data)


def _facts(
    text: TomlText, data: Any, place: tuple[str | int, ...], told: tuple[str, ...], faults: Faults
) -> dict[str, dict[str, Any]]:
    if not _is_section(text, data, place, faults):
        return {}
    _among(text, tuple(data), told, place, faults)
    settings = tuple(Setting(name, kind, "A fact") for name, kind in FACTS.items())  # type: ignore[arg-type]
    facts = {name: read_table(text, row, (*place, name), settings, faults) for name, row in data.items()}
    for name, row in facts.items():
        for key in row:
            if key.endswith("_gap") and row[key]:
                _length(text, row[key], (*place, name, key), faults)
    return facts


def _is_section(text: TomlText, data: Any, place: tuple[str | int, ...], faults: Faults) -> bool:
    if isinstance(data, dict):
        return True
    faults.add(
        WRONG_TYPE,
        where=text.where(*place),
        saw="a single value",
        allowed="a section",
        cure=f"type `[story.{place[-1]}]` and its settings below it",
    )
    return False


def _among(
    text: TomlText, given: tuple[str, ...], allowed: tuple[str, ...], place: tuple[str | int, ...], faults: Faults
) -> None:
    for name in given:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1, cutoff=0.4)
            faults.add(
                OUT_OF_LIMITS,
                where=text.where(*place, name),
                saw=f'"{name}"',
                allowed=", ".join(allowed),
                cure=f'type "{near[0]}"' if near else "use one of these names",
            )
