"""What customers and reviewers said, brought to the contacts; and what a reader should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate import resolved, survey
from firstcontact.measurement.annotate.resolved import Resolved, annotate_resolved
from firstcontact.measurement.annotate.survey import Surveyed, annotate_survey
from firstcontact.statistics.rogan_gladen import LEAST_PAIRS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy

COLUMNS: tuple[str, ...] = (*resolved.COLUMNS, *survey.COLUMNS)
"""Columns that `annotate_judgement` adds."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Contacts with everything that was learned from judgements.

    Attributes:
        contacts: The linked contacts with `COLUMNS`.
        resolved: The score and the reviews.
        surveyed: The surveys.
        findings: What a reader should know.
    """

    contacts: ir.Table
    resolved: Resolved
    surveyed: Surveyed
    findings: tuple[Finding, ...]


def annotate_judgement(engine: Engine, linked: ir.Table, tables: Mapping[str, ir.Table], policy: Policy) -> Judged:
    """Bring scores, labels and survey influence to contacts.

    Args:
        engine: Where it runs.
        linked: Linked contacts with `reason`, `channel`, `bucket` and the signals that `annotate.resolved` and
            `annotate.survey` need.
        tables: The source's tables; `reviews` where there is one.
        policy: The policy.

    Returns:
        The contacts, what was learned, and what to say of it.
    """
    scored = annotate_resolved(engine, linked, tables.get("reviews"), policy)
    surveyed = annotate_survey(engine, scored.contacts, policy)
    findings = (*_about_reviews(scored, "reviews" in tables), *_about_surveys(surveyed))
    return Judged(surveyed.contacts, scored, surveyed, findings)


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
            n=reviewed.unusable,
        )
        said.append(Finding("reviews", text, "the column sampling_probability", "warning"))
    if reviewed.contacts and not known.known:
        text = Sentence(
            "reviews.single",
            "{pairs} contacts were judged by two reviewers; it takes {least} to know how often reviewers err. T-FCR "
            "takes them at their word.",
            pairs=known.pairs,
            least=LEAST_PAIRS,
        )
        said.append(Finding("reviews", text, "contacts with two reviews", "warning"))
    elif reviewed.contacts:
        text = Sentence(
            "reviews.agreement",
            "Two reviewers differ on {disagree:.1%} of {pairs} contacts, so that one is right in about {accuracy:.1%} "
            "if they err as often on resolved as on unresolved contacts. T-FCR is corrected for it.",
            disagree=known.disagree,
            pairs=known.pairs,
            accuracy=known.accuracy,
        )
        said.append(Finding("reviews", text, "contacts with two reviews"))
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
    said = [Finding("surveys", text, "answers by reason, channel and what came afterwards")]
    if np.isfinite(model.tipping_down):
        text = Sentence(
            "surveys.tipping",
            "S-FCR is 3 points too high if, of contacts that look alike, the odds of an answer are {down:.2f} times as "
            "high where customers are content; it is 3 points too low if they are {up:.2f} times as high.",
            down=model.tipping_down,
            up=model.tipping_up,
        )
        said.append(Finding("surveys", text, "the odds of answering, tilted until the figure moves"))
    if not surveyed.behaviour:
        text = Sentence(
            "surveys.behaviour",
            "Nothing is known of what customers did afterwards (returns, reopenings, wrap-up codes). If the discontent "
            "answer more or less often, S-FCR cannot be corrected for it.",
        )
        said.append(Finding("surveys", text, "no signal beside reason and channel", "warning"))
    return said
