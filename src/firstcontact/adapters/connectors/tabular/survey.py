"""What customers answered and who they are, when it stands on the contacts' own rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.evidence import ACCEPT, Evidence, name_fit
from firstcontact.adapters.connectors.tabular.expression import meaning
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Mapping, Scale, Source

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

_PHONE = re.compile(r"^(tel:|sip:)?\+?[\d\s().\-/]{6,22}(@.*|\s*(x|ext)\.?\s*\d+)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|<[^@\s]+@[^@\s]+>$")
_ACCOUNT = re.compile(r"^\S[\S ]{1,40}$")


def identifiers(seen: Evidence) -> dict[str, tuple[str, ...]]:
    """Source columns by kind of identifier; a column that serves as customer may be one too."""
    found: dict[str, tuple[str, ...]] = {}
    tests = {"phone": _PHONE, "email": _EMAIL, "account": _ACCOUNT}
    for kind, names in words.IDENTIFIER_NAMES.items():
        place = set(names)
        chosen = []
        for column, plain in seen.plain.items():
            bare = re.sub(r"^(requester|customer|contact|caller|client|user|sender) ", "", plain)
            if plain not in place and bare not in place:
                continue
            counts = seen.values[column]
            total = sum(counts.values())
            share = sum(n for v, n in counts.items() if tests[kind].match(v)) / total if total else 0.0
            if share >= 0.8:
                chosen.append(column)
                seen.note(f"identifiers.{kind}", Source((column,)), f"by its name; {share:.1%} of the sampled values "
                           "have the form", 0.9)  # fmt: skip
        if chosen:
            found[kind] = tuple(chosen)
            seen.taken |= set(chosen)
    return found


def surveys(seen: Evidence) -> tuple[dict[str, Source], dict[str, Scale]]:
    """Survey columns with the ends of their scales."""
    found: dict[str, Source] = {}
    scales: dict[str, Scale] = {}
    for ours, names in words.SURVEY_NAMES.items():
        for score, column in seen.candidates(names):
            why, scale = _answer(seen, ours, column)
            if not why:
                continue
            if scale is not None:
                scales[ours] = scale
            found[ours] = Source((column,))
            seen.taken.add(column)
            seen.note(f"surveys.{ours}", found[ours], f"{name_fit(score)}; {why}", score)
            break
    return ({}, {}) if set(found) <= {"answered_at"} else (found, scales)


def _answer(seen: Evidence, ours: str, column: str) -> tuple[str, Scale | None]:
    """Why a column may hold these answers, and on which scale; nothing where it does not."""
    counts = seen.values[column]
    if not counts:
        return "", None
    if ours in SCALED:
        scale = _scale(counts)
        if scale is None:
            return "", None
        return ("words for good and bad" if _worded(counts) else f"answers from {scale.low:g} to {scale.high:g}"), scale
    if ours == "nps":
        numbers = [_as_number(value) for value in counts]
        return ("answers from 0 to 10" if all(n is not None and 0 <= n <= 10 for n in numbers) else ""), None
    if ours == "resolved":
        return ("yes or no" if all(meaning("resolved", value, Mapping()) for value in counts) else ""), None
    if ours == "contacts_needed":
        return ("whole numbers" if all(value.isdigit() for value in counts) else ""), None
    return ("moments" if seen.moment_share(column) >= ACCEPT else ""), None


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
