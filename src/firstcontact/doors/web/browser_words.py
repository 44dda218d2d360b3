"""What a browser calls itself, in words: "Chrome on Windows"."""

from __future__ import annotations

import re
from collections.abc import Callable

from firstcontact.doors.web.place import N_

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR|Opera", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex"),
    ("SamsungBrowser", "Samsung Internet"),
    ("MiuiBrowser", "Mi Browser"),
    ("UCBrowser", "UC Browser"),
    ("DuckDuckGo|Ddg", "DuckDuckGo"),
    ("MicroMessenger", "WeChat"),
    ("Firefox|FxiOS", "Firefox"),
    ("HeadlessChrome|Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
    ("MSIE|Trident", "Internet Explorer"),
)
"""What stands in the name, and the browser: those first that also call themselves by the later ones' names."""

_SYSTEMS = (
    ("iPhone|iPod", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS", "macOS"),
    ("Linux|X11", "Linux"),
)
"""Likewise: telephones name the system that theirs was made from, too."""


def browser_words(agent: str | None, say: Callable[[str], str]) -> str:
    """What to call a browser.

    Versions are left out: they change while a session lasts, and browsers no longer tell them truly.

    Args:
        agent: What it calls itself (`User-Agent`); None where it does not say.
        say: Translates a sentence.

    >>> chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/5"
    >>> browser_words(chrome, str), browser_words(chrome + " Edg/130", str), browser_words("curl/8.5", str)
    ('Chrome on Windows', 'Edge on Windows', 'A program')
    """
    browser, system = _found(agent or "", _BROWSERS), _found(agent or "", _SYSTEMS)
    if browser and system:
        return say(N_("%(browser)s on %(system)s")) % {"browser": browser, "system": system}
    if browser or system:
        return browser or system
    return say(N_("An unknown browser")) if not agent or "Mozilla" in agent else say(N_("A program"))


def _found(agent: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in names if re.search(rf"\b(?:{sign})", agent)), "")
