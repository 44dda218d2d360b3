"""The languages of the pages. English is the source; `locale/<language>/LC_MESSAGES/web.po` holds the others.

After a sentence of a template was added or changed, run

    python -m firstcontact.doors.web.translation

which writes `locale/web.pot` and carries it into each `.po` file. It needs the source tree, not an installed wheel.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import NullTranslations, Translations

from firstcontact.doors.language import SOURCE, carry, conventions, finished, matched
from firstcontact.doors.language import read as language_file
from firstcontact.doors.report.translation import TEMPLATE as REPORT
from firstcontact.doors.report.translation import languages as report_languages
from firstcontact.doors.web.clause import collected
from firstcontact.measurement.measures.catalog import TITLES

HERE = Path(__file__).parent
LOCALE = HERE / "locale"
DOMAIN = "web"
TEMPLATE = LOCALE / "web.pot"
_MOST_ASKED = 20
_METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext.babel_extract")]
_OPTIONS = {"templates/**.j2": {"trimmed": "true", "newstyle_gettext": "true"}}
_KEYWORDS = {"_": None, "N_": None, "NN_": (1, 2), "gettext": None, "ngettext": (1, 2)}
_SPEAKING = {"say": 1, "say_many": 2}


def languages() -> tuple[str, ...]:
    """Tags of the languages that pages can be read in: of those that the report speaks, for they borrow its words."""
    return tuple(tag for tag in finished(LOCALE, DOMAIN) if tag in report_languages())


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
        if share > 0:
            wishes.append((-share, place, tag.strip()))
    asked_tags = ([own] if own else []) + [tag for _, _, tag in sorted(wishes)]
    return next((found for tag in asked_tags if (found := matched(tag)) in languages()), None) or SOURCE


def locale(language: str) -> Locale:
    """The conventions of a language."""
    return conventions(language)


@lru_cache
def translations(language: str) -> NullTranslations:
    """The sentences of a language."""
    if language == SOURCE:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read(language))
    compiled.seek(0)
    return Translations(compiled)


def read(language: str) -> Catalog:
    """The translations of a language as they stand in its file."""
    return language_file(LOCALE, language, DOMAIN)


def collect() -> Catalog:
    """Every sentence of the pages, with where it stands."""
    catalog = Catalog(project="firstcontact", charset="utf-8", fuzzy=False)
    for name, line, message, comments, _ in extract_from_dir(HERE, _METHODS, _OPTIONS, _KEYWORDS):
        catalog.add(message, None, [(name, line)], auto_comments=comments)
    for title in TITLES.values():
        catalog.add(title, None, [("measurement/measures/catalog.py", 0)])
    with REPORT.open("rb") as file:
        report = read_po(file)
    for name, forms in (*_said(), *collected()):
        if forms[0] not in report:
            catalog.add(forms if len(forms) > 1 else forms[0], None, [(name, 0)])
    return catalog


def _said() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the pages say as the report does, by `writer.say`: the file, and the sentence or its two forms."""
    for path in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            said = [one.value for one in node.args[: _SPEAKING.get(name, 0)] if isinstance(one, ast.Constant)]
            forms = tuple(text for text in said if isinstance(text, str))
            if forms and len(forms) == _SPEAKING[name]:
                yield path.relative_to(HERE).as_posix(), forms


def update() -> None:
    """Write the template, and carry new and changed sentences into every translation."""
    template = collect()
    with TEMPLATE.open("wb") as file:
        write_po(file, template, width=110, omit_header=True, sort_output=True, include_lineno=False)
    carry(LOCALE, DOMAIN, template)


if __name__ == "__main__":
    update()
