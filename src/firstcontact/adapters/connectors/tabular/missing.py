"""Which values of a source mean "nothing": the words that people and systems use for it, and how often they occur."""

from __future__ import annotations

from collections import Counter

ANYWHERE: frozenset[str] = frozenset(
    {
        "", "?", "??", "???", "-", "--", "---", "—", "–", ".", "null", "(null)", "[null]", "<null>", "nil", "none",
        "(none)", "<none>", "n/a", "n.a.", "#n/a", "na", "nan", "<na>", "nat", "\\n", "(blank)", "(empty)", "empty",
        "(not set)", "not set", "undefined", "#ref!", "#value!", "#name?", "#div/0!",
    }
)  # fmt: skip
"""Never a value, whatever the column (compared in lower case)."""

IN_NAMES: frozenset[str] = frozenset(
    {
        "unknown", "(unknown)", "unknown caller", "unassigned", "not assigned", "not available", "unavailable",
        "not specified",
        "unspecified", "anonymous", "withheld", "private", "private number", "blocked", "restricted", "no name",
        "guest",
        "неизвестен", "неизвестно", "няма", "анонимен", "לא ידוע", "אין", "אנונימי", "חסוי", "未知", "无", "無",
        "匿名", "不详", "anon", "anonymous caller", "anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid",
        "private caller", "private name", "number withheld", "withheld number", "caller id blocked", "no caller id",
        "caller id unavailable", "id withheld", "unknown number", "unknown name", "not provided", "not disclosed",
        "out of area", "no id", "hidden", "hidden number", "suppressed", "undisclosed",
        "скрит номер", "скрит", "непознат", "неизвестен номер", "частен номер", "ограничен", "анонимно",
        "מספר חסוי", "שיחה חסויה", "פרטי", "מספר פרטי", "לא זמין", "לא מזוהה", "אלמוני",
        "anónimo", "anonimo", "desconocido", "número oculto", "oculto", "número privado", "privado", "restringido",
        "no disponible", "unbekannt", "anonym", "unterdrückt", "nummer unterdrückt", "privat", "nicht verfügbar",
        "anonyme", "inconnu", "masqué", "numéro masqué", "numéro privé", "privé", "appel masqué", "indisponible",
        # What a keypad makes of ANONYMOUS, RESTRICTED, UNAVAILABLE, UNKNOWN, PRIVATE and BLOCKED.
        *(
            f"{lead}{number}"
            for number in ("266696687", "7378742833", "86282452253", "8656696", "7748283", "2562533")
            for lead in ("", "+", "00", "+1")
        ),
    }
)  # fmt: skip
"""No customer, agent, reason or date, though in another column they may be an answer."""

PLACEHOLDERS: frozenset[str] = frozenset(
    {
        "0", "00", "000", "0000", "00000", "000000", "0000000", "00000000", "000000000", "0000000000", "-1", "1",
        "9", "99",
        "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999", "1111111111",
        "1234567890",
        "00000000-0000-0000-0000-000000000000", "test", "dummy", "xxx", "xxxx", "0.0", "+10000000000",
    }
)  # fmt: skip
"""Ids that a system writes when it has none; believed only when suspiciously frequent."""

NO_ID: frozenset[str] = frozenset({"0", "00", "000", "0.0", "-1"})
"""Those among them that no system gives to a customer whose other ids are longer."""


def anywhere(counts: Counter[str]) -> set[str]:
    """The values among these that never mean anything, as the source spells them."""
    return {value for value in counts if value.strip().casefold() in ANYWHERE}


def in_names(counts: Counter[str]) -> set[str]:
    """The values among these that mean "nobody" or "not known" in a column of names."""
    return {value.strip() for value in counts if value.strip().casefold() in IN_NAMES}


def placeholders(counts: Counter[str]) -> set[str]:
    """Ids that are placeholders: on the list, and far more frequent than a customer would be.

    A placeholder is believed when it occurs at least 5 times and at least three times as often as the most frequent
    value that is on no list; zeros and -1 also where all other ids are longer.

    >>> placeholders(Counter({"0": 40, "a": 3, "b": 2}))
    {'0'}
    >>> placeholders(Counter({"0": 4, "a": 3, "b": 2}))
    set()
    >>> placeholders(Counter({"0": 1, "C1001": 3, "C1002": 2, "C1003": 1, "C1004": 1, "C1005": 1}))
    {'0'}
    """
    others = {value.strip(): n for value, n in counts.items() if not _listed(value)}
    ordinary = max(others.values(), default=0)
    # An id that none of the others resembles was never given to anybody.
    longer = len(others) >= 5 and all(len(value) >= 4 for value in others)
    return {
        value.strip()
        for value, n in counts.items()
        if value.strip().casefold() in PLACEHOLDERS
        and ((n >= 5 and n >= 3 * ordinary) or (longer and value.strip() in NO_ID))
    }


def _listed(value: str) -> bool:
    folded = value.strip().casefold()
    return folded in ANYWHERE or folded in IN_NAMES or folded in PLACEHOLDERS
