"""A Hebrew report is Hebrew: whatever the program says, in findings, refusals and policies, is said in the reader's
language; what is left in Latin letters is a name, a code, or somebody's own words."""

from __future__ import annotations

import ast
import pickle
import re
import string
from collections.abc import Iterator
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

import firstcontact as fc
from firstcontact.doors.report import translation, words
from firstcontact.doors.report.build import render
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.telling import tell
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import Estimate
from firstcontact.kernel.sentence import Sentence, code_of, either, kept, listed, restored
from firstcontact.measurement.policy.explain import explain
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.services.run import Run
from tests import run_factory

SOURCE = Path(__file__).parents[2] / "src" / "firstcontact"

NAMES = {"firstcontact", "results.csv", "results.parquet", "fit.json", "UTC", "SHA"}
"""The product and its files, and terms that Hebrew writes in Latin letters."""
TERMS = {"ASCII", "UTF", "NUL", "JSON", "CSAT", "NPS", "CES", "FCR", "R", "T", "S", "p", "n", "metricnet", "gross"}
"""Further terms that Hebrew writes so."""
CODE = re.compile(
    r"\[[\w.]+\]|--[a-z-]+(?: [\w/]+)?|\w+ = (?:\"\w+\"|true)|[A-Za-z]+(?:_[a-z]+)+(?:\.[a-z_]+)?|row-\d|`\w+`"
)
"""What is typed, or stands in a file: a table of the mapping, an option, a setting, a column."""
LATIN = re.compile(r"[A-Za-z][A-Za-z.]*[A-Za-z]|[A-Za-z]")


class Spoken(HTMLParser):
    """What a page says, without names (`bdi`), code, and titles of publications (`cite`)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.verbatim: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.words += [str(values[name]) for name in ("aria-label", "title") if values.get(name)]
        if tag not in {"meta", "br"}:
            self.open.append("verbatim" if values.get("class") == "verbatim" else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A mark of a drawing: it says nothing."""

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "verbatim" in self.open:
            self.verbatim.append(data)
        elif not {"style", "bdi", "code", "cite"} & set(self.open):
            self.words.append(data)

    @property
    def latin(self) -> list[str]:
        """Words in Latin letters that are neither names nor code, with what stands around them."""
        text = " | ".join(self.words)
        text = CODE.sub(" ", re.sub("[\u2066\u2068][^\u2069]*\u2069", "", text))
        return [text[max(0, m.start() - 40) : m.end() + 40] for m in LATIN.finditer(text) if m[0] not in NAMES | TERMS]


CALLS = "ticket,opened,customer,category,channel,team,note"


def _rows(count: int, zone: str = "") -> Iterator[str]:
    for k in range(count):
        day, hour = divmod(k * 3, 24 * 28)[1] // 24, k % 24
        customer = ("?", f"c{k % 211}")[k % 40 > 0]
        category = ("Billing", "billing ", "Delivery", "Password > reset")[k % 4]
        opened = f"2024-{1 + k * 6 // count:02}-{1 + day:02} {hour:02}:00{zone if k % 3 else ''}"
        yield f"T{k},{opened if k % 500 else 'soon'},{customer},{category},{('phone', 'pigeon')[k % 9 == 0]},A{k % 3},"


@cache
def measured(name: str, folder: Path) -> Run:
    """Runs over files in which much is to be noticed."""
    path = folder / f"{name}.csv"
    texts = {
        "much": "\n".join([CALLS + ",note", *(f"{row},x" for row in _rows(2_400, "+02:00"))]),
        "nobody": "ticket,opened\n" + "\n".join(f"T{k},2024-01-{1 + k % 28:02} 10:00" for k in range(300)),
        "no reason": "ticket,opened,customer\n" + "\n".join(
            f"T{k},{1 + k % 12}/{1 + k % 9}/2024 10:00,c{k % 90}" for k in range(600)),
        "young": CALLS + "\n" + "\n".join(list(_rows(40))[:12]),
    }  # fmt: skip
    path.write_text(texts[name], encoding="utf-8")
    policy = {"nobody": "sqm-survey", "young": "zendesk-one-touch"}.get(name)
    return fc.measure(path, **({"policy": policy} if policy else {})).run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("language")


@pytest.mark.parametrize("name", ["much", "nobody", "no reason", "young"])
def test_a_hebrew_report_of_a_real_run_says_nothing_in_english(name: str, folder: Path) -> None:
    """Findings, refusals, causes and the policy are Hebrew; nothing of the program's is left in its own words."""
    run = measured(name, folder)
    page = Spoken(render(run, "he"))
    assert page.latin == []
    assert page.verbatim == []
    assert len(run.findings) >= 2


