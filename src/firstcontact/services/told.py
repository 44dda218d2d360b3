"""How the sentences of a run were made, so that a run that is read back can be said in another language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from firstcontact.kernel.result import REFUSAL_KINDS, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence, kept, restored
from firstcontact.services.run import Run

TOLD_FILE = "told.json"
"""In the directory of a run. The other files hold the English; this one, of what each English text was made."""


def told_data(run: Run) -> dict[str, Any]:
    """What of a run stands in no other file, as plain data: each text of the program and each refusal once.

    `sentences` are what `kernel.sentence.kept` says of a text, by the text; `refusals` are title and meaning by code.
    """
    kinds: dict[str, RefusalKind] = {}
    sentences: dict[str, Sentence] = {}
    for text in _texts(run, kinds):
        if isinstance(text, Sentence) and text not in sentences:
            sentences[text] = text
    return {
        "refusals": {code: {"title": kind.title, "about": kind.about} for code, kind in sorted(kinds.items())},
        "sentences": {str(text): kept(text) for text in sentences},
    }


def _texts(run: Run, kinds: dict[str, RefusalKind]) -> Iterator[str]:
    """Everything that a run says, with repetitions; fills in the refusals on the way."""
    yield from run.fit.notes
    for finding in run.findings:
        yield from (finding.text, finding.rests_on, finding.override)
    for row in run.definitions:
        yield from (row.title, row.source)
    yield from _of_results((row.result for row in run.definitions), kinds)
    yield from _of_results((row.result for row in run.rows), kinds)


def _of_results(results: Iterable[Estimate | Refusal], kinds: dict[str, RefusalKind]) -> Iterator[str]:
    for result in results:
        yield result.estimand
        if isinstance(result, Refusal):
            kinds[result.kind.code] = result.kind
            yield result.reason
            yield result.would_help


class Told:
    """Makes texts the sentences that they were, where that is known.

    Args:
        data: What `told_data` gave; None for a run of a version that did not keep it, whose texts stay English.

    Raises:
        TypeError: The data are something else.
        ValueError: Likewise.
    """

    def __init__(self, data: Any) -> None:
        told = {"refusals": {}, "sentences": {}} if data is None else data
        if not isinstance(told, dict) or not all(isinstance(told[name], dict) for name in ("refusals", "sentences")):
            raise TypeError("not what was told")
        self._how: dict[str, Any] = told["sentences"]
        self._made: dict[str, str] = {}
        self._kinds: dict[str, RefusalKind] = {}
        for code, kind in told["refusals"].items():
            if not all(isinstance(kind[name], str) for name in ("title", "about")):
                raise TypeError("not a refusal")
            self._kinds[code] = RefusalKind(code, kind["title"], kind["about"])
        # Those that the program knows by identity are themselves.
        self._kinds |= {kind.code: kind for kind in REFUSAL_KINDS}

    def __call__(self, text: str) -> str:
        """The sentence that a text was; the text where nothing is known of it."""
        if text not in self._how:
            return text
        if text not in self._made:
            self._made[text] = restored(text, self._how[text])
        return self._made[text]

    def kind(self, code: str) -> RefusalKind:
        """The refusal of a code; one that bears the code as its title where no more is known of it."""
        if code not in self._kinds:
            self._kinds[code] = RefusalKind(code, code.replace("-", " ").capitalize(), "")
        return self._kinds[code]
