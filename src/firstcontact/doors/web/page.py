"""Make a page: a template, in the reader's language, with every value escaped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from firstcontact.doors.report.theme import tokens
from firstcontact.doors.web.translation import chosen, locale, translations
from firstcontact.services.session import csrf_of

HERE = Path(__file__).parent


def page(
    request: Request, template: str, *, status: int = 200, language: str | None = None, **values: Any
) -> HTMLResponse:
    """A page as an answer.

    Args:
        request: Whose answer it is.
        template: Its template's name, without ending.
        status: Of HTTP.
        language: What its reader chose; what the browser asks for where None.
        values: What the template shows.
    """
    found = chosen(language, request.headers.get("accept-language", ""))
    who = getattr(request.state, "principal", None)
    cookie = getattr(request.state, "cookie", None)
    text = (
        _environment(found)
        .get_template(f"{template}.html.j2")
        .render(
            language=found,
            direction=locale(found).text_direction,
            who=who,
            csrf=csrf_of(cookie) if cookie and who is not None and who.session is not None else "",
            **values,
        )
    )
    return HTMLResponse(
        text, status_code=status, headers={"Content-Language": found, "Vary": "Accept-Language, Cookie"}
    )


@lru_cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("firstcontact.doors.web"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


@lru_cache
def style_sheet() -> str:
    """The style sheet: the report's colours, and the layout of pages."""
    return tokens() + (HERE / "style.css").read_text(encoding="utf-8")
