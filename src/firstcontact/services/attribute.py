"""Why the figures of two runs differ: files, mapping, options, period, policy, fit, version; and which of them did."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from firstcontact.kernel.clock import zone_exists
from firstcontact.measurement.policy.model import digest
from firstcontact.services.record import RunRecord

CauseKind = Literal["version", "files", "mapping", "options", "period", "policy", "fit"]
End = Literal["cutoff", "since"]

_NAMES_ONLY = {"name", "version", "title", "source", "note", "targets"}
_PROSE = {"because"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was. A side on which it does not exist is empty."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the things that make a figure.

    Attributes:
        kind: Which.
        title: In words.
        changes: What is not as it was; empty when it is the same in both runs.
        follows: Of what the changes are a mere consequence, in words; empty where they are a cause of their own.
    """

    kind: CauseKind
    title: str
    changes: tuple[Change, ...]
    follows: str = ""

    @property
    def moved(self) -> bool:
        """Whether it can have moved figures by itself."""
        return bool(self.changes) and not self.follows


@dataclass(frozen=True, slots=True)
class Attribution:
    """Why figures differ.

    Attributes:
        causes: All of them, changed or not.
        said: The conclusion in a sentence or two.
        commands: What to type to tell several causes apart; empty where one cause is left.
    """

    causes: tuple[Cause, ...]
    said: str
    commands: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[Cause, ...]:
        """Those that can have moved figures."""
        return tuple(cause for cause in self.causes if cause.moved)

    def same(self, *kinds: CauseKind) -> bool:
        """Whether nothing of these kinds changed."""
        return not any(cause.changes for cause in self.causes if cause.kind in kinds)


def attribute(before: RunRecord, after: RunRecord, *, figures_moved: bool) -> Attribution:
    """Find out what differs between two runs besides their figures.

    Args:
        before: The earlier one.
        after: The one it is compared with.
        figures_moved: Whether any figure differs.

    Returns:
        The causes and what can be concluded from them.
    """
    files = _files(before, after)
    policy = policy_changes(before.policy, after.policy)
    others = (
        Cause("version", "Version of firstcontact", tuple(_one("version", before.version, after.version))),
        Cause("files", "Files", files),
        Cause("mapping", "How the files are understood", tuple(_mapping(before, after))),
        Cause("options", "Options", tuple(_options(before, after))),
        _period(before, after, files_changed=bool(files)),
        Cause("policy", "Policy", policy),
    )
    learned_from = any(cause.moved for cause in others if cause.kind != "options")
    causes = (*others, _fit(before, after, policy_changed=bool(policy), learned_from=learned_from))
    moved = [cause for cause in causes if cause.moved]
    names = [_LOWER[cause.kind] for cause in moved]
    if not moved:
        said = "Nothing that makes a figure differs between the two runs"
        return Attribution(causes, said + _unexplained(before, after) if figures_moved else f"{said}.")
    if not figures_moved:
        return Attribution(causes, f"{_list(names).capitalize()} changed, and no figure moved.")
    if len(moved) == 1:
        return Attribution(causes, f"Only {names[0]} changed, so every movement comes from there.")
    said = (
        f"{_list(names).capitalize()} changed. Two runs cannot say which of them moved a figure, or how much of it. "
        "The commands change one thing at a time, from the first run to the second; their parts add up to the whole. "
        "Another order may divide it a little differently."
    )
    return Attribution(causes, said, tuple(_commands(before, after, moved)))


def _unexplained(before: RunRecord, after: RunRecord) -> str:
    if before.options is None or after.options is None:
        return (
            ", and yet figures do. An earlier version did not note all options, such as --region and --by: they may be "
            "what differs. Measure again with this version to know."
        )
    return ", and yet figures do: that is a defect of firstcontact; please report it."


_ENDS: tuple[End, ...] = ("cutoff", "since")

