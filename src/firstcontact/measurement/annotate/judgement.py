"""What customers and reviewers said, brought to the contacts; and what a reader should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate import resolved, survey
from firstcontact.measurement.annotate.resolved import LABELS, SCORED, Resolved, annotate_resolved
from firstcontact.measurement.annotate.survey import SURVEYED, Surveyed, annotate_survey
from firstcontact.statistics.rogan_gladen import LEAST_PAIRS
from firstcontact.statistics.survey_correction import UNHEARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy

COLUMNS: tuple[str, ...] = (*resolved.COLUMNS, *survey.COLUMNS)
"""Columns that `annotate_judgement` adds."""
NEEDS: tuple[str, ...] = tuple(sorted({*resolved.NEEDS, *survey.NEEDS}))
"""Signals that linking must bring along."""
READS: tuple[str, ...] = ("bucket", "channel", "reason")
"""Contact columns that must be carried along."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Contacts with everything that was learned from judgements.

    Attributes:
        contacts: The linked contacts with `COLUMNS`, as far as they were made.
        resolved: The score and the reviews; None where no customer is known.
        surveyed: The surveys; None where nobody says whether it is resolved.
        findings: What a reader should know.
    """

    contacts: ir.Table
    resolved: Resolved | None
    surveyed: Surveyed | None
    findings: tuple[Finding, ...]

    @property
    def has(self) -> frozenset[str]:
        """What measures may rest on beside what the data hold."""
        scored = {SCORED} if self.resolved is not None else set()
        return frozenset(scored | ({SURVEYED} if self.surveyed is not None and self.surveyed.model else set()))


def annotate_judgement(
    engine: Engine, linked: ir.Table, tables: Mapping[str, ir.Table], policy: Policy, has: frozenset[str]
) -> Judged:
    """Bring scores, labels and survey influence to contacts.

    Args:
        engine: Where it runs.
        linked: Linked contacts with the columns of `READS` and the signals of `NEEDS`.
        tables: The source's tables; `reviews` where there is one.
        policy: The policy.
        has: What the data hold (names of `linking.holding`). Nothing is scored where no customer is known, and surveys
            are left alone where nobody says whether it is resolved.

    Returns:
        The contacts, what was learned, and what to say of it.
    """
    scored = surveyed = None
    findings: list[Finding] = []
    if "customer" in has:
        scored = annotate_resolved(engine, linked, tables.get("reviews"), policy)
        linked = scored.contacts if "reviews" in tables else scored.contacts.drop(*LABELS)
        findings += _about_reviews(scored, "reviews" in tables)
        if "survey.resolved" in has:
            surveyed = annotate_survey(engine, linked, policy)
            linked = surveyed.contacts
            findings += _about_surveys(surveyed)
    return Judged(linked, scored, surveyed, tuple(findings))


def _about_reviews(scored: Resolved, there: bool) -> list[Finding]:
    if not there:
        return []
    reviewed, known = scored.reviewed, scored.reviewed.reviewers
    said = []
    if reviewed.unusable:
        text = Sentence(
            "reviews.unusable",
            "{n:,} reviewed contacts carry no sampling probability. Somebody chose them, so nothing follows from them "
            "for other contacts: T-FCR leaves them out.",
            "{n:,} reviewed contact carries no sampling probability. Somebody chose it, so "
            "nothing follows from it for other contacts: T-FCR leaves it out.",
            "n",
            n=reviewed.unusable,
        )
        said.append(
            Finding(
                "reviews", text, Sentence("reviews.probability.rests", "the column sampling_probability"), "warning"
            )
        )
    if reviewed.contacts and not known.known:
        text = Sentence(
            "reviews.single",
            "{pairs} contacts were judged by two reviewers; it takes {least} to know how often reviewers err. T-FCR "
            "takes them at their word.",
            "{pairs} contact was judged by two reviewers; it takes {least} to know how often "
            "reviewers err. T-FCR takes them at their word.",
            "pairs",
            pairs=known.pairs,
            least=LEAST_PAIRS,
        )
        said.append(Finding("reviews", text, Sentence("reviews.twice.rests", "contacts with two reviews"), "warning"))
    elif reviewed.contacts:
        text = Sentence(
            "reviews.agreement",
            "Two reviewers differ on {disagree:.1%} of {pairs} contacts, so that one is right in about {accuracy:.1%} "
            "if they err as often on resolved as on unresolved contacts. T-FCR is corrected for it.",
            disagree=known.disagree,
            pairs=known.pairs,
            accuracy=known.accuracy,
        )
        said.append(Finding("reviews", text, Sentence("reviews.twice.rests", "contacts with two reviews")))
    return said


def _about_surveys(surveyed: Surveyed) -> list[Finding]:
    model = surveyed.model
    if model is None:
        return []
    text = Sentence(
        "surveys.response",
        "{rate:.1%} of the openers have a survey answer. R-indicator {even:.2f} (1 where all are as likely to answer), "
        "design effect {effect:.2f}.",
        rate=model.rate,
        even=model.representativeness,
        effect=model.effect,
    )
    said = [
        Finding("surveys", text, Sentence("survey.judged.rests", "answers by reason, channel and what came afterwards"))
    ]
    if surveyed.unheard > 0:
        parts = {"share": surveyed.unheard, "names": ", ".join(surveyed.silent)}
        if surveyed.unheard > UNHEARD:
            text = Sentence(
                "surveys.unheard",
                "Nobody, or hardly anybody, answers of {share:.1%} of the openers: {names}. What others say cannot "
                "stand for them, so there is no S-FCR of all.",
                **parts,
            )
        else:
            text = Sentence(
                "surveys.unheard-few",
                "Nobody, or hardly anybody, answers of {share:.1%} of the openers: {names}. The interval of S-FCR "
                "reaches from none of them content to all of them content.",
                **parts,
            )
        rests = Sentence("surveys.unheard.rests", "answers by reason and channel, fewer than 1 % and not by chance")
        said.append(Finding("surveys", text, rests, "warning"))
    if np.isfinite(model.tipping_down):
        text = Sentence(
            "surveys.tipping",
            "S-FCR is 3 points too high if, of contacts that look alike, the odds of an answer are {down:.2f} times as "
            "high where customers are content; it is 3 points too low if they are {up:.2f} times as high.",
            down=model.tipping_down,
            up=model.tipping_up,
        )
        said.append(
            Finding(
                "surveys", text, Sentence("survey.tilt.rests", "the odds of answering, tilted until the figure moves")
            )
        )
    if not surveyed.behaviour:
        text = Sentence(
            "surveys.behaviour",
            "Nothing is known of what customers did afterwards (returns, reopenings, wrap-up codes). If the discontent "
            "answer more or less often, S-FCR cannot be corrected for it.",
        )
        said.append(
            Finding("surveys", text, Sentence("survey.blind.rests", "no signal beside reason and channel"), "warning")
        )
    return said
