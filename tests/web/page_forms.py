"""The forms of a page, as a browser without scripts sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

TYPED = {"text", "search", "email", "password", "url", "tel", "number", "hidden"}
"""Kinds of input into which a visitor, or a program, may write anything."""


@dataclass
class Form:
    """A form.

    Attributes:
        action: Where it goes.
        fields: What it says as it stands.
        typed: Names of the fields that may hold any text.
    """

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area = self._select = ""
        self._options: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name, value = found.get("name", ""), found.get("value", "")
        if tag == "form":
            self._form = Form(found.get("action", ""))
            if found.get("method", "get").lower() == "post":
                self.forms.append(self._form)
        form = self._form
        if form is None:
            return
        if tag == "input" and name:
            kind = found.get("type", "text")
            if kind in TYPED:
                form.typed |= {name}
                form.fields.setdefault(name, []).append(value)
            elif kind in {"checkbox", "radio"} and "checked" in found:
                form.fields.setdefault(name, []).append(value or "on")
        elif tag == "textarea" and name:
            form.typed |= {name}
            form.fields[name] = [""]
            self._area = name
        elif tag == "select" and name:
            self._select, self._options = name, []
        elif tag == "option" and self._select and ("selected" in found or not self._options):
            self._options = [value]

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select" and self._form is not None and self._select:
            self._form.fields[self._select] = self._options
            self._select = ""


def forms(page: str) -> list[Form]:
    """Its forms that change or look something up, in their order.

    Args:
        page: Its text.
    """
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form(page: str, action: str) -> Form:
    """Its form that goes to an address."""
    return next(one for one in forms(page) if one.action == action)
