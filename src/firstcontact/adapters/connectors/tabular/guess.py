"""A first mapping for a file nobody has described: by what columns are called and by what is in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import dates, missing, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.expression import meaning
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Scale, Source
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.loaded import SourceKind
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ACCEPT = 0.99
"""Share of the values that must fit before a guess is believed."""

_ID_COLUMNS = ("contact_id", "customer_id", "agent_id", "case_id", "asset_id")
_TYPED_MOMENT = ("TIMESTAMP", "DATE")


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess and what it rests on.

    Attributes:
        ours: Column of ours, or `identifiers.phone`, `surveys.csat`, `updates.version`.
        source: Where it is read from.
        rests_on: The evidence, in a sentence without values.
        confidence: 0 to 1; 1 when a person said so.
    """

    ours: str
    source: Source
    rests_on: str
    confidence: float


@dataclass(slots=True)
class Guesser:
    """Makes a mapping for one relation."""

    connection: DuckDBPyConnection
    relation: Relation
    guesses: list[Guess] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    plain: dict[str, str] = field(default_factory=dict)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    def run(self) -> Mapping:
        """The mapping; its guesses stay in `guesses`."""
        relation = self.relation
        for counts in relation.sample.values():
            self.tokens |= missing.anywhere(counts)
        self.tokens.add("")
        self.plain = {name: words.plain_name(re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name)) or words.plain_name(name)
                      for name in relation.columns}  # fmt: skip
        self.values = {
            name: Counter({v: n for v, n in counts.items() if v not in self.tokens})
            for name, counts in relation.sample.items()
        }
        columns: dict[str, Source] = {}
        exact = self._exact()
        if exact:
            columns, kind, update = exact, "contact", {}
        else:
            columns, kind, update = self._by_name()
        missing_in = self._missing_in(columns)
        mapping = Mapping(
            kind=kind,
            columns=columns,
            missing=tuple(sorted(self.tokens)),
            missing_in=missing_in,
            source=self._system(),
            extra=tuple(c for c in relation.columns if c.startswith(EXTRA_PREFIX)),
            identifiers={} if exact else self._identifiers(),
            bad_values="missing",
        )
        surveys, scales = ({}, {}) if exact else self._surveys()
        values = self._words(mapping)
        units = self._units(columns) if not exact else {}
        from dataclasses import replace

        return replace(mapping, surveys=surveys, scales=scales, values=values, units=units, update=update)

    # ------------------------------------------------------------------ names

    def _exact(self) -> dict[str, Source]:
        """Columns that bear our names already, as our own simulator and exports write them."""
        folded = {name.casefold(): name for name in self.relation.columns}
        if not {"contact_id", "started_at"} <= set(folded):
            return {}
        columns = {c.name: Source((folded[c.name],)) for c in CONTACTS.columns if c.name in folded}
        for ours, source in columns.items():
            self._note(ours, source, "the column bears this very name", 1.0)
        return columns

    def _by_name(self) -> tuple[dict[str, Source], SourceKind, dict[str, Source]]:
        columns: dict[str, Source] = {}
        start = self._date("started_at", words.NAMES["started_at"])
        if start is None:
            start = self._any_date()
        if start is not None:
            columns["started_at"] = start
        ends = self._ends()
        if ends is not None:
            columns["ended_at"] = ends
        kind, identity, update = self._identity(columns)
        columns.update(identity)
        for ours in ("queued_at", "answered_at"):
            found = self._date(ours, words.NAMES[ours])
            if found is not None:
                columns[ours] = found
        ticket = kind != "contact"
        order = [
            "channel", "direction", "customer_id", "agent_says_resolved", "abandoned", "settled", "queue", "reason", "team", "agent_id",
            "transfers", "escalated_to", "wrap_up", "handle_seconds", "hold_seconds", "asset_id", "language", "article_ids", "cost",
        ] + ([] if ticket or "case_id" in columns else ["case_id"])  # fmt: skip
        for ours in order:
            if ticket and ours == "handle_seconds":
                continue
            found = self._named(ours, words.NAMES[ours])
            if found is None:
                continue
            columns[ours] = self._deeper(found) if ours == "reason" else found
        if "settled" in columns and not self._is_state(columns["settled"].columns[0]):
            self._forget("settled", columns)
        self._abandoned_by_outcome(columns)
        return columns, kind, update

    def _candidates(self, names: Sequence[str], *, loose: bool = True) -> list[tuple[float, str]]:
        """Free source columns that may be meant, with how well their name fits."""
        found: list[tuple[float, str]] = []
        place = {plain: i for i, plain in enumerate(names)}
        for column, plain in self.plain.items():
            if column in self.taken:
                continue
            if plain in place:
                found.append((1.0 - 0.004 * place[plain], column))
                continue
            bare = re.sub(
                r"^(u|hs|sys|cf|custom field|ticket|call|case|incident|issue|interaction|conversation|request|attributes|fields) ",
                "",
                plain,
            )
            bare = re.sub(r" (utc|gmt|local|name|timestamp)$", "", bare)
            if loose and bare != plain and bare in place:
                found.append((0.85 - 0.004 * place[bare], column))
        return sorted(found, key=lambda item: (-item[0], list(self.plain).index(item[1])))

    def _named(self, ours: str, names: Sequence[str]) -> Source | None:
        for score, column in self._candidates(names):
            fits, why = self._fits(ours, column)
            if fits:
                source = Source((column,))
                self._note(ours, source, f"{_named(score)}; {why}", score)
                # A name may serve twice: the caller's number is both a customer and an identifier.
                self.taken.add(column)
                return source
        return None

    def _note(self, ours: str, source: Source, why: str, confidence: float) -> None:
        self.guesses.append(Guess(ours, source, why, round(confidence, 2)))

    def _forget(self, ours: str, columns: dict[str, Source]) -> None:
        source = columns.pop(ours)
        self.taken -= set(source.columns)
        self.guesses = [guess for guess in self.guesses if guess.ours != ours]

    # ---------------------------------------------------------------- content

    def _fits(self, ours: str, column: str) -> tuple[bool, str]:
        """Whether what is in a column agrees with what it would be taken for."""
        counts = self.values[column]
        total = sum(counts.values())
        if total == 0:
            return False, "no values"
        kind = self.relation.columns[column]
        column_type = CONTACTS.column(ours).type if ours in CONTACTS.names else "string"
        if column_type in ("float64", "int64"):
            if kind in ("TIME", "INTERVAL"):
                return True, "a time by type"
            share = sum(n for v, n in counts.items() if _NUMBER.match(v) or _CLOCK.match(v)) / total
            return share >= ACCEPT, f"{share:.1%} of the sampled values are numbers"
        if column_type == "boolean":
            known = sum(n for v, n in counts.items() if meaning(ours, v, Mapping()) is not None) / total
            if ours == "settled":
                return known >= 0.5, f"{known:.1%} of the sampled values are states that are known"
            return known >= ACCEPT, f"{known:.1%} of the sampled values say yes or no"
        if ours in ("channel", "direction"):
            known = sum(n for v, n in counts.items() if meaning(ours, v, Mapping()) is not None) / total
            enough = 0.2 if ours == "channel" else ACCEPT
            return known >= enough and len(counts) <= 60, f"{len(counts)} different values, {known:.1%} known words"
        if ours == "reason":
            share = len(counts) / total
            dated = sum(bool(dates.candidates([v])) for v in list(counts)[:200]) / min(200, len(counts))
            # A title is a text of its own on almost every row; a reason comes back.
            return (
                share < 0.5 or total < 20
            ) and dated < 0.5, f"{len(counts):,} different values in {total:,} sampled rows"
        if ours == "customer_id":
            dated = sum(n for v, n in list(counts.items())[:200] if _ISO_LIKE.match(v))
            return not dated and len(counts) > 1, f"{len(counts):,} different values in {total:,} sampled rows"
        if ours in ("agent_id", "team", "queue"):
            numeric = all(_CLOCK.match(v) for v in list(counts)[:50])
            return not numeric, f"{len(counts):,} different values in {total:,} sampled rows"
        return True, f"{total / max(self.relation.sampled, 1):.0%} of the sampled rows have a value"

    def _moment_share(self, column: str) -> float:
        if self.relation.columns[column].startswith(_TYPED_MOMENT):
            return 1.0
        counts = Counter(dict(list(self.values[column].items())[:600]))
        total = sum(counts.values())
        if not total:
            return 0.0
        # Numbers are moments only where the name says so, and then their size is looked at.
        return sum(n for value, n in counts.items() if dates.candidates([value])) / total

    def _date(self, ours: str, names: Sequence[str]) -> Source | None:
        for score, column in self._candidates(names):
            share = self._moment_share(column)
            # Rows whose start or end cannot be read are set aside and said, so a few of them do not hide the column.
            if share < {"started_at": 0.5, "ended_at": 0.95}.get(ours, ACCEPT):
                continue
            if self._has_only_times(column):
                continue
            source, why = Source((column,)), f"{share:.1%} of the sampled values are moments"
            if self._only_dates(column):
                half = self._second_half(column)
                if half is not None:
                    source, why = Source((column, half), "join"), "a date and a time of day in two columns"
                    self.taken.add(half)
            self.taken.add(column)
            self._note(ours, source, f"{_named(score)}; {why}", score * min(1.0, share))
            return source
        return None

    def _has_only_times(self, column: str) -> bool:
        counts = self.values[column]
        return bool(counts) and all(_CLOCK.match(v) for v in list(counts)[:50])

    def _only_dates(self, column: str) -> bool:
        if self.relation.columns[column] == "DATE":
            return True
        sample = list(self.values[column])[:50]
        return bool(sample) and all(not re.search(r"\d{1,2}:\d{2}|\d{9}", v) or v.endswith(" 00:00:00") for v in sample)

    def _second_half(self, column: str) -> str | None:
        """The column with the times of day that belong to a column of dates: its neighbour, or called alike."""
        stem = re.sub(r"\bdate\b|\bdata\b|дата|תאריך|日期", " ", self.plain[column]).split()
        order = list(self.relation.columns)
        best: tuple[float, str] | None = None
        for other in order:
            if other in self.taken or other == column:
                continue
            if self.relation.columns[other] != "TIME" and not self._has_only_times(other):
                continue
            plain = self.plain[other]
            if plain not in words.SECOND_HALF and not re.search(r"\btime\b|\bhour\b|час|שעה|时间|時間", plain):
                continue
            alike = len(set(stem) & set(plain.split()))
            near = 1 / (1 + abs(order.index(other) - order.index(column)))
            if best is None or alike + near > best[0]:
                best = (alike + near, other)
        return best[1] if best else None

    def _any_date(self) -> Source | None:
        """The earliest of the columns that hold moments, where no name helps."""
        found = [
            column for column in self.relation.columns
            if column not in self.taken and self._moment_share(column) >= ACCEPT and self._dated_text(column)
        ]  # fmt: skip
        if not found:
            return None
        full = max(found, key=lambda c: (sum(self.values[c].values()), -list(self.relation.columns).index(c)))
        self.taken.add(full)
        source = Source((full,))
        if self._only_dates(full) and (half := self._second_half(full)) is not None:
            source = Source((full, half), "join")
            self.taken.add(half)
        self._note("started_at", source, "no name helps; it holds moments on most rows", 0.5)
        return source

    def _dated_text(self, column: str) -> bool:
        if self.relation.columns[column].startswith(_TYPED_MOMENT):
            return True
        return not all(re.fullmatch(r"\d+(\.\d+)?", v) for v in list(self.values[column])[:50])

    def _ends(self) -> Source | None:
        """Resolved before closed: settled is when the customer was told so, not when a timer closed the record."""
        first = self._date("ended_at", words.NAMES["ended_at"])
        if first is None or first.how == "join":
            return first
        name = self.plain[first.columns[0]]
        if not re.search(r"resol|solv|реш|נפתר|解", name):
            return first
        for score, column in self._candidates(words.NAMES["ended_at"]):
            if (
                re.search(r"clos|затв|прикл|נסגר|סגירה|关|關", self.plain[column])
                and self._moment_share(column) >= ACCEPT
            ):
                both = Source((first.columns[0], column))
                self.taken.add(column)
                self.guesses = [g for g in self.guesses if g.ours != "ended_at"]
                self._note("ended_at", both, f"{_named(score)}; resolved, else closed", score)
                return both
        return first

    # --------------------------------------------------------------- identity

    def _identity(self, columns: dict[str, Source]) -> tuple[SourceKind, dict[str, Source], dict[str, Source]]:
        tickets = self._candidates(words.TICKET_IDS, loose=False)
        contacts = self._candidates(words.CONTACT_IDS, loose=False)
        shares = {column: self._distinct(column) for _, column in (*tickets[:3], *contacts[:4])}
        update = self._update()
        for score, column in tickets[:3]:
            repeated = shares[column] < 0.9
            if repeated and ("version" in update or ("updated_at" in update and "state" in update)):
                self.taken |= {column} | {c for key in ("version", "updated_at", "reopen_count") if key in update
                                          for c in update[key].columns}  # fmt: skip
                for key, source in update.items():
                    self._note(f"updates.{key}", source, "by its name, beside a repeated ticket number", 0.9)
                self._note("contact_id", Source((column,)), f"{_named(score)}; {shares[column]:.1%} of the rows differ in "
                           "it, and a version or update time stands beside it: one row an update", score)  # fmt: skip
                return "ticket-update", {"contact_id": Source((column,))}, update
        reopen = {k: v for k, v in update.items() if k in ("reopen_count", "reopened_at")}
        unique = [(s, c, True) for s, c in tickets if shares.get(c, 0) >= 0.98]
        unique += [(s, c, False) for s, c in contacts if shares.get(c, 0) >= 0.98]
        if unique:
            contact_like = any(
                not t for _, c, t in unique if self.plain[c] not in ("id", "uuid", "guid", "external id", "unique id")
            )
            score, column, is_ticket = max(unique, key=lambda item: item[0] - (0.5 if item[2] and contact_like else 0))
            ends = columns.get("ended_at")
            life = ends is not None and any(
                re.search(r"resol|clos|solv|реш|затв|נסגר|סגירה|解|关|關", self.plain[c]) for c in ends.columns
            )
            kind: SourceKind = "ticket" if is_ticket or (life and not contact_like) else "contact"
            self.taken.add(column)
            self._note(
                "contact_id",
                Source((column,)),
                f"{_named(score)}; {shares[column]:.1%} of the rows differ in it",
                score,
            )
            if kind == "ticket":
                for key, source in reopen.items():
                    self.taken |= set(source.columns)
                    self._note(f"updates.{key}", source, "by its name", 0.9)
            identity = {"contact_id": Source((column,))}
            case = [(s, c) for s, c in tickets if c != column and self.plain[c] != "number"]
            if kind == "contact" and case:
                self.taken.add(case[0][1])
                identity["case_id"] = Source((case[0][1],))
                self._note(
                    "case_id", identity["case_id"], f"{_named(case[0][0])}; several rows may share it", case[0][0]
                )
            return kind, identity, reopen if kind == "ticket" else {}
        # A number that comes back without saying which row is later is shared by contacts, it does not name one.
        repeated = [(s, c) for s, c in (*tickets, *contacts) if shares.get(c, 0) > 0]
        if repeated:
            score, column = repeated[0]
            if shares[column] >= 0.9:
                self.taken.add(column)
                self._note(
                    "contact_id",
                    Source((column,)),
                    f"{_named(score)}; {shares[column]:.1%} of the rows differ in it",
                    score * 0.8,
                )
                return (
                    ("ticket" if column in [c for _, c in tickets] else "contact"),
                    {"contact_id": Source((column,))},
                    {},
                )
            self.taken.add(column)
            self._note("case_id", Source((column,)), f"{_named(score)}; only {shares[column]:.1%} of the rows differ in it, "
                       "and nothing says which row is later", score * 0.8)  # fmt: skip
            return "contact", {"case_id": Source((column,))}, {}
        return "contact", {}, {}

    def _distinct(self, column: str) -> float:
        """Distinct values as a share of the rows that have one; a column empty on many rows is no key."""
        relation = self.relation
        value = sql.name(column)
        test = f"CAST({value} AS VARCHAR) NOT IN ({sql.texts(sorted(self.tokens))})"
        how = "approx_count_distinct" if relation.typed and relation.rows > 500_000 else "count(DISTINCT "
        distinct = f"{how}(v)" if how.startswith("approx") else f"{how} v)"
        row = self.connection.execute(
            f"SELECT count(*), {distinct} FROM (SELECT hash({value}) AS v FROM {relation.table} WHERE {value} IS NOT NULL AND {test})"
        ).fetchone()
        if row is None or row[0] < 0.5 * relation.rows:
            return 0.0
        # The approximate count errs by a few percent, and a file of half a million rows is no place to be strict.
        share = float(row[1]) / float(row[0])
        return min(1.0, share * 1.05) if how.startswith("approx") else share

    def _update(self) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for key, names in words.UPDATE_NAMES.items():
            for _, column in self._candidates(names, loose=key != "version"):
                counts = self.values[column]
                total = sum(counts.values())
                if not total:
                    continue
                if key in ("version", "reopen_count"):
                    fits = sum(n for v, n in counts.items() if v.isdigit()) / total >= ACCEPT
                elif key == "state":
                    fits = self._is_state(column)
                else:
                    fits = self._moment_share(column) >= ACCEPT
                if fits:
                    found[key] = Source((column,))
                    break
        return found

    def _is_state(self, column: str) -> bool:
        counts = self.values[column]
        known = sum(n for v, n in counts.items() if meaning("settled", v, Mapping()) is not None)
        return known >= 0.5 * sum(counts.values()) and len(counts) <= 60 and known > 0

    # ------------------------------------------------------------------- rest

    def _deeper(self, first: Source) -> Source:
        """The levels below a reason, as far as columns for them exist."""
        levels = [first.columns[0]]
        for _, column in self._candidates(words.DEEPER_REASONS):
            if self._fits("reason", column)[0] and len(levels) < 4:
                levels.append(column)
        if len(levels) == 1:
            return first
        order = list(self.relation.columns)
        deeper = sorted(levels[1:], key=order.index)
        path = Source((levels[0], *deeper), "path")
        self.taken |= set(deeper)
        self.guesses = [g for g in self.guesses if g.ours != "reason"]
        self._note("reason", path, "by their names: a category and its subcategories", 0.9)
        return path

    def _abandoned_by_outcome(self, columns: dict[str, Source]) -> None:
        """Abandonment is often one word among the outcomes rather than a column of its own."""
        if "abandoned" in columns:
            return
        for column, counts in self.values.items():
            plain = self.plain[column]
            if not re.search(
                r"disposition|outcome|result|status|call type|interaction type|disconnect|изход|תוצאה|结果", plain
            ):
                continue
            if len(counts) <= 60 and any(v.casefold() in words.ABANDON_WORDS for v in counts):
                columns["abandoned"] = Source((column,))
                self._note("abandoned", columns["abandoned"], "one of its words means abandoned", 0.8)
                return

    def _words(self, mapping: Mapping) -> dict[str, dict[str, str]]:
        """Outcomes that are not an abandonment mean that it was not abandoned."""
        source = mapping.columns.get("abandoned")
        if source is None or self.relation.columns[source.columns[0]] == "BOOLEAN":
            return {}
        counts = self.values[source.columns[0]]
        if all(v.casefold() in words.TRUE_WORDS | words.FALSE_WORDS for v in counts):
            return {}
        rows = self.connection.execute(
            f"SELECT DISTINCT trim({sql.name(source.columns[0])}) FROM {self.relation.table} "
            f"WHERE {sql.name(source.columns[0])} IS NOT NULL LIMIT 200"
        ).fetchall()
        return {
            "abandoned": {
                str(row[0]): str(str(row[0]).casefold() in words.ABANDON_WORDS).lower()
                for row in sorted(rows) if str(row[0]) not in self.tokens
            }
        }  # fmt: skip

    def _missing_in(self, columns: dict[str, Source]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for ours, source in columns.items():
            for column in source.columns:
                if ours == "customer_id":
                    tokens = self._customer_tokens(column)
                elif ours in ("agent_id", "started_at", "ended_at", "queue", "team", "reason", "asset_id", "case_id"):
                    tokens = missing.in_names(self.values[column])
                else:
                    continue
                if tokens:
                    found[column] = tuple(sorted(tokens))
        return found

    def _customer_tokens(self, column: str) -> set[str]:
        """Over the whole column: one placeholder for many people would join them all into one customer."""
        quoted = f"CAST({sql.name(column)} AS VARCHAR)"
        listed = missing.ANYWHERE | missing.IN_NAMES | missing.PLACEHOLDERS
        rows = self.connection.execute(
            f"SELECT trim(v), count(*) FROM (SELECT {quoted} AS v FROM {self.relation.table}) WHERE length(v) <= 40 AND "
            f"lower(trim(v)) IN ({sql.texts(sorted(listed))}) GROUP BY 1"
        ).fetchall()
        if not rows:
            return set()
        counts = Counter({str(value): int(n) for value, n in rows})
        tokens = (missing.anywhere(counts) - self.tokens) | missing.in_names(counts)
        if any(v.casefold() in missing.PLACEHOLDERS for v in counts):
            top = self.connection.execute(
                f"SELECT v, count(*) AS n FROM (SELECT trim({quoted}) AS v FROM {self.relation.table}) WHERE v IS NOT NULL "
                "GROUP BY v ORDER BY n DESC LIMIT 40"
            ).fetchall()
            tokens |= missing.placeholders(Counter({str(v): int(n) for v, n in top}) | counts)
        return tokens

    def _identifiers(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        tests = {"phone": _PHONE, "email": _EMAIL, "account": _ACCOUNT}
        for kind, names in words.IDENTIFIER_NAMES.items():
            place = set(names)
            chosen = []
            for column, plain in self.plain.items():
                bare = re.sub(r"^(requester|customer|contact|caller|client|user|sender) ", "", plain)
                if plain not in place and bare not in place:
                    continue
                counts = self.values[column]
                total = sum(counts.values())
                share = sum(n for v, n in counts.items() if tests[kind].match(v)) / total if total else 0.0
                if share >= 0.8:
                    chosen.append(column)
                    self._note(f"identifiers.{kind}", Source((column,)), f"by its name; {share:.1%} of the sampled values "
                               "have the form", 0.9)  # fmt: skip
            if chosen:
                found[kind] = tuple(chosen)
                self.taken |= set(chosen)
        return found

    def _surveys(self) -> tuple[dict[str, Source], dict[str, Scale]]:
        found: dict[str, Source] = {}
        scales: dict[str, Scale] = {}
        for ours, names in words.SURVEY_NAMES.items():
            for score, column in self._candidates(names):
                counts = self.values[column]
                total = sum(counts.values())
                if not total:
                    continue
                if ours in ("csat", "ces"):
                    scale = _scale(counts)
                    if scale is None:
                        continue
                    scales[ours] = scale
                    why = (
                        f"answers from {scale.low:g} to {scale.high:g}"
                        if not _worded(counts)
                        else "words for good and bad"
                    )
                elif ours == "nps":
                    numbers = [_as_number(v) for v in counts]
                    if not all(n is not None and 0 <= n <= 10 for n in numbers):
                        continue
                    why = "answers from 0 to 10"
                elif ours == "resolved":
                    if not all(meaning("resolved", v, Mapping()) for v in counts):
                        continue
                    why = "yes or no"
                elif ours == "contacts_needed":
                    if not all(v.isdigit() for v in counts):
                        continue
                    why = "whole numbers"
                elif self._moment_share(column) < ACCEPT:
                    continue
                else:
                    why = "moments"
                found[ours] = Source((column,))
                self.taken.add(column)
                self._note(f"surveys.{ours}", found[ours], f"{_named(score)}; {why}", score)
                break
        if set(found) <= {"answered_at"}:
            return {}, {}
        return found, scales

    def _units(self, columns: dict[str, Source]) -> dict[str, str]:
        units: dict[str, str] = {}
        for ours in ("handle_seconds", "hold_seconds"):
            if ours not in columns:
                continue
            column = columns[ours].columns[0]
            name = f"{self.plain[column]} {words.plain_name(column)}"
            if re.search(r"\bms\b|millisec", name) or self.plain[column] in ("t handle", "thandle"):
                units[ours] = "milliseconds"
            elif re.search(r"\bmins?\b|minutes", name):
                units[ours] = "minutes"
            elif re.search(r"\bhrs?\b|hours", name):
                units[ours] = "hours"
        return units

    def _system(self) -> str | None:
        have = set(self.plain.values())
        for system, marks in words.SYSTEMS.items():
            if any(mark <= have for mark in marks):
                return system
        return None


_NUMBER = re.compile(r"^[-+]?[\d\s\u00a0]*\d([.,]\d+)*$")
_CLOCK = re.compile(r"^\d{1,3}:\d{2}(:\d{2}(\.\d+)?)?( ?[APap][Mm])?$")
_ISO_LIKE = re.compile(r"^\d{4}-\d{2}-\d{2}|^\d{1,2}/\d{1,2}/\d{2,4} \d")
_PHONE = re.compile(r"^(tel:|sip:)?\+?[\d\s().\-/]{6,22}(@.*|\s*(x|ext)\.?\s*\d+)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|<[^@\s]+@[^@\s]+>$")
_ACCOUNT = re.compile(r"^\S[\S ]{1,40}$")
GOOD_WORDS = frozenset(
    {
        "good",
        "offered good",
        "great",
        "amazing",
        "happy",
        "satisfied",
        "positive",
        "very satisfied",
        "excellent",
        "👍",
        "满意",
        "доволен",
    }
)
BAD_WORDS = frozenset(
    {
        "bad",
        "poor",
        "terrible",
        "unhappy",
        "dissatisfied",
        "negative",
        "not satisfied",
        "very dissatisfied",
        "👎",
        "不满意",
        "недоволен",
    }
)
NEUTRAL_WORDS = frozenset({"ok", "okay", "neutral", "average"})
UNANSWERED = frozenset({"offered", "unoffered", "not offered", "not rated", "no rating", "expired", "sent"})


def _as_number(value: str) -> float | None:
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return None


def _worded(counts: Iterable[str]) -> bool:
    known = GOOD_WORDS | BAD_WORDS | NEUTRAL_WORDS | UNANSWERED
    return all(value.casefold() in known for value in counts)


def _scale(counts: Counter[str]) -> Scale | None:
    """The ends of a scale, from the answers given: the smallest of the usual scales that holds them all."""
    if _worded(counts):
        return Scale(0, 1)
    numbers = [_as_number(v.rstrip("%")) for v in counts]
    known = [n for n in numbers if n is not None]
    if len(known) < len(numbers) or not known:
        return None
    low, high = min(known), max(known)
    if low < 0 or high > 100:
        return None
    for bottom, top in ((1, 3), (1, 5), (1, 7), (0, 10), (0, 100)) if low >= 1 else ((0, 1), (0, 10), (0, 100)):
        if bottom <= low and high <= top and (high == top or top in (5, 10, 100)):
            return Scale(bottom, top)
    return None


def _named(score: float) -> str:
    return "its name is one of the usual ones" if score > 0.85 else "its name resembles a usual one"
