"""From a policy to a TOML file in which every setting stands with a comment."""

from __future__ import annotations

from datetime import date
from typing import Any

from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.setting import LIST_WORDS, LISTS, NAMED_WORDS, SECTIONS, TARGET, TOP, Setting


def write_policy(policy: Policy) -> str:
    """The text of a policy file. Reading it gives the same policy again.

    >>> write_policy(Policy()).splitlines()[2]
    'name = "firstcontact"'
    """
    data = policy.as_dict()
    parts = [f"# A policy of firstcontact. `firstcontact policy explain {policy.name}.toml` says it in words."]
    parts.append("\n".join(f"{setting.key} = {_literal(data[setting.key])}" for setting in TOP))
    for name in ("window", "link"):
        parts.append(_section(f"[{name}]", data[name], SECTIONS[name]))
    for name, settings in LISTS.items():
        rows = [_row(f"[[{name}]]", row, settings) for row in data[name]]
        parts.append("\n".join([f"# {LIST_WORDS[name]}.", *(["\n\n".join(rows)] if rows else [f"# [[{name}]]"])]))
    for name in ("calendar", "service_level", "publish", "cost", "returns"):
        parts.append(_section(f"[{name}]", data[name], SECTIONS[name]))
    rows = [_row(f"[targets.{row['measure']}]", row, TARGET) for row in data["targets"]]
    parts.append("\n".join([f"# {NAMED_WORDS['targets']}.", "\n\n".join(rows) or "# [targets.fcr_issue]"]))
    return "\n\n".join(parts) + "\n"


def _section(header: str, data: dict[str, Any], settings: tuple[Setting, ...]) -> str:
    lines = [header]
    for setting in settings:
        lines.append(f"# {setting.words}.")
        value = data[setting.key]
        if value is None:
            lines.append(f"# {setting.key} =   (left out: {setting.unset})")
        else:
            lines.append(f"{setting.key} = {_literal(dict(value) if setting.kind == 'days_by_reason' else value)}")
    return "\n".join(lines)


def _row(header: str, data: dict[str, Any], settings: tuple[Setting, ...]) -> str:
    """A row holds only what it needs, so that it reads as a sentence."""
    lines = [header]
    for setting in settings:
        value = data[setting.key]
        unneeded = (
            value is None or value in ("", ()) or (setting.key == "missing" and not header.startswith("[[counts"))
        )
        if not unneeded or setting.required:
            lines.append(f"{setting.key} = {_literal(value)}")
    return "\n".join(lines)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(key)} = {_literal(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return repr(value)


def _quoted(text: str) -> str:
    escaped = "".join(_ESCAPES.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text)
    return f'"{escaped}"'


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
