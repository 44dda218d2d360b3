"""Every language is whole: no sentence without words, no part lost, no English left over; and its tag finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from firstcontact.doors import font, language
from firstcontact.doors.report import translation as report
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.web import translation as web
from tests.unit.test_report_language import CODE, LATIN, NAMES, TERMS

DOMAINS: dict[str, Callable[[str], Catalog]] = {"report": report.read, "web": web.read}
FOLDERS = {"report": report.LOCALE, "web": web.LOCALE}
WRITTEN = [
    (domain, tag)
    for domain, folder in FOLDERS.items()
    for tag in language.TRANSLATED
    if language.place(folder, tag, domain).is_file()
]
PARTS = re.compile(r"%\(\w+\)s|\{\w*(?:[.\[][^{}:!]*)?(?:![rsa])?(?::[^{}]*)?\}")
MARKUP = re.compile(r"</?\w+[^>]*>")
CELLS = re.compile(r"&\w+;|https?://\S+")
TYPED = re.compile(r"`[^`]*`")
"""What is typed as it stands."""
NAMED = {
    "yes",
    "no",
    "encoding",
    "sheet",
    "firstcontact",
    "Excel",
    "PDF",
    "CSV",
    "HTML",
    "API",
    "URL",
    "QA",
    "SLA",
    "IVR",
}
NAMED |= {"Benjamini", "Hochberg", "outbound", "reviews"}
NAMED |= {"Europe", "Sofia", "BG", "Parquet", "ServiceNow", "MiB", "N", "A", "Aa", "IBAN", "Webhook"}
NAMED |= {"team", "queue", "channel", "week"}
NAMED |= {"PNG", "JPEG", "GIF", "RTF", "ORC", "Avro", "RAR", "Zip", "zip", "gzip", "xz", "bzip", "Zstandard", "xlsx"}
NAMED |= {"SQLite", "sqlite", "postgresql", "user", "host", "name", "MB", "GB", "TOML", "ID", "UTF", "cp", "big", "utf"}
NAMED |= {
    "FIRSTCONTACT",
    "HOME",
    "TMPDIR",
    "service.key",
    "contacts.parquet",
    "fit.json",
    "HH",
    "MM",
    "IL",
    "US",
    "Ana",
}
NAMED |= {"true", "false", "null", "equals", "below", "low", "high", "WeasyPrint", "Pango", "pdf", "docs", "service.md"}
NAMED |= {"If", "Match", "Host", "ETag", "Retry", "After"}
NAMED |= {"TLS", "IP", "PostgreSQL", "WAL"}
"""Names of things and values of files that every language writes in Latin letters, beside those of the report."""

SPELT = (
    '"auto"', "x_<name>", "rein = inbound", "reassignment, escalation, reopen, awaiting, settled, update",
    "its goal", "en or zh-Hant", '"phone", "email"', '"billing"', "{count} s", "cause=", "contact or ticket",
    "name=value", "kind and value", "name@example.org", "number and contact_id", "number and {column}",
    "opens before closes", "(week, month)", "query > after", "window.by_reason", "returns.cycle_by_reason",
    "seed 0", "seed {seed}",
)  # fmt: skip
"""What is typed in files, settings and addresses, as sentences spell it: there, and nowhere else, it is no English."""


SCRIPTS = {"bg": "[\u0400-\u04ff]", "he": "[\u0590-\u05ff]", "zh": "[\u4e00-\u9fff]"}
"""Letters that only one of the languages is written in."""


def forms(one: Message) -> list[tuple[str, str]]:
    """What is said and what it translates: of a counted sentence each form beside the plural, but for a form of 1."""
    if isinstance(one.id, str):
        return [(one.id, str(one.string))]
    said = list(one.string)
    return [(one.id[0 if len(said) > 1 and place == 0 else -1], form) for place, form in enumerate(said)]


def messages(domain: str, tag: str) -> list[Message]:
    return [one for one in DOMAINS[domain](tag) if one.id]


@pytest.mark.parametrize(("domain", "tag"), WRITTEN)
def test_a_language_is_offered_when_nothing_is_missing(domain: str, tag: str) -> None:
    """A finished translation lacks no sentence and has none that nobody confirmed; one that lacks none is offered."""
    lacking = language.lacking(DOMAINS[domain](tag))
    if tag in language.finished(FOLDERS[domain], domain):
        assert lacking == []
    else:
        assert lacking != [], f"run python -m firstcontact.doors.{domain}.translation: it will be offered"


@pytest.mark.parametrize(("domain", "tag"), WRITTEN)
def test_every_part_and_mark_of_a_sentence_is_in_its_translation(domain: str, tag: str) -> None:
    """Parts and markup are those of English; only a form for one may say its number in a word."""
    catalog = DOMAINS[domain](tag)
    wrong = []
    for one in messages(domain, tag):
        assert not isinstance(one.string, (list, tuple)) or len(one.string) == catalog.num_plurals
        for place, (english, said) in enumerate(forms(one)):
            if not said:
                continue
            asked, found = (sorted(PARTS.findall(text)) for text in (english, said))
            single = not isinstance(one.id, str) and place == 0 and catalog.num_plurals > 1
            lost = set(found) - set(asked) if single else asked != found
            if lost or sorted(MARKUP.findall(english)) != sorted(MARKUP.findall(said)):
                wrong.append((english, said))
    assert wrong == []


@pytest.mark.parametrize(("domain", "tag"), WRITTEN)
def test_no_english_is_left_over(domain: str, tag: str) -> None:
    """What stands in Latin letters in a translation is a name, a term or code, and stands in the English as well."""
    wrong = []
    for one in messages(domain, tag):
        for english, said in forms(one):
            spelt = {word for code in SPELT if code in english for word in _latin(code)}
            left = [word for word in _latin(said) if word not in NAMES | TERMS | NAMED | spelt]
            if left and not _is_name(english):
                wrong.append((left, said))
    assert wrong == []


@pytest.mark.parametrize(("domain", "tag"), WRITTEN)
def test_a_translation_is_in_the_letters_of_its_language(domain: str, tag: str) -> None:
    """No sentence stands in another language's letters."""
    own = SCRIPTS[tag.partition("-")[0]]
    others = re.compile("|".join(letters for letters in SCRIPTS.values() if letters != own))
    strange = [said for one in messages(domain, tag) for english, said in forms(one) if others.search(said)]
    assert strange == []