@pytest.mark.parametrize(
    ("name", "language"), [("much", "zh-Hans"), ("nobody", "zh-Hant"), ("no reason", "zh-Hans"), ("young", "zh-Hant")]
)
def test_a_chinese_report_of_a_real_run_says_nothing_in_english(
    name: str, language: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Hebrew; and a sentence ends as Chinese does, and is told to its end although it has no blanks."""
    monkeypatch.setattr(Notation, "apart", lambda _self, name: f"\u2068{name}\u2069")
    page = Spoken(render(measured(name, folder), language))
    assert [around for around in page.latin if "Hochberg" not in around] == []
    said = "\n".join(page.words)
    assert re.findall(r".{0,20}[。\u4e00-\u9fff]\s*\.\s", said) == []
    assert re.findall(".{0,20}[\u4e00-\u9fff]…", said) == []


@pytest.mark.parametrize("name", ["much", "young"])
def test_a_bulgarian_report_of_a_real_run_says_nothing_in_english(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Hebrew; and no sentence ends in two full stops, as after the abbreviated year of a date."""
    monkeypatch.setattr(Notation, "apart", lambda _self, name: f"\u2068{name}\u2069")
    page = Spoken(render(measured(name, folder), "bg"))
    assert page.latin == []
    assert page.verbatim == []
    assert re.findall(r".{0,20}г\.\.", "\n".join(page.words)) == []


@pytest.mark.parametrize("name", ["servicenow_like", "centre", "all_immature", "one_contact", "no_reason"])
def test_a_hebrew_report_of_an_invented_run_says_nothing_in_english(name: str) -> None:
    """Every part of the page, with findings in somebody's own words set apart as such."""
    run = getattr(run_factory, name)()
    page = Spoken(render(run, "he"))
    reasons = {word for row in (*run.rows, *run.definitions) if not isinstance(row.result, Estimate)
               for word in LATIN.findall(f"{row.result.reason} {row.result.would_help}")}  # fmt: skip
    titles = {word for row in run.definitions for word in LATIN.findall(row.title)}
    own = reasons | titles | {word for row in run.rows for cell in row.cell.values() for word in LATIN.findall(cell)}
    assert [around for around in page.latin if not any(word in around for word in own)] == []


def test_english_is_letter_for_letter_what_the_program_says(folder: Path) -> None:
    """In English a sentence is its own text."""
    run = measured("much", folder)
    page = Spoken(render(run, "en"))
    text = " ".join(" ".join(page.words).split())
    for finding in run.findings:
        assert " ".join(finding.text.split()) in text
        assert finding.code


def test_numbers_dates_and_names_are_written_as_the_language_does() -> None:
    """Digits are grouped, dates and shares are Hebrew, names and options keep their own direction."""
    writer = Writer.of("he", "UTC")
    said = Sentence("quarantine.rests", "{share:.2%} of the rows read", share=0.0312)
    assert writer.tell(said) == "\u20663.12%\u2069 מהשורות שנקראו"
    said = Sentence("cut-off.beyond.cure", "{option}, or leave it out", option="--cutoff 2024-01-01")
    assert writer.tell(said) == "\u2068--cutoff 2024-01-01\u2069, או השמיטו אותו"
    fall = Sentence(
        "cut-off.fall",
        "The volume of contacts collapses after {day}: from {full:,.0f} a day to {thin:,.1f} a day.",
        day=date(2016, 5, 31),
        full=1250.4,
        thin=1.04,
    )
    assert "31 מאי 2016: מ-1,250 ביום ל-1.0 ביום" in writer.tell(fall)
    assert fall == "The volume of contacts collapses after 2016-05-31: from 1,250 a day to 1.0 a day."
    odd = Sentence("policy.nothing.cure", "{name} in the policy", name="a\u202eb")
    assert "\u202e" not in writer.tell(odd)
    assert writer.tell(either(["iso", "epoch", "excel"])) == "\u2068iso\u2069 או \u2068epoch\u2069 או \u2068excel\u2069"
    assert listed([said]) is said
    assert tell("a plain text", writer.notation, writer.translations) == "a plain text"


def test_a_finding_names_its_sentence() -> None:
    """The code is in the data of the run; words that are not the program's have none."""
    said = Sentence("zone.all", "Times without an offset are understood in {zone}.", zone="UTC")
    assert Finding("zone", said).as_dict()["code"] == "zone.all"
    assert Finding("zone", "somebody's own words").as_dict()["code"] == ""


def test_every_part_of_a_sentence_is_in_its_translation() -> None:
    """No translation loses or invents a part, or writes it in another way."""

    def parts(text: str) -> list[tuple[str | None, str | None]]:
        return sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name is not None)

    forms = [[" ".join(text.split()) for text in texts] for _, *texts in translation.program()]
    for language in translation.languages()[1:]:
        said = translation.translations(language)
        plain = [text for text in {texts[-1] for texts in forms if len(texts) == 1} if "{" in text]
        assert [text for text in plain if parts(said.gettext(text)) != parts(text)] == []
        # Of one, a language may say so in a word; one that does not inflect says it as of many.
        counted = [texts for texts in forms if len(texts) == 2]
        assert counted
        allowed = {one: {*parts(one), *parts(many)} for one, many in counted}
        assert [one for one, many in counted if not set(parts(said.ngettext(one, many, 1))) <= allowed[one]] == []
        assert [many for one, many in counted if parts(said.ngettext(one, many, 2)) != parts(many)] == []


