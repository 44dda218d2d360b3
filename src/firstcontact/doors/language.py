"""The languages that people are spoken to in, and what a tag asks for.

English is the source of every sentence. The others are folders of translations, one beside the report and one beside
the pages, each named as its tag with `_` for `-`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

SOURCE = "en"
TRANSLATED: tuple[str, ...] = ("bg", "he", "zh-Hans", "zh-Hant")
"""Tags (BCP 47) of what there are translations for. Chinese is two: by script, not by country."""

_LONGEST_TAG = 35
_TRADITIONAL = {"TW", "HK", "MO"}
_SCRIPTS = {"Hans", "Hant"}
_UNFINISHED = "X-Unfinished: yes"


def matched(tag: str) -> str | None:
    """Which of the languages a tag asks for, whether or not its translation is finished.

    Of Chinese the script decides, where none is named the region, and where none is named the script is simplified.

    Args:
        tag: As a browser or a person writes it; `_` counts as `-`.

    >>> [matched(tag) for tag in ("en-GB", "he_IL", "zh", "zh-CN", "zh-SG", "zh-HK", "ZH-hant", "zh-Hans-TW")]
    ['en', 'he', 'zh-Hans', 'zh-Hans', 'zh-Hans', 'zh-Hant', 'zh-Hant', 'zh-Hans']
    >>> matched("xx"), matched("*"), matched("")
    (None, None, None)
    """
    first, *rest = tag[:_LONGEST_TAG].replace("_", "-").split("-")
    language = "he" if first.lower() == "iw" else first.lower()
    if language == "zh":
        script = next((part.title() for part in rest if part.title() in _SCRIPTS), None)
        regions = {part.upper() for part in rest}
        return f"zh-{script or ('Hant' if regions & _TRADITIONAL else 'Hans')}"
    return language if language in (SOURCE, *TRANSLATED) else None


def conventions(tag: str) -> Locale:
    """How the language of a tag writes numbers and dates, in its region where one is named and known.

    Raises:
        KeyError: It is none of the languages.

    >>> str(conventions("zh-TW")), str(conventions("zh")), str(conventions("en-XX"))
    ('zh_Hant_TW', 'zh_Hans', 'en')
    """
    language = matched(tag)
    if language is None:
        raise KeyError(tag)
    try:
        found = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        found = None
    if found is None or (language.startswith("zh-") and found.script != language[3:]):
        found = Locale.parse(language.replace("-", "_"))
    return found


def place(folder: Path, language: str, domain: str) -> Path:
    """Where the translations of a language stand."""
    return folder / language.replace("-", "_") / "LC_MESSAGES" / f"{domain}.po"


@lru_cache
def finished(folder: Path, domain: str) -> tuple[str, ...]:
    """The languages in which all of a folder's sentences can be said; English first.

    A translation that is still growing says so in its header, and is not offered.
    """
    return (SOURCE, *(tag for tag in TRANSLATED if _is_finished(place(folder, tag, domain))))


def _is_finished(path: Path) -> bool:
    if not path.is_file():
        return False
    header = path.read_text(encoding="utf-8").partition("\n\n")[0]
    return _UNFINISHED not in header


def read(folder: Path, language: str, domain: str) -> Catalog:
    """The translations of a language as they stand in its file."""
    with place(folder, language, domain).open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def carry(folder: Path, domain: str, template: Catalog) -> None:
    """Carry new and changed sentences into every translation there is, where they wait for their words.

    A translation that was growing, and lacks nothing now, counts as finished from here on.
    """
    for language in TRANSLATED:
        path = place(folder, language, domain)
        if not path.is_file():
            continue
        growing = not _is_finished(path)
        catalog = read(folder, language, domain)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        header = {"Language": language, "Content-Type": "text/plain; charset=utf-8", "Plural-Forms": plurals(language)}
        lines = [f"{name}: {value}" for name, value in header.items()]
        if growing and lacking(catalog):
            lines.append(_UNFINISHED)
        with path.open("wb") as file:
            file.write(("\n".join(('msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in lines))) + "\n\n").encode())
            write_po(file, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)
    finished.cache_clear()


def lacking(catalog: Catalog) -> list[str]:
    """Sentences that have no translation, or one that nobody has confirmed."""
    return [
        one.id if isinstance(one.id, str) else one.id[-1]
        for one in catalog
        if one.id and (one.fuzzy or not all(one.string if isinstance(one.string, list | tuple) else [one.string]))
    ]


def plurals(language: str) -> str:
    """How many forms a counted sentence has in a language, and which number takes which, as translation files say it.

    >>> plurals("bg"), plurals("zh-Hant")
    ('nplurals=2; plural=(n != 1);', 'nplurals=1; plural=0;')
    """
    return str(get_plural(language.replace("-", "_")))
