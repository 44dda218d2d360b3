"""What the source's columns mean: a small model, kept in a TOML file that a person can correct."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from firstcontact.adapters.connectors.tabular import fault
from firstcontact.adapters.connectors.tabular.raw import FileOptions
from firstcontact.contacts.loaded import SourceKind
from firstcontact.contacts.table import CONTACTS, TABLES
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.sentence import Sentence, clause

How = Literal["first_of", "join", "path", "sum", "stations"]

KINDS: tuple[SourceKind, ...] = ("contact", "ticket", "ticket-update")
UPDATE_KEYS = ("version", "updated_at", "state", "reopen_count")
TICKET_KEYS = ("reopened_at", "reopen_count")
SURVEY_KEYS = ("answered_at", "resolved", "contacts_needed", "csat", "nps", "ces")
SCALED = ("csat", "ces")
UNITS: dict[str, float] = {"seconds": 1.0, "milliseconds": 0.001, "minutes": 60.0, "hours": 3600.0}
TEXT_COLUMNS = tuple(column.name for column in CONTACTS.columns)
COMPANIONS = {table.name: table.names for table in TABLES if table is not CONTACTS}
DATE_COLUMNS = tuple(column.name for column in CONTACTS.columns if column.type == "timestamp")


@dataclass(frozen=True, slots=True)
class Source:
    """The source columns behind one column of ours.

    Attributes:
        columns: Their names in the file.
        how: `first_of` them that is not missing; `join` them with a space (date and time apart); `path`, the levels
            of a reason; `sum` of figures; or `stations`, a count of places of which the first is no transfer.
    """

    columns: tuple[str, ...]
    how: How = "first_of"

    def plain(self) -> Any:
        """As a mapping file writes it."""
        if len(self.columns) == 1 and self.how != "stations":
            return self.columns[0]
        return {self.how: list(self.columns)}


@dataclass(frozen=True, slots=True)
class Scale:
    """The ends of a survey's scale: `low` is the worst answer and `high` the best, also where the best is 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a source is understood.

    Attributes:
        kind: What one row is.
        columns: Source columns by contact column.
        dates: Formats by timestamp column of ours; those of `update` and `surveys` too, as `updated_at`,
            `reopened_at`, `answered_at`.
        missing: Values that mean nothing, anywhere.
        missing_in: Further ones, by source column.
        values: Our value by the source's word, by column of ours (channel, direction, booleans).
        units: Unit of a duration, by column of ours.
        zone: In which local times are understood; None leaves it to the user or to UTC.
        zones: Offset from UTC by abbreviation (`CST = "+08:00"`), where a person decided.
        source: Name of the system; the file's name where None.
        extra: Further source columns to slice by.
        identifiers: Source columns by kind of identifier.
        surveys: Source by survey column.
        scales: Ends of the scale, by survey column.
        update: Source by `version`, `updated_at`, `state`, `reopen_count`, `reopened_at`.
        bad_values: What an unreadable value in an optional column does: sets its row aside, or counts as missing.
        file: How the file is written, where a person decided.
        companions: Of files beside the contacts: source by column of ours, by table.
    """

    kind: SourceKind = "contact"
    columns: dict[str, Source] = field(default_factory=dict)
    dates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missing: tuple[str, ...] = ("",)
    missing_in: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    zone: str | None = None
    zones: dict[str, str] = field(default_factory=dict)
    source: str | None = None
    extra: tuple[str, ...] = ()
    identifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    surveys: dict[str, Source] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    update: dict[str, Source] = field(default_factory=dict)
    bad_values: Literal["quarantine", "missing"] = "quarantine"
    file: FileOptions = field(default_factory=FileOptions)
    companions: dict[str, dict[str, Source]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The mapping as plain data, as its file holds it."""
        plain: dict[str, Any] = {"kind": self.kind, "bad_values": self.bad_values}
        if self.source is not None:
            plain["source"] = self.source
        if self.zone is not None:
            plain["zone"] = self.zone
        plain["zones"] = dict(self.zones)
        plain["extra"] = list(self.extra)
        plain["columns"] = {ours: source.plain() for ours, source in self.columns.items()}
        plain["dates"] = {ours: list(formats) for ours, formats in self.dates.items()}
        plain["missing"] = {"anywhere": list(self.missing), "in": {c: list(t) for c, t in self.missing_in.items()}}
        plain["values"] = {ours: dict(words) for ours, words in self.values.items()}
        plain["units"] = dict(self.units)
        plain["identifiers"] = {kind: list(columns) for kind, columns in self.identifiers.items()}
        plain["surveys"] = {ours: source.plain() for ours, source in self.surveys.items()}
        plain["scales"] = {ours: {"low": scale.low, "high": scale.high} for ours, scale in self.scales.items()}
        plain["updates"] = {ours: source.plain() for ours, source in self.update.items()}
        plain["companions"] = {t: {o: s.plain() for o, s in of.items()} for t, of in self.companions.items()}
        options = {
            "encoding": self.file.encoding, "delimiter": self.file.delimiter, "quote": self.file.quote,
            "header": self.file.header, "sheet": self.file.sheet,
        }  # fmt: skip
        plain["file"] = {key: value for key, value in options.items() if value not in ("", None)}
        return {key: value for key, value in plain.items() if value not in ({}, [])}

    def source_columns(self) -> tuple[str, ...]:
        """Every source column that is used, each once."""
        used: dict[str, None] = {}
        for source in (*self.columns.values(), *self.surveys.values(), *self.update.values()):
            used.update(dict.fromkeys(source.columns))
        for columns in self.identifiers.values():
            used.update(dict.fromkeys(columns))
        used.update(dict.fromkeys(self.extra))
        return tuple(used)


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        FirstcontactError: FC1001, FC1002, FC1020 to FC1022, FC1025: all faults at once.
    """
    faults = Faults()
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        faults.add(fault.NOT_FOUND, where=str(path.name), saw="nothing at this path", allowed="a mapping file",
                   cure="write one with `firstcontact inspect FILE --write-mapping mapping.toml`")  # fmt: skip
    except (PermissionError, IsADirectoryError):
        faults.add(fault.NOT_READABLE, where=str(path.name), saw="access refused", allowed="a file you may read",
                   cure="change its permissions")  # fmt: skip
    except UnicodeDecodeError:
        faults.add(fault.MAPPING_SYNTAX, where=str(path.name), saw="bytes that are not UTF-8", allowed="TOML in UTF-8",
                   cure="save the mapping as UTF-8")  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        faults.add(fault.MAPPING_SYNTAX, where=str(path.name), saw=_place(str(error)), allowed="TOML",
                   cure="correct that line; texts stand in quotes")  # fmt: skip
    faults.raise_if_any()
    return mapping_from(plain, where=path.name)


def _place(message: str) -> str:
    """Only the place of a TOML error: the message itself may repeat what the file holds."""
    start = message.rfind("(at ")
    return f"a syntax error {message[start:].strip('()')}" if start >= 0 else "a syntax error"


def mapping_from(plain: dict[str, Any], where: str = "mapping") -> Mapping:
    """Build a mapping from plain data, as `Mapping.as_dict` gives it.

    Raises:
        FirstcontactError: FC1021, FC1022 and FC1025: all faults at once.
    """
    check = _Check(where)
    top = ("kind", "bad_values", "source", "zone", "zones", "extra", "columns", "dates", "missing", "values", "units",
           "identifiers", "surveys", "scales", "updates", "file", "companions")  # fmt: skip
    check.keys(plain, top, "")
    kind = check.choice(plain.get("kind", "contact"), KINDS, "kind")
    bad = check.choice(plain.get("bad_values", "quarantine"), ("quarantine", "missing"), "bad_values")
    zone = check.word(plain["zone"], "zone") if "zone" in plain else None
    if zone is not None and not zone_exists(zone):
        check.faults.add(fault.UNKNOWN_ZONE, where=f"{where}: zone", saw="a name that is no zone",
                         allowed="a name such as Europe/Sofia", cure="correct the name")  # fmt: skip
        zone = None
    missing = check.table(plain.get("missing", {}), ("anywhere", "in"), "missing")
    parts = check.table(plain.get("file", {}), ("encoding", "delimiter", "quote", "header", "sheet"), "file")
    delimiter = check.word(parts.get("delimiter", ""), "file.delimiter")
    quote = check.word(parts["quote"], "file.quote") if "quote" in parts else None
    for name, mark in (("delimiter", delimiter), ("quote", quote or "")):
        if len(mark) > 1:
            check.bad(f"file.{name}", clause("{count} characters", count=len(mark)), clause("one character"))
    header = parts.get("header")
    if header is not None and not isinstance(header, bool):
        check.bad("file.header", clause("{kind}", kind=type(header).__name__), clause("true or false"))
    dates = (*DATE_COLUMNS, "updated_at", "reopened_at", "answered_at", "survey_answered_at")
    scales = {}
    for name, ends in check.table(plain.get("scales", {}), SCALED, "scales").items():
        pair = check.table(ends, ("low", "high"), f"scales.{name}")
        low, high = pair.get("low"), pair.get("high")
        if isinstance(low, int | float) and isinstance(high, int | float) and low != high:
            scales[name] = Scale(float(low), float(high))
        else:
            check.bad(f"scales.{name}", clause("no two different numbers"), clause("{ low = 1, high = 5 }"))
    units = check.table(plain.get("units", {}), ("handle_seconds", "hold_seconds"), "units")
    mapping = Mapping(
        kind=cast("SourceKind", kind),
        columns=check.sources(plain.get("columns", {}), TEXT_COLUMNS, "columns"),
        dates={k: check.words(v, f"dates.{k}") for k, v in check.table(plain.get("dates", {}), dates, "dates").items()},
        missing=tuple(dict.fromkeys(("", *check.words(missing.get("anywhere", []), "missing.anywhere")))),
        missing_in=check.lists(missing.get("in", {}), "missing.in"),
        values={
            k: {
                w: check.share(o, f"values.{k}.{w}") if k in SCALED else check.word(o, f"values.{k}.{w}")
                for w, o in check.table(v, None, f"values.{k}").items()
            }
            for k, v in check.table(
                plain.get("values", {}),
                ("channel", "direction", "agent_says_resolved", "settled", "abandoned", "resolved", "state", *SCALED),
                "values",
            ).items()
        },
        units={k: check.choice(v, tuple(UNITS), f"units.{k}") for k, v in units.items()},
        zone=zone,
        zones=_offsets(check, plain.get("zones", {})),
        source=check.word(plain["source"], "source") if "source" in plain else None,
        extra=check.words(plain.get("extra", []), "extra"),
        identifiers=check.lists(plain.get("identifiers", {}), "identifiers"),
        surveys=check.sources(plain.get("surveys", {}), SURVEY_KEYS, "surveys"),
        scales=scales,
        update=check.sources(plain.get("updates", {}), (*UPDATE_KEYS, "reopened_at"), "updates"),
        bad_values=cast("Literal['quarantine', 'missing']", bad),
        companions={
            name: check.sources(of, COMPANIONS[name], f"companions.{name}")
            for name, of in check.table(plain.get("companions", {}), tuple(COMPANIONS), "companions").items()
        },
        file=FileOptions(
            check.word(parts.get("encoding", ""), "file.encoding"), delimiter, quote,
            header if isinstance(header, bool) else None, check.word(parts.get("sheet", ""), "file.sheet"),
        ),
    )  # fmt: skip
    if "started_at" not in mapping.columns:
        check.bad("columns", clause("no started_at"), clause("a column that says when a contact began"))
    check.faults.raise_if_any()
    return mapping


def _offsets(check: _Check, value: object) -> dict[str, str]:
    found = {}
    for letters, given in check.table(value, None, "zones").items():
        offset = check.word(given, f"zones.{letters}")
        if re.fullmatch(r"[+-]\d\d:\d\d", offset):
            found[letters] = offset
        else:
            check.bad(f"zones.{letters}", clause("no offset from UTC"), clause('an offset such as "+08:00"'))
    return found


class _Check:
    """Reads values of the right kind out of plain data and notes what is wrong."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.faults = Faults()

    def bad(self, key: str, saw: Sentence, allowed: Sentence) -> None:
        self.faults.add(fault.MAPPING_VALUE, where=f"{self.where}: {key}", saw=saw, allowed=allowed,
                        cure="correct the value")  # fmt: skip

    def keys(self, table: Iterable[str], allowed: tuple[str, ...], at: str) -> None:
        for key in table:
            if key not in allowed:
                near = nearest(key, allowed)
                self.faults.add(fault.MAPPING_KEY, where=f"{self.where}: {at + '.' if at else ''}{key}",
                                saw="an unknown key", allowed=", ".join(allowed),
                                cure=clause("did you mean {near}?", near=near) if near else "remove it")  # fmt: skip

    def table(self, value: object, allowed: tuple[str, ...] | None, at: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.bad(at, clause("a {kind}", kind=type(value).__name__), clause("a table"))
            return {}
        if allowed is not None:
            self.keys(value, allowed, at)
            return {key: item for key, item in value.items() if key in allowed}
        return value

    def word(self, value: object, at: str) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str):
            self.bad(at, clause("a {kind}", kind=type(value).__name__), clause("a text in quotes"))
            return ""
        return value

    def share(self, value: object, at: str) -> str:
        try:
            if not isinstance(value, bool) and 0 <= float(cast("str", value)) <= 1:
                return f"{float(cast('str', value)):g}"
        except (TypeError, ValueError):
            pass
        self.bad(at, clause("no share"), clause("a figure from 0 (worst) to 1 (best)"))
        return "0"

    def words(self, value: object, at: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            self.bad(at, clause("a {kind}", kind=type(value).__name__), clause("a list of texts"))
            return ()
        return tuple(self.word(item, at) for item in value)

    def lists(self, value: object, at: str) -> dict[str, tuple[str, ...]]:
        return {key: self.words(item, f"{at}.{key}") for key, item in self.table(value, None, at).items()}

    def choice(self, value: object, allowed: tuple[str, ...], at: str) -> str:
        if value not in allowed:
            near = nearest(str(value), allowed)
            known = clause("{names}", names=", ".join(allowed))
            self.bad(
                at,
                clause("another word"),
                clause("{known} (did you mean {near}?)", known=known, near=near) if near else known,
            )
            return allowed[0]
        return str(value)

    def sources(self, value: object, allowed: tuple[str, ...], at: str) -> dict[str, Source]:
        found = {}
        for ours, given in self.table(value, allowed, at).items():
            key = f"{at}.{ours}"
            how: How = "path" if ours in ("reason", "first_reason") else "first_of"
            if isinstance(given, dict):
                ways = ("first_of", "join", "path", "sum", "stations")
                self.keys(given, ways, key)
                chosen = [way for way in ways if way in given]
                if len(chosen) != 1:
                    self.bad(
                        key,
                        clause("{count} of {names}", count=len(chosen), names=", ".join(ways)),
                        clause("exactly one of them"),
                    )
                    continue
                how = cast("How", chosen[0])
            columns = self.words(given[how] if isinstance(given, dict) else given, key)
            if not columns:
                self.bad(key, clause("no column"), clause("at least one column of the file"))
                continue
            found[ours] = Source(columns, how if len(columns) > 1 or how == "stations" else "first_of")
        return found


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The most similar of the allowed words, or nothing when none is similar.

    >>> nearest("colums", ("columns", "dates"))
    'columns'
    """
    by_fold = {option.casefold(): option for option in allowed}
    close = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def bind(mapping: Mapping, columns: Iterable[str], where: str, extra: Iterable[str] = ()) -> Mapping:
    """Check a mapping against the columns that a file has, and add further columns to keep.

    Names are compared without regard to case and come back as the file spells them.

    Raises:
        FirstcontactError: FC1023 and FC1024: every column that does not exist, each with the most similar one.
    """
    spelt = {name.casefold(): name for name in columns}
    faults = Faults()

    def one(name: str, at: str, asked: bool = False) -> str:
        if name.casefold() in spelt:
            return spelt[name.casefold()]
        near = nearest(name, spelt.values())
        faults.add(
            fault.NO_SUCH_EXTRA if asked else fault.MAPPING_COLUMN,
            where=f"{where}: {at} = {name[:60]}", saw="no such column",
            allowed=", ".join(list(spelt.values())[:40]) or "no column",
            cure=clause("did you mean {near}?", near=near) if near else "name a column of the file",
        )  # fmt: skip
        return name

    def source(at: str, value: Source) -> Source:
        return replace(value, columns=tuple(one(name, at) for name in value.columns))

    kept = tuple(one(name, "extra") for name in mapping.extra)
    asked = tuple(one(name, "extra column", asked=True) for name in extra)
    bound = replace(
        mapping,
        columns={ours: source(f"columns.{ours}", value) for ours, value in mapping.columns.items()},
        surveys={ours: source(f"surveys.{ours}", value) for ours, value in mapping.surveys.items()},
        update={ours: source(f"updates.{ours}", value) for ours, value in mapping.update.items()},
        identifiers={
            kind: tuple(one(name, f"identifiers.{kind}") for name in names)
            for kind, names in mapping.identifiers.items()
        },
        missing_in={one(name, "missing.in"): tokens for name, tokens in mapping.missing_in.items()},
        extra=tuple(dict.fromkeys((*kept, *asked))),
    )
    faults.raise_if_any()
    return bound
