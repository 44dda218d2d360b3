"""The languages of the pages. English is the source; `locale/<language>/LC_MESSAGES/web.po` holds the others.

After a sentence of a template was added or changed, run

    python -m firstcontact.doors.web.translation

which writes `locale/web.pot` and carries it into each `.po` file. It needs the source tree, not an installed wheel.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

from firstcontact.measurement.measures.catalog import TITLES

HERE = Path(__file__).parent
LOCALE = HERE / "locale"
TEMPLATE = LOCALE / "web.pot"
_MOST_ASKED = 20
_METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext.babel_extract")]
_OPTIONS = {"templates/**.j2": {"trimmed": "true", "newstyle_gettext": "true"}}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


@lru_cache
def languages() -> tuple[str, ...]:
    """Languages that the pages can be read in."""
    return ("en", *sorted(path.name for path in LOCALE.iterdir() if path.is_dir()))


def chosen(own: str | None, asked: str) -> str:
    """The language of a page.

    Args:
        own: What its reader chose; None where nothing was chosen.
        asked: What the browser asks for, as `Accept-Language`.

    >>> chosen(None, "xx, he;q=0.8, en;q=0.5"), chosen("en-GB", "he"), chosen(None, "q=,;;")
    ('he', 'en', 'en')
    """
    wishes = []
    for place, part in enumerate(asked.split(",")[:_MOST_ASKED]):
        tag, _, weight = part.strip().partition(";")
        try:
            share = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        wishes.append((-share, place, tag.strip()))
    asked_tags = ([own] if own else []) + [tag for _, _, tag in sorted(wishes)]
    return negotiate_locale(asked_tags, languages(), sep="-") or "en"


def locale(language: str) -> Locale:
    """The conventions of a language."""
    return Locale.parse(language.replace("-", "_"))


@lru_cache
def translations(language: str) -> NullTranslations:
    """The sentences of a language."""
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read(language))
    compiled.seek(0)
    return Translations(compiled)


def read(language: str) -> Catalog:
    """The translations of a language as they stand in its file."""
    with (LOCALE / language / "LC_MESSAGES" / "web.po").open("rb") as file:
        return read_po(file, locale=language)


def collect() -> Catalog:
    """Every sentence of the pages, with where it stands."""
    catalog = Catalog(project="firstcontact", charset="utf-8", fuzzy=False)
    for name, line, message, comments, _ in extract_from_dir(HERE, _METHODS, _OPTIONS, _KEYWORDS):
        catalog.add(message, None, [(name, line)], auto_comments=comments)
    for title in TITLES.values():
        catalog.add(title, None, [("measurement/measures/catalog.py", 0)])
    return catalog


def update() -> None:
    """Write the template, and carry new and changed sentences into every translation."""
    template = collect()
    with TEMPLATE.open("wb") as file:
        write_po(file, template, width=110, omit_header=True, sort_output=True, include_lineno=False)
    for language in languages()[1:]:
        catalog = read(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        header = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        with (LOCALE / language / "LC_MESSAGES" / "web.po").open("wb") as file:
            file.write(header.encode())
            write_po(file, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)


if __name__ == "__main__":
    update()
