"""One reader's language: what turns results, names and sentences into text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from babel import Locale
from markupsafe import Markup

from firstcontact.doors.report import translation, words
from firstcontact.doors.report.figure import Figure, figure
from firstcontact.doors.report.notation import Notation, shown
from firstcontact.doors.report.telling import shown_text, tell
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.measures.row import ResultRow


class Links(Protocol):
    """Where links lead, where there is more than the report's one page. An empty address is no link."""

    def rows(self, row: ResultRow, part: str = "n", /) -> str:
        """The contacts behind a figure."""

    def ledger(self, measure: str, code: str, /) -> str:
        """The contacts that a measure leaves out for a cause; those it counts for "", all of them for `all`, and for
        `excluded` those it leaves out whatever their place in time and issue.
        """

    def contacts(self, *, known: bool = False) -> str:
        """All contacts, or those whose customer is known."""

    def set_aside(self, code: str, count: int, /) -> str:
        """The rows that were set aside under a code, so many."""

    def definition(self, preset: str, state: str, /) -> str:
        """The contacts of which a definition says something; `differ`: those on which it and the run's own policy do
        not agree, of these `only here` those that it calls settled, `only ours` the others.
        """

    def reason(self, reason: str, /) -> str:
        """All that is known of a reason."""

    def to_read(self, cause: str, reason: str, /) -> str:
        """Contacts to read, of those that a root cause is seen in."""

    def section(self, name: str, /) -> str:
        """A section of the report."""


class _Nowhere:
    """A file has its sections, and nothing else."""

    def rows(self, _row: ResultRow, _part: str = "n", /) -> str:
        return ""

    def ledger(self, _measure: str, _code: str, /) -> str:
        return ""

    def contacts(self, *, known: bool = False) -> str:  # noqa: ARG002 - the protocol's
        return ""

    def set_aside(self, _code: str, _count: int, /) -> str:
        return ""

    def definition(self, _preset: str, _state: str, /) -> str:
        return ""

    def reason(self, _reason: str, /) -> str:
        return ""

    def to_read(self, _cause: str, _reason: str, /) -> str:
        return ""

    def section(self, name: str, /) -> str:
        return f"#{name}"


@dataclass(frozen=True, slots=True)
class Writer:
    """Speaks one language.

    Attributes:
        notation: How it writes numbers and dates.
        translations: Its sentences.
        links: Where links lead on a page; in a file, which has its sections and nothing else, nowhere.
    """

    notation: Notation
    translations: Any
    links: Links = field(default_factory=_Nowhere)

    @classmethod
    def of(cls, language: str, zone: str) -> Writer:
        """The writer of a language, for dates in a zone.

        Raises:
            FirstcontactError: FC6100, the report has not been translated into it.
        """
        locale: Locale = translation.locale(language)
        return cls(Notation(locale, zone), translation.translations(language))

    def behind(self, row: ResultRow, part: str = "n") -> str:
        """The address of the contacts behind a figure; empty where there is none.

        Args:
            row: The figure.
            part: `n`, as many as its n; `met` and `not_met`, those for it and against it.
        """
        return self.links.rows(row, part)

    @property
    def on_page(self) -> bool:
        """Whether it speaks on a page, which gives its figures along as a workbook, and not in a file."""
        return not isinstance(self.links, _Nowhere)

    def more(self, count: int) -> str:
        """That so many more are not shown, and where they stand."""
        if self.on_page:
            return self.say_many(
                "%(number)s more is in the Excel file of this page.",
                "%(number)s more are in the Excel file of this page.",
                count,
            )
        return self.say("%(count)s more are in results.csv.", count=self.notation.count(count))

    def at(self, section: str) -> str:
        """The address of a section of the report, by its id."""
        return self.links.section(section)

    def linked(self, text: str, href: str) -> str:
        """A count with the way to its rows where there is one; markup then, escaped."""
        return Markup('<a class="rows-behind" href="{}">{}</a>').format(href, text) if href else text

    def reason(self, reason: str) -> str:
        """The name of a reason with the way to its page where there is one; markup then, escaped."""
        href = self.links.reason(reason)
        return Markup('<a href="{}">{}</a>').format(href, self.name(reason)) if href else self.name(reason)

    @property
    def rtl(self) -> bool:
        return self.notation.rtl

    def say(self, message: str, **parts: object) -> str:
        """A sentence in the reader's language, with its parts filled in."""
        text: str = self.translations.gettext(message)
        return text % parts if parts else text

    def say_many(self, one: str, many: str, number: int, **parts: object) -> str:
        """A sentence that depends on a number, which it holds as `%(number)s`."""
        text: str = self.translations.ngettext(one, many, number)
        return text % {"number": self.notation.count(number), **parts}

    def name(self, name: str, *, translate: bool = False) -> str:
        """A name from the data; `translate` those that every source shares."""
        if name in words.CHANNELS and (translate or name in {"(none)", "(unknown)"}):
            return self.say(words.CHANNELS[name])
        return shown(name) or self.say("(blank)")

    def tell(self, text: str) -> str:
        """A sentence of the program or of a preset in the reader's language; anybody else's words as they are."""
        if isinstance(text, Sentence):
            return tell(text, self.notation, self.translations)
        return shown_text(self._known(text) or text)

    def verbatim(self, text: str) -> bool:
        """Whether a text stays in its author's words, so that the page sets it apart."""
        return not isinstance(text, Sentence) and self._known(text) is None

    def _known(self, text: str) -> str | None:
        """The translation of what a preset says; None for what a person wrote."""
        pattern = " ".join(text.split())
        found: str = self.translations.gettext(pattern) if pattern else ""
        return found if found != pattern else None

    def topic(self, topic: str) -> str:
        """What a finding is about."""
        return self.say(words.TOPICS[topic]) if topic in words.TOPICS else shown(topic)

    def figure(self, result: Estimate | Refusal) -> Figure:
        """A result in words."""
        return figure(result, self.notation, self.translations)

    def shown(self, row: ResultRow) -> Figure:
        """A row of the results in words, with where the contacts that it rests on are listed."""
        return replace(self.figure(row.result), behind=self.behind(row))