def _latin(text: str) -> list[str]:
    for kind in (TYPED, PARTS, MARKUP, CELLS, CODE):
        text = kind.sub(" ", text)
    return LATIN.findall(text)


def _is_name(english: str) -> bool:
    """Whether a sentence is the name of a definition, which its author gave it."""
    return not english.islower() and len(english.split()) == 1


@pytest.mark.parametrize(("domain", "tag"), WRITTEN)
def test_each_translation_names_its_language_and_its_plural_rule(domain: str, tag: str) -> None:
    """In the header, as tools of translators read it."""
    header = language.place(FOLDERS[domain], tag, domain).read_text(encoding="utf-8").partition("\n\n")[0]
    assert f'"Language: {tag}\\n"' in header
    assert f'"Plural-Forms: {language.plurals(tag)}\\n"' in header


def test_a_growing_translation_is_not_offered_until_it_is_whole(tmp_path: Path) -> None:
    """It says so in its header, keeps that while a sentence lacks its words, and loses it with the last."""
    path = language.place(tmp_path, "zh-Hant", "some")
    path.parent.mkdir(parents=True)
    path.write_text('msgid ""\nmsgstr ""\n"X-Unfinished: yes\\n"\n\nmsgid "one"\nmsgstr "一"\n', encoding="utf-8")
    template = Catalog()
    template.add("one")
    template.add("two")
    for words, offered in (("", ("en",)), ("二", ("en", "zh-Hant"))):
        text = path.read_text(encoding="utf-8").replace('msgid "two"\nmsgstr ""', f'msgid "two"\nmsgstr "{words}"')
        path.write_text(text, encoding="utf-8")
        language.carry(tmp_path, "some", template)
        assert language.finished(tmp_path, "some") == offered
    assert language.read(tmp_path, "zh-Hant", "some")["one"].string == "一"


def test_an_unconfirmed_translation_counts_as_missing() -> None:
    """What a tool guessed is not what a translator said."""
    catalog = Catalog("bg")
    catalog.add("one", "едно", flags=["fuzzy"])
    catalog.add(("a row", "{count} rows"), ("ред", ""))
    catalog.add("two", "две")
    assert language.lacking(catalog) == ["one", "{count} rows"]


def test_a_page_is_in_the_language_that_the_browser_asks_for_most() -> None:
    """By weight, then by order; what is not offered, not wanted or not understood is passed over."""
    assert web.chosen(None, "he;q=0, xx, en;q=0.2") == "en"
    assert web.chosen("he", "en") == "he"
    assert web.chosen("xx", "he-IL") == "he"
    assert web.chosen(None, "*, he;q=nonsense") == "en"
    assert set(web.languages()) <= set(report.languages())


@pytest.mark.parametrize("tag", language.TRANSLATED)
def test_a_language_has_letters_of_its_own(tag: str) -> None:
    """The style sheet names system fonts for it, and none is fetched."""
    sheet = font.fonts()
    assert f":root:lang({tag}){{--text:" in sheet
    assert "url(" not in sheet
    assert "@font-face" not in sheet


@pytest.mark.parametrize(
    ("tag", "day", "short", "month", "moment", "share", "count"),
    [
        ("en", "5 Mar 2024", "5 Mar", "March 2024", "5 Mar 2024, 14:07", "74.2%", "12,345"),
        ("he", "5 מרץ 2024", "5 מרץ", "מרץ 2024", "5 מרץ 2024, 14:07", "\u206674.2%\u2069", "12,345"),
        ("bg", "5.03.2024\u202fг.", "5.03", "март 2024\u202fг.", "5.03.2024\u202fг., 14:07", "74,2%", "12\xa0345"),
        ("zh-CN", "2024年3月5日", "3月5日", "2024年3月", "2024年3月5日 14:07", "74.2%", "12,345"),
        ("zh-TW", "2024年3月5日", "3月5日", "2024年3月", "2024年3月5日 14:07", "74.2%", "12,345"),
    ],
)
def test_dates_and_numbers_are_in_the_order_of_the_language(
    tag: str, day: str, short: str, month: str, moment: str, share: str, count: str
) -> None:
    """Day first or year first, decimal comma or point, as a reader of it expects."""
    number = Notation(language.conventions(tag), "UTC")
    when = datetime(2024, 3, 5, 14, 7, tzinfo=UTC)
    assert (number.day(when), number.day(when, year=False), number.month(when.date())) == (day, short, month)
    assert (number.moment(when), number.percent(0.7421, 1), number.count(12345)) == (moment, share, count)
