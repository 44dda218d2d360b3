"""The languages of the report, and how its sentences reach a translator.

English is the source. Translations are `locale/<language>/LC_MESSAGES/report.po`, read as they are when a report is
made, so there is nothing to compile. One that is not finished says so in its header and is not offered
(`doors/language.py`). After a sentence was added or changed, run

    python -m firstcontact.doors.report.translation

which collects every sentence into `locale/report.pot`, with those that findings, refusals and policies are made of
(`kernel.sentence`) and what presets say of themselves, and carries it into each `.po` file, where it waits for its
translation. It needs the source tree, not an installed wheel.
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
from babel.messages.pofile import write_po
from babel.support import NullTranslations, Translations

from firstcontact.doors.language import SOURCE, carry, conventions, finished, matched
from firstcontact.doors.language import read as language_file
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.privacy import pattern

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1]
LOCALE = HERE / "locale"
DOMAIN = "report"
TEMPLATE = LOCALE / "report.pot"

UNKNOWN_LANGUAGE = ErrorKind(
    "FC6100",
    "the report does not speak this language",
    EXIT_USAGE,
    "A report was asked for in a language that it has not been translated into. Ask for one of those it names.",
)

_METHODS = [("**.py", "python"), ("templates/**.j2", "jinja2.ext.babel_extract")]
_OPTIONS = {"templates/**.j2": {"trimmed": "true", "newstyle_gettext": "true"}}
_SPEAKING = {"Sentence", "RefusalKind"}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "say": None, "say_many": (1, 2)}


def languages() -> tuple[str, ...]:
    """Tags of the languages that the report can be written in."""
    return finished(LOCALE, DOMAIN)


def locale(language: str) -> Locale:
    """The conventions of a language that the report speaks.

    Raises:
        FirstcontactError: The report has not been translated into it.
    """
    faults = Faults()
    if matched(language) not in languages():
        faults.add(
            UNKNOWN_LANGUAGE,
            where="language",
            saw=pattern(language),
            allowed=", ".join(languages()),
            cure="ask for one of the languages named",
        )
    faults.raise_if_any()
    return conventions(language)


@lru_cache
def translations(language: str) -> NullTranslations:
    """The sentences of the language that a tag asks for; English is the source and needs none."""
    found = matched(language) or SOURCE
    if found == SOURCE:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read(found))
    compiled.seek(0)
    return Translations(compiled)


def read(language: str) -> Catalog:
    """The translations of a language as they stand in its file."""
    return language_file(LOCALE, language, DOMAIN)


def collect() -> Catalog:
    """Every sentence of the report that can be translated, with where it stands."""
    catalog = Catalog(project="firstcontact", charset="utf-8", fuzzy=False)
    for name, line, message, comments, _ in extract_from_dir(HERE, _METHODS, _OPTIONS, _KEYWORDS, ("Translators:",)):
        catalog.add(message, None, [(name, line)], auto_comments=comments)
    for name, *forms in program():
        if forms[-1].strip():
            said = tuple(" ".join(form.split()) for form in forms)
            catalog.add(said if len(said) > 1 else said[0], None, [(name, 0)])
    return catalog


def program() -> Iterator[tuple[str, ...]]:
    """What the rest of the program says and the report repeats: the file that says it, and the sentence.

    A sentence that depends on a count comes in two forms: for one, and for any other number.
    """
    from firstcontact.contacts.rule import RULES
    from firstcontact.measurement.measures.catalog import MEASURES
    from firstcontact.measurement.policy.preset import load_preset, preset_names
    from firstcontact.measurement.policy.signal import SIGNALS as WORDS
    from firstcontact.measurement.signals.catalog import SIGNALS

    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "Sentence(" in source or "RefusalKind(" in source:
            name = path.relative_to(PACKAGE).as_posix()
            yield from ((name, *forms) for forms in _patterns(source))
    for rule in RULES:
        yield from (("contacts/rule.py", text) for text in (rule.kind.title, rule.clause, rule.cure, rule.allowed))
    for measure in MEASURES.values():
        yield from (("measurement/measures/measure.py", text) for text in (measure.estimand, measure.needs))
    for signal in SIGNALS.values():
        yield "measurement/signals/signal.py", signal.needs
    for spec in WORDS.values():
        yield from (("measurement/policy/signal.py", text) for text in (spec.noun, spec.negated))
    for preset in map(load_preset, preset_names()):
        conditions = preset.counts_when + preset.left_out_when + preset.unsettled_when
        for text in (preset.title, preset.note, *(condition.because for condition in conditions)):
            yield f"measurement/policy/presets/{preset.name}.toml", text


def _patterns(source: str) -> Iterator[tuple[str, ...]]:
    """The patterns of all `Sentence(code, pattern, one, by)`, and titles of `RefusalKind(code, title)`, as written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SPEAKING:
            said = [one.value for one in node.args[1:3] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if said:
                yield (said[1], said[0]) if node.func.id == "Sentence" and len(said) > 1 else (said[0],)


def update() -> None:
    """Write the template, and carry new and changed sentences into every translation."""
    template = collect()
    with TEMPLATE.open("wb") as file:
        write_po(file, template, width=110, omit_header=True, sort_output=True, include_lineno=False)
    carry(LOCALE, DOMAIN, template)


if __name__ == "__main__":
    update()
