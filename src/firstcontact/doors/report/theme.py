"""Every colour and size of the report, in one place: the page and its charts read them from here.

A chart names a colour by its role (`paint("settled")`) and the page gives the role its value, so one drawing serves
light, dark and print. Settled and returned are teal and orange, which remain apart for every common colour blindness;
form (filled, hollow, hatched) always says the same thing as colour.
"""

from __future__ import annotations

LIGHT: dict[str, str] = {
    "paper": "#fdfdfb",
    "panel": "#f4f4ee",
    "ink": "#1a2024",
    "soft": "#525b61",
    "rule": "#d9d9d0",
    "grid": "#e7e7df",
    "settled": "#0f6b68",
    "settled-band": "#bcdcd8",
    "returned": "#b04f17",
    "returned-band": "#f0cfb8",
    "neutral": "#7a838a",
    "hatch": "#c4c4ba",
    "note": "#fbf1dd",
    "note-ink": "#684507",
}
"""Role to colour, on a light ground."""

DARK: dict[str, str] = {
    "paper": "#14181b",
    "panel": "#1c2226",
    "ink": "#e8eaea",
    "soft": "#a9b3b8",
    "rule": "#353e44",
    "grid": "#2a3136",
    "settled": "#5cc2bb",
    "settled-band": "#21504e",
    "returned": "#ea9760",
    "returned-band": "#5e3b24",
    "neutral": "#8b959b",
    "hatch": "#48535a",
    "note": "#2d2515",
    "note-ink": "#f0cd8c",
}
"""The same roles on a dark ground."""

TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    ("ink", "paper"),
    ("ink", "panel"),
    ("soft", "paper"),
    ("soft", "panel"),
    ("settled", "paper"),
    ("settled", "panel"),
    ("returned", "paper"),
    ("returned", "panel"),
    ("note-ink", "note"),
    ("ink", "returned-band"),
)
"""Which text stands on which ground; each must be legible (WCAG AA, 4.5 to 1)."""

MARK_PAIRS: tuple[tuple[str, str], ...] = (
    ("settled", "paper"),
    ("returned", "paper"),
    ("neutral", "paper"),
)
"""Which marks stand on which ground; each must be seen (WCAG AA, 3 to 1)."""

ROW_HEIGHT = 34
"""Height of a row's drawing, in the units of the drawing."""

DEFINITION_ROW = 60
"""The same for definitions, whose names take more room."""

WIDE = 1040
"""Width of a chart on a desk or on paper."""

NARROW = 350
"""Width of a chart on a phone."""


def paint(role: str) -> str:
    """The colour of a role, to be resolved by the page.

    Raises:
        KeyError: There is no such role.

    >>> paint("settled")
    'var(--settled)'
    """
    LIGHT[role]
    return f"var(--{role})"


def tokens() -> str:
    """The roles as style sheet text, for light, dark and print."""
    light = ";".join(f"--{role}:{colour}" for role, colour in LIGHT.items())
    dark = ";".join(f"--{role}:{colour}" for role, colour in DARK.items())
    return (
        f":root{{color-scheme:light dark;{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )


def themes() -> str:
    """The roles as style sheet text for a page whose reader may choose: `data-theme` on the root is their choice."""
    light = ";".join(f"--{role}:{colour}" for role, colour in LIGHT.items())
    dark = ";".join(f"--{role}:{colour}" for role, colour in DARK.items())
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
    )