_LOWER: dict[CauseKind, str] = {
    "version": "the version of firstcontact",
    "files": "the files",
    "mapping": "the way the files are understood",
    "options": "the options",
    "period": "the period",
    "policy": "the policy",
    "fit": "the fit",
}


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _files(before: RunRecord, after: RunRecord) -> tuple[Change, ...]:
    old, new = ({str(one.get("name")): one for one in record.run.get("inputs", ())} for record in (before, after))
    hashes = [sorted(str(one.get("sha256")) for one in side.values()) for side in (old, new)]
    if hashes[0] == hashes[1]:
        return ()  # a file that was only renamed moves no figure
    changes = [
        Change(name, _file(old.get(name)), _file(new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if (old.get(name) or {}).get("sha256") != (new.get(name) or {}).get("sha256")
    ]
    rows = [record.ledger.get("rows", {}) for record in (before, after)]
    for key, words in (("read", "rows read"), ("contacts", "contacts")):
        changes += _one(words, *(_number(row.get(key)) for row in rows))
    return tuple(changes)


def _file(one: dict[str, Any] | None) -> str:
    return f"{str(one.get('sha256'))[:12]}, {_number(one.get('bytes'))} bytes" if one else ""


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _one(what: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(what, before, after)


def _mapping(before: RunRecord, after: RunRecord) -> Iterator[Change]:
    yield from settings(before.run.get("mapping", {}), after.run.get("mapping", {}))
    yield from _one("business zone", str(before.run.get("zone", "")), str(after.run.get("zone", "")))


def _options(before: RunRecord, after: RunRecord) -> Iterator[Change]:
    """Options that stand nowhere else; the zone is seen in the mapping, both ends in the period."""
    if before.options is None or after.options is None:
        return
    yield from _one("--region", *(_shown(side.options.get("region")) for side in (before, after) if side.options))
    yield from _one(
        "--by", *(", ".join(sorted(side.options.get("by", ()))) for side in (before, after) if side.options)
    )
    # Two audits of the same files are told apart by what they hold.
    yield from _one("--audit", *(str(side.options.get("audit", ""))[:12] for side in (before, after) if side.options))


def settings(before: dict[str, Any], after: dict[str, Any], path: str = "") -> Iterator[Change]:
    """Nested settings, one by one, where they differ.

    >>> list(settings({"window": {"default_days": 30}}, {"window": {"default_days": 7}}))
    [Change(what='window.default_days', before='30', after='7')]
    """
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        where = f"{path}.{key}" if path else str(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from settings(old, new, where)
        elif old != new:
            yield Change(where, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def policy_changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    """Where two policies, as plain data, differ in a setting that can move a figure; what is only said about them
    cannot.
    """
    plain = [{key: value for key, value in side.items() if key not in _NAMES_ONLY} for side in (before, after)]
    lists = dict.fromkeys(key for side in plain for key, value in side.items() if _is_table_list(value))
    single = [{key: value for key, value in side.items() if key not in lists} for side in plain]
    changes = list(settings(single[0], single[1]))
    for key in lists:
        old, new = ([_rule(row) for row in side.get(key, [])] for side in plain)
        changes += [Change(key, rule, "") for rule in old if rule not in new]
        changes += [Change(key, "", rule) for rule in new if rule not in old]
    return tuple(changes)


def _is_table_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _rule(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {_shown(value)}" for key, value in row.items() if key not in _PROSE)


def _period(before: RunRecord, after: RunRecord, *, files_changed: bool) -> Cause:
    frames = [record.run.get("frame", {}) for record in (before, after)]
    names = (
        ("data_start", "data begin"),
        ("since", "judged since"),
        ("cutoff", "cut-off"),
        ("source_kind", "a row is"),
    )
    changes = [change for key, words in names for change in _one(words, *(_moment(frame.get(key)) for frame in frames))]
    found = not any(_given(record, "cutoff") or _given(record, "since") for record in (before, after))
    follows = "the files: neither run was given a period" if changes and files_changed and found else ""
    return Cause("period", "Period", tuple(changes), follows)


def _moment(text: Any) -> str:
    return str(text or "").replace("T", " ").removesuffix(" 00:00:00")


def _given(record: RunRecord, which: End) -> bool:
    """Whether the user named this end of the period.

    A run of an earlier version does not say: there, a cut-off without a finding was named.
    """
    if record.options is not None:
        return bool(record.options.get(which))
    frame = record.run.get("frame", {})
    if which == "since":
        return bool(frame.get("since") != frame.get("data_start"))
    return not any(finding.get("topic") == "cut-off" for finding in record.run.get("findings", ()))


def _fit(before: RunRecord, after: RunRecord, *, policy_changed: bool, learned_from: bool) -> Cause:
    sides = (before, after)
    old, new = ({str(one.get("reason")): one for one in side.fit.get("windows", ())} for side in sides)
    kinds = [str(side.fit.get("kind", "")) for side in sides]
    changes = [*_one("kind", *kinds)]
    windows: dict[tuple[str, str], list[str]] = {}
    for reason in sorted(old.keys() & new.keys()):
        if _days(old[reason]) != _days(new[reason]):
            windows.setdefault((_days(old[reason]), _days(new[reason])), []).append(reason or "every reason")
    for (earlier, later), reasons in windows.items():
        what = reasons[0] if len(reasons) == 1 else f"{len(reasons)} reasons: {', '.join(reasons)}"
        changes.append(Change(f"window of {what}", earlier, later))
    declared = kinds == ["declared", "declared"] and not any(_saved_fit(side) for side in sides)
    follows = "the policy, which declares the windows" if changes and declared and policy_changed else ""
    models = list(_models(before, after))
    if models and not changes and learned_from and not any(_saved_fit(side) for side in sides):
        follows = "what else changed: each run learned its models anew"
    return Cause("fit", "Fit", (*changes, *models), follows)


def _models(before: RunRecord, after: RunRecord) -> Iterator[Change]:
    """What was learned of returns, on which R-FCR rests: by digest, for it is thousands of numbers."""
    old, new = (side.fit.get("models") or [] for side in (before, after))
    if old and new and old != new:
        yield Change("models of returns", *(f"{digest(side)}, of {len(side):,}" for side in (old, new)))


def _saved_fit(record: RunRecord) -> bool:
    """Whether its windows stand in its fit alone: learned, or taken from an earlier run."""
    return record.fit.get("kind") == "learned" or bool((record.options or {}).get("fit"))


def _days(window: dict[str, Any]) -> str:
    return f"{window.get('days'):g} days, quiet for {window.get('look_back_days'):g} before"


def _commands(before: RunRecord, after: RunRecord, moved: list[Cause]) -> Iterator[str]:
    """Runs between the two, each with one more thing of the second, and the comparisons of neighbours."""
    side: dict[CauseKind, RunRecord] = dict.fromkeys(_LOWER, before)
    kinds = {cause.kind for cause in moved}
    ends: list[End] = [end for end in _ENDS if _given(before, end) or _given(after, end)]
    places = [before.place]
    for number, cause in enumerate(moved[:-1], start=1):
        side[cause.kind] = after
        places.append(f"between-{number}")
        yield f"{_measure(side, kinds, ends)} --out {places[-1]}"
    for one, other, cause in zip(places, [*places[1:], after.place], moved, strict=True):
        yield f"firstcontact diff {shlex.quote(one)} {shlex.quote(other)}  # what {_LOWER[cause.kind]} moved"


def _measure(side: dict[CauseKind, RunRecord], kinds: set[CauseKind], ends: list[End]) -> str:
    files = [shlex.quote(str(one.get("name"))) for one in side["files"].run.get("inputs", ())]
    words = ["firstcontact measure", *files, "--policy", shlex.quote(str(Path(side["policy"].place) / "policy.toml"))]
    if "mapping" in kinds:
        words += ["--mapping", shlex.quote(f"mapping-of-{Path(side['mapping'].place).name}.toml")]
    if "mapping" in kinds or (side["mapping"].options or {}).get("zone"):
        words += ["--zone", shlex.quote(str(side["mapping"].run.get("zone")))]
    options = side["options"].options or {}
    if options.get("region"):
        words += ["--region", shlex.quote(str(options["region"]))]
    for cut in options.get("by", ()):
        words += ["--by", shlex.quote(str(cut))]
    if options.get("audit"):
        words += ["--audit", shlex.quote(f"audit-of-{Path(side['options'].place).name}")]
    if _saved_fit(side["fit"]):
        words += ["--fit", shlex.quote(str(Path(side["fit"].place) / "fit.json"))]
    words += [f"--{end} {_local(side['period'], end)}" for end in ends]
    if "version" in kinds:
        words.insert(0, f"(firstcontact {side['version'].version})")
    return " ".join(words)


def _local(record: RunRecord, end: End) -> str:
    """A moment of the period as the command line takes it: whole seconds in the business zone."""
    moment = datetime.fromisoformat(str(record.run["frame"][end])).replace(tzinfo=UTC)
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    zone = str(record.run.get("zone", "UTC"))
    local = moment.astimezone(ZoneInfo(zone if zone_exists(zone) else "UTC"))
    return f"{local:%Y-%m-%dT%H:%M:%S}".removesuffix("T00:00:00")
