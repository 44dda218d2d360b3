"""Writes a mapping as TOML that a person can read and correct: each line says what it rests on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from firstcontact.adapters.connectors.tabular.evidence import Guess
from firstcontact.adapters.connectors.tabular.mapping import Mapping
from firstcontact.contacts.table import CONTACTS, IDENTIFIERS, SURVEYS

_NESTED = ("values", "missing", "companions")
_TABLES: dict[str, str] = {
    "columns": "Contact columns and the source columns they are read from. Several columns: { first_of = [..] } takes\n"
    "# the first that has a value, { join = [date, time] } puts halves of a moment together, { path = [..] } are "
    "the levels of a reason,\n"
    "# { sum = [..] } adds figures, { stations = [..] } counts places, of which the first is no transfer.",
    "dates": "Formats, tried in this order. %d day, %m month, %Y year, %H:%M:%S time; iso, epoch-seconds,\n"
    "# epoch-milliseconds.",
    "zones": "What abbreviations of zones in dates mean, where that was decided.",
    "missing": "Values that mean nothing: anywhere, or only in one column of the source.",
    "values": "What the source's words mean.",
    "units": "Units of durations: seconds, milliseconds, minutes, hours.",
    "identifiers": "Columns that tell who the customer is, by kind: phone, email, account, or a name of your own.",
    "surveys": "What the customer answered.",
    "scales": "Ends of the survey's scales: low is the worst answer, high the best.",
    "updates": "For one row an update: which row is later, and what changed. For one row a ticket: whether it was\n"
    "# reopened.",
    "companions": "Files beside the contacts, by what they hold: columns that their headings do not tell.",
    "file": "How the file is written, where that was decided.",
}


def write(mapping: Mapping, guesses: Sequence[Guess], unused: Sequence[str]) -> str:
    """The text of a mapping file.

    Args:
        mapping: What to write; reading the text gives an equal mapping.
        guesses: What it rests on; becomes comments.
        unused: Source columns that nothing is read from; listed so that they can be put to use.
    """
    plain = mapping.as_dict()
    why = {guess.ours: guess.rests_on for guess in guesses}
    lines = [
        "# How firstcontact understands this source. Correct what is wrong and use it:",
        "#   firstcontact measure FILE --mapping THIS",
        "",
        "# What one row is: contact, ticket, or ticket-update (the last update of a ticket wins).",
        f"kind = {_value(plain.pop('kind'))}",
        "",
        "# An unreadable value in an optional column: \"missing\", or \"quarantine\" to set its row aside.",
        f"bad_values = {_value(plain.pop('bad_values'))}",
        "",
    ]  # fmt: skip
    if "source" in plain:
        lines += ["# Name of the system.", f"source = {_value(plain.pop('source'))}", ""]
    lines.append("# Zone of local times without an offset.")
    lines += [f"zone = {_value(plain.pop('zone'))}" if "zone" in plain else '# zone = "Europe/Sofia"', ""]
    lines += ["# Further columns to slice by.", f"extra = {_value(plain.pop('extra', []))}"]
    if unused:
        lines.append("# Not used: " + ", ".join(_comment(name) for name in unused))
    for table, about in _TABLES.items():
        if table in plain:
            lines += ["", f"# {about}", *_table(table, plain[table], why)]
        if table == "columns":
            have = set(plain.get("columns", {}))
            free = [column.name for column in CONTACTS.columns if column.name not in have and column.name != "source"]
            lines.append(f"# Not found: {', '.join(free)}")
    if "identifiers" not in plain:
        lines += ["", f"# [identifiers]   # {IDENTIFIERS.row}", '# phone = ["…"]']
    if "surveys" not in plain:
        lines += ["", f"# [surveys]   # {', '.join(c.name for c in SURVEYS.columns[1:])}", '# csat = "…"']
    return "\n".join(lines) + "\n"


def _table(name: str, content: dict[str, Any], why: dict[str, str]) -> list[str]:
    lines = [f"[{name}]"]
    nested = {key: value for key, value in content.items() if isinstance(value, dict) and name in _NESTED}
    for key, value in content.items():
        if key in nested:
            continue
        reason = why.get(key if name == "columns" else f"{name}.{key}", "")
        lines.append(f"{_key(key)} = {_value(value)}" + (f"   # {_comment(reason)}" if reason else ""))
    for key, value in nested.items():
        lines += [
            "",
            f"[{name}.{_key(key)}]",
            *(f"{_key(word)} = {_value(meaning)}" for word, meaning in value.items()),
        ]
    return lines


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """A comment must stay on its line, whatever a column is called."""
    return "".join(character if character.isprintable() else " " for character in text)
