"""What kind of moment a text looks like: the formats that could have written it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from firstcontact.adapters.connectors.tabular.clean import clean_moment

ISO, EXCEL = "iso", "excel-serial"
EPOCHS: dict[str, int] = {"epoch-seconds": 1_000_000, "epoch-milliseconds": 1_000, "epoch-microseconds": 1}
SPECIAL = (ISO, EXCEL, *EPOCHS)
_ISO = re.compile(
    r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?$"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMERIC = re.compile(r"^(?P<a>\d{1,4})(?P<s>[-/. ])(?P<b>\d{1,2})(?P=s)(?P<c>\d{4}|\d{2})(?P<tail>\.?)(?P<rest>.*)$")
_CHINESE = re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日(?P<rest>.*)$")
_TIME = re.compile(
    r"^(?P<lead>,? +|T|, *)?\d{1,2}(?P<s>[:.])\d{2}(?P<sec>(?P=s)\d{2})?(?P<frac>[.,]\d{1,9})?"
    r"(?P<half>(?P<gap> ?)(AM|PM|am|pm|Am|Pm))?"
    r"(?P<zone>(?P<zgap> ?)(Z|[+-]\d{2}:?\d{2}))?$"
)
_NAMED = re.compile(
    r"^(?:(?P<wd>[A-Za-z]{3,9})(?P<wsep>,? ))?(?:(?P<d>\d{1,2})(?P<s1>[-/. ]|, )(?P<m>[A-Za-z]{3,9})|"
    r"(?P<m2>[A-Za-z]{3,9})(?P<s2>[-/. ])(?P<d2>\d{1,2}))(?P<s3>[-/. ]|, )(?P<y>\d{4}|\d{2})(?P<rest>.*)$"
)


def candidates(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Formats that could have produced these values, most frequent shape first.

    Each answer is a group of alternatives that differ in the order of day and month only.

    >>> candidates(["29/2/2016 01:16"])
    [('%d/%m/%Y %H:%M', '%m/%d/%Y %H:%M')]
    >>> candidates(["2024-01-05T10:00:00Z", "1704448800"])
    [('iso',), ('epoch-seconds',)]
    """
    groups: Counter[tuple[str, ...]] = Counter()
    for value in values:
        group = _shape(value.strip())
        if group:
            groups[group] += 1
    return [group for group, _ in groups.most_common(6)]


def is_moment(value: str) -> bool:
    """Whether a value has the shape of a moment, perhaps with words and marks about it.

    >>> is_moment("2024-01-05 10:00 PST"), is_moment("01.02.2024 г. 14:05 ч."), is_moment("soon")
    (True, True, False)
    """
    return bool(_shape(value.strip()) or _shape(clean_moment(value)))


def _shape(value: str) -> tuple[str, ...]:
    if _ISO.match(value):
        return (ISO,)
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return _number(value)
    if (found := _CHINESE.match(value)) and (time := _time(found["rest"])) is not None:
        return ("%Y年%m月%d日" + time,)
    if found := _NUMERIC.match(value):
        return _numeric(found)
    if found := _NAMED.match(value):
        return _named(found)
    return ()


def _number(value: str) -> tuple[str, ...]:
    whole = value.split(".", maxsplit=1)[0]
    number = int(whole)
    if len(whole) == 14 and value.isdigit() and 1990 <= int(whole[:4]) < 2100:
        return ("%Y%m%d%H%M%S",)
    if len(whole) == 12 and value.isdigit() and 1990 <= int(whole[:4]) < 2100:
        return ("%Y%m%d%H%M",)
    if len(whole) == 8 and value.isdigit() and 1990 <= int(whole[:4]) < 2100 and 1 <= int(whole[4:6]) <= 12:
        return ("%Y%m%d",)
    for name, per in EPOCHS.items():
        if 631_152_000 <= number * per / 1_000_000 < 4_102_444_800:
            return (name,)
    if 32_874 <= number < 73_051:
        return (EXCEL,)
    return ()


def _numeric(found: re.Match[str]) -> tuple[str, ...]:
    a, s, c = found["a"], found["s"], found["c"]
    time = _time(found["rest"])
    if time is None:
        return ()
    tail = found["tail"] + time
    if len(a) == 4:
        return (f"%Y{s}%m{s}%d{tail}",) if len(c) <= 2 else ()
    if len(a) > 2:
        return ()
    year = "%Y" if len(c) == 4 else "%y"
    return (f"%d{s}%m{s}{year}{tail}", f"%m{s}%d{s}{year}{tail}")


def _named(found: re.Match[str]) -> tuple[str, ...]:
    month = (found["m"] or found["m2"]).lower()
    weekday = (found["wd"] or "").lower()
    time = _time(found["rest"])
    if month[:3] not in _MONTHS or time is None or (weekday and weekday[:3] not in _DAYS):
        return ()
    name = "%b" if len(month) == 3 else "%B"
    lead = "" if not weekday else ("%a" if len(weekday) == 3 else "%A") + found["wsep"]
    year = "%Y" if len(found["y"]) == 4 else "%y"
    date = f"%d{found['s1']}{name}" if found["m"] else f"{name}{found['s2']}%d"
    return (f"{lead}{date}{found['s3']}{year}{time}",)


def _time(rest: str) -> str | None:
    """The format of what follows a date; None where it is no time of day."""
    if not rest:
        return ""
    found = _TIME.match(rest)
    if not found:
        return None
    s = found["s"]
    text = (found["lead"] or "") + ("%I" if found["half"] else "%H") + s + "%M"
    text += (s + "%S") if found["sec"] else ""
    text += (found["frac"][0] + "%f") if found["frac"] else ""
    text += (found["gap"] + "%p") if found["half"] else ""
    return text + ((found["zgap"] + "%z") if found["zone"] else "")