def test_a_count_of_one_is_said_as_one() -> None:
    """In English and in a language that inflects more, in text and after a file; other counts, and none, are plural."""
    one, some, none = (
        Sentence("rows", "{count:,} rows", "{count:,} row", "count", count=count) for count in (1, 1200, 0)
    )
    assert (one, some, none) == ("1 row", "1,200 rows", "0 rows")
    writer = Writer.of("he", "UTC")
    assert [writer.tell(said) for said in (one, some, none)] == ["שורה אחת", "1,200 שורות", "0 שורות"]
    assert writer.tell(restored("1 row", kept(one))) == "שורה אחת"
    assert writer.tell(pickle.loads(pickle.dumps(one))) == "שורה אחת"
    odd = kept(one) or {}
    assert code_of(restored("1 row", odd | {"by": "nothing"})) == code_of(restored("1 row", odd | {"one": 1})) == ""
    assert code_of(restored("1 row", odd | {"one": "{count.real} row"})) == ""


COUNTS = (
    "contact",
    "opener",
    "reason",
    "row",
    "value",
    "return",
    "answer",
    "day",
    "week",
    "customer",
    "agent",
    "window",
)
"""Nouns that are counted."""


def test_every_sentence_that_begins_with_a_count_knows_how_to_say_one() -> None:
    """No finding and no refusal says "1 reasons": whatever begins with a count of something, or says how many of
    something there are, has a form for one."""
    noun = re.compile(r"(?:^|(?:, of|not|are|the|of its) )\{\w+(?::,)?\} (?:\w+ )?(?:" + "|".join(COUNTS) + r")s\b")
    wrong = [texts[0] for _, *texts in translation.program() if len(texts) == 1 and noun.search(texts[0])]
    assert wrong == []


def test_whatever_a_finding_or_a_refusal_says_can_be_said_in_other_languages() -> None:
    """No finding and no refusal is made of bare text in the source; they are made of `Sentence`."""
    bare = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Finding", "Refusal"}:
                said = [*node.args[1:3], *(word.value for word in node.keywords if word.arg in {"text", "rests_on"})]
                bare += [f"{path.name}:{part.lineno}" for part in said if _is_text(part)]
    assert bare == []


def test_every_topic_of_a_finding_has_a_name() -> None:
    """A finding's topic stands on the page in the reader's language."""
    topics = {
        node.args[0].value
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args
        and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    assert topics - set(words.TOPICS) == set()


def _is_text(part: ast.expr) -> bool:
    if isinstance(part, ast.IfExp):
        return _is_text(part.body) or _is_text(part.orelse)
    if isinstance(part, ast.BinOp):
        return _is_text(part.left) or _is_text(part.right)
    return isinstance(part, ast.JoinedStr) or (
        isinstance(part, ast.Constant) and isinstance(part.value, str) and bool(part.value)
    )


def test_presets_are_explained_in_hebrew() -> None:
    """Title, note, reasons and every point of every preset, without an English word but codes."""
    writer = Writer.of("he", "UTC")
    for name in preset_names():
        preset = load_preset(name)
        told = explain(preset)
        said = [writer.tell(text) for text in (preset.title, *told.sentences, *told.points)]
        page = Spoken("".join(f"<p>{text}</p>" for text in said))
        assert page.latin == [], name


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_preset_speaks_without_marks(language: str) -> None:
    """A page knows no backticks: none stands around a column's name in what a preset says, in any language."""
    writer = Writer.of(language, "UTC")
    for name in preset_names():
        preset = load_preset(name)
        told = explain(preset)
        said = [writer.tell(text) for text in (preset.title, preset.note, *told.sentences, *told.points)]
        assert "`" not in "".join(said), name
