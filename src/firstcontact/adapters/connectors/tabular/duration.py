"""How long a contact was handled: which columns say so, whether they are to be added, and in which unit they count."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.evidence import Evidence
from firstcontact.adapters.connectors.tabular.expression import Reader
from firstcontact.adapters.connectors.tabular.mapping import UNITS, Mapping, Source
from firstcontact.adapters.connectors.tabular.plan import DatePlan
from firstcontact.adapters.connectors.tabular.raw import ROW
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

_ROWS = 20_000
"""Rows that the comparison with start and end looks at, spread evenly over the file."""

_LONGEST = {"minutes": 120.0, "hours": 4.0}
"""Beyond this median a figure is too large to be meant in the unit."""

_SHORTEST = {"milliseconds": 5_000.0}


def handle_time(seen: Evidence) -> Source | None:
    """The handle time: a total; else talk, hold and after-contact work added; else the length of the contact."""
    total = seen.named("handle_seconds", words.NAMES["handle_seconds"])
    if total is not None:
        return total
    talk = seen.named("handle_seconds", words.TALK_NAMES)
    if talk is None:
        return seen.named("handle_seconds", words.WHOLE_NAMES)
    parts = [talk.columns[0]]
    for names in (words.NAMES["hold_seconds"], words.AFTER_NAMES):
        # Hold stays free, for it is also a column of its own.
        found = next((c for _, c in seen.candidates(names) if seen.fits("handle_seconds", c)[0]), None)
        if found is not None:
            parts.append(found)
    if len(parts) == 1:
        return talk
    both = Source(tuple(parts), "sum")
    seen.taken |= {part for part in parts if seen.plain[part] not in words.NAMES["hold_seconds"]}
    seen.guesses = [guess for guess in seen.guesses if guess.ours != "handle_seconds"]
    seen.note("handle_seconds", both, "by their names; no column holds the total, so they are added", 0.9)
    return both


def unit_by_name(*names: str) -> str | None:
    """The unit that a column's name says.

    >>> unit_by_name("Talk time (min)"), unit_by_name("t_handle_ms"), unit_by_name("Talk time")
    ('minutes', 'milliseconds', None)
    """
    text = " ".join(words.plain_name(name) for name in names)
    for unit, pattern in (
        ("milliseconds", r"\bms\b|\bmsec|millis|\bthandle\b|\bt handle\b"),
        ("minutes", r"\bmins?\b|minutes|\bмин\b|минути|דקות"),
        ("hours", r"\bhrs?\b|hours|\bчаса\b"),
        ("seconds", r"\bs\b|\bsecs?\b|seconds|\bбр сек|секунди|שניות|\bsecond\b"),
    ):
        if re.search(pattern, text):
            return unit
    return None


@dataclass(frozen=True, slots=True)
class _Compared:
    """What handle time and the time from start to end say of each other: medians, and the middle half of the ratios."""

    rows: int
    figure: float
    ratio: float
    low: float
    high: float

    def unit(self) -> tuple[str, bool]:
        """The unit that makes them agree, and whether that is beyond doubt."""
        fits = []
        for unit, factor in UNITS.items():
            if unit != "seconds" and 0.25 <= self.ratio * factor <= 3:
                within = _SHORTEST.get(unit, 0) <= self.figure <= _LONGEST.get(unit, float("inf"))
                fits += [(unit, within and self.high <= 6 * self.low)]
        if 0.08 <= self.ratio <= 10:
            return "seconds", True
        if fits and fits[0][1]:
            return fits[0]
        return (fits[0][0] if fits else "seconds"), False


def settle_units(reader: Reader, mapping: Mapping, dated: DatePlan, *, guessed: bool) -> tuple[Mapping, list[Finding]]:
    """Find the unit of a handle time whose name does not say it, by comparing it with the time from start to end.

    Args:
        reader: For the rows.
        mapping: What columns mean; a unit that stands in it is obeyed.
        dated: How start and end are read.
        guessed: Whether nobody wrote the mapping; then what is found is used, otherwise only warned of.

    Returns:
        The mapping with the units in force, and what to tell.
    """
    source = mapping.columns.get("handle_seconds")
    if source is None or "handle_seconds" in mapping.units or unit_by_name(*source.columns) == "seconds":
        return mapping, []
    columns = [reader.relation.columns[column] for column in source.columns]
    clocks = any(":" in value for column in source.columns for value in list(reader.relation.sample[column])[:200])
    if clocks or {"TIME", "INTERVAL"} & set(columns) or columns[0].startswith("TIME") or mapping.kind != "contact":
        return mapping, []
    compared = _compare(reader, mapping, dated, source)
    if compared is None:
        return mapping, []
    unit, sure = compared.unit()
    if unit == "seconds" and sure:
        return mapping, []
    rests = Sentence(
        "units.rests",
        "over {rows:,} rows the median is {figure:.4g}, and {ratio:.3g} times the seconds from start to end",
        rows=compared.rows,
        figure=compared.figure,
        ratio=compared.ratio,
    )
    name = " + ".join(source.columns)
    if sure and guessed:
        units = dict.fromkeys([o for o in ("handle_seconds", "hold_seconds") if o in mapping.columns], unit)
        said = Sentence("units.found", "{source} is taken to be in {unit}.", source=name, unit=unit)
        return replace(mapping, units=units | mapping.units), [
            Finding(
                "units",
                said,
                rests,
                override=Sentence("in-mapping", "{setting} in the mapping", setting='units.handle_seconds = "seconds"'),
            )
        ]
    said = Sentence("units.unsure", "{source} is read as seconds, and may not be.", source=name)
    return mapping, [
        Finding(
            "units",
            said,
            rests,
            "warning",
            Sentence("in-mapping", "{setting} in the mapping", setting=f'units.handle_seconds = "{unit}"'),
        )
    ]


def _compare(reader: Reader, mapping: Mapping, dated: DatePlan, source: Source) -> _Compared | None:
    """Figures of the rows that have both; None where too few have."""
    ends = mapping.columns.get("ended_at")
    if ends is None:
        return None
    figure = reader.number("handle_seconds", source, whole=False).query
    start, end = (
        dated.utc(reader, ours, where)
        for ours, where in (("started_at", mapping.columns["started_at"]), ("ended_at", ends))
    )
    step = max(1, reader.relation.rows // _ROWS)
    row = reader.connection.execute(
        "SELECT count(*), median(h), median(h / d), quantile_cont(h / d, 0.25), quantile_cont(h / d, 0.75) FROM "
        f"(SELECT {figure} AS h, epoch({end}) - epoch({start}) AS d FROM {reader.relation.table} "
        f"WHERE ({ROW} - 1) % {step} = 0) WHERE h > 0 AND d > 0"
    ).fetchone()
    if row is None or row[0] < 10:
        return None
    return _Compared(int(row[0]), *(float(value) for value in row[1:]))
