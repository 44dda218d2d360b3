"""Who looks at a page, and how they want it: language, time zone, light or dark."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from fastapi import Request

from firstcontact.doors.report.notation import Notation
from firstcontact.doors.web.translation import chosen, locale
from firstcontact.kernel.clock import zone_exists
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Principal
from firstcontact.services.account import Account
from firstcontact.services.service import Service

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)

THEME_COOKIE, ZONE_COOKIE = "theme", "zone"
"""What the browser keeps: the theme as chosen, and the zone as its clock has it (`static/app.js`)."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Attributes:
        who: Whoever is logged in; None for the pages before.
        account: Their account.
        language: Of the page, as a language tag.
        zone: In which moments are written: what the account chose, else the browser's clock, else UTC.
        theme: Light or dark; `auto` follows the device.
    """

    who: Principal | None
    account: Account | None
    language: str
    zone: str
    theme: Theme

    @property
    def locale(self) -> Locale:
        """How the language writes numbers and dates."""
        return locale(self.language)

    @property
    def first_day(self) -> int | None:
        """The day on which weeks begin in the country of the viewer's zone, 0 for Monday; None where it names none."""
        country = get_global("zone_territories").get(self.zone)
        with suppress(UnknownLocaleError, ValueError):
            return Locale.parse(f"und_{country}").first_week_day if country else None
        return None

    def weekday(self, day: int) -> str:
        """What a day of the week is called, 0 for Monday."""
        return str(self.locale.days["stand-alone"]["wide"][day])

    @property
    def notation(self) -> Notation:
        """The same, with the viewer's zone."""
        return Notation(self.locale, self.zone)


def viewer(request: Request) -> Viewer:
    """Who looks at a page; asked once a request.

    Args:
        request: Theirs.
    """
    found: Viewer | None = getattr(request.state, "viewer", None)
    if found is None:
        found = _viewer(request)
        request.state.viewer = found
    return found


def _viewer(request: Request) -> Viewer:
    who: Principal | None = getattr(request.state, "principal", None)
    service: Service = request.app.state.service
    account = None
    if who is not None:
        with suppress(FirstcontactError):  # where the store does not answer, a page can still say so
            account = service.accounts.find(who.account_id)
    language = chosen(account.language if account else None, request.headers.get("accept-language", ""))
    asked = request.cookies.get(THEME_COOKIE, "")
    theme: Theme = next((one for one in THEMES if one == asked), "auto")
    zones = (account.zone if account else None, request.cookies.get(ZONE_COOKIE, "")[:64])
    zone = next((one for one in zones if one and zone_exists(one)), "UTC")
    return Viewer(who, account, language, zone, theme)
