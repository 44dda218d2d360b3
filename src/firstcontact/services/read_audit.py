"""Use case: read a filled form back, and correct R-FCR for the returns that the records miss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.audit.form import UNREADABLE_FORM, Answer, read_form
from firstcontact.measurement.audit.sample import STRATA
from firstcontact.measurement.measures.catalog import AUDITED, FURTHER
from firstcontact.services.draw_audit import AUDIT_FILE, AUDIT_FORMAT, FORM_FILE
from firstcontact.services.record import RunRecord
from firstcontact.statistics.linkage_audit import LEAST_RETURNS, Linkage, corrected_no_return, linkage, sensitivity

OTHER_DATA = ErrorKind(
    "FC4025",
    "The audit was drawn from other data than the run",
    EXIT_INPUT,
    "How many returns the records miss is a property of those records. An audit corrects runs of the very files it was "
    "drawn from; both keep their SHA-256.",
)

TOO_FEW_RETURNS = RefusalKind(
    "too-few-returns",
    "Too few returns looked up",
    "How many returns the records miss cannot be said before people have found enough of them.",
)
NONE_LINKED = RefusalKind(
    "none-linked",
    "No return that was found is linked",
    "People found enough returns, but named none of those that the records link, so that there is nothing to scale by.",
)
LINKED_SHARE = "share of the returns for the same issue that the records link to their contact"
MEASURE_ID = "r_fcr"


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was found in one stratum.

    Attributes:
        name: Which of `audit.sample.STRATA`.
        drawn: Contacts handed out.
        answered: Contacts that somebody looked up.
        returns: Of these, how many customers truly came back for the same issue.
        missed: Of these returns, how many the records do not link.
    """

    name: str
    drawn: int
    answered: int
    returns: int
    missed: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes:
        linked: Share of returns that are linked, or why it cannot be said.
        linkage: The same with what it takes to correct; None where refused.
        strata: What was found where.
        wrong_codes: Of the missed returns, the share where a reason is wrong, as far as it was said; None if never.
        other_records: The share that stand under another customer record, likewise.
        policy_hash: What the contacts were linked under.
        inputs: SHA-256 of the files that the contacts were drawn from; none where its version did not note them.
        digest: SHA-256 of the draw and the filled form together; empty where it was read from no directory.
    """

    linked: Estimate | Refusal
    linkage: Linkage | None
    strata: tuple[Stratum, ...]
    wrong_codes: float | None
    other_records: float | None
    policy_hash: str
    inputs: frozenset[str] = frozenset()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """R-FCR of a run before and after the audit.

    Attributes:
        measured: As the run has it: value, lower and upper end.
        corrected: Freed of the returns that are not linked.
        sensitivity: What it would be under given shares of wrong codes and split records.
        same_policy: Whether run and audit were linked alike.
    """

    measured: tuple[float, float, float]
    corrected: Estimate
    sensitivity: tuple[tuple[float, float, float], ...]
    same_policy: bool


def read_audit(folder: Path, level: float = 0.95) -> Audit:
    """Read a filled audit.

    Args:
        folder: The directory that `draw_audit` wrote, with the form filled in.
        level: Confidence level.

    Returns:
        What it found.

    Raises:
        FirstcontactError: With every fault found: FC4020 to FC4022.
    """
    data = _draw(folder / AUDIT_FILE)
    drawn = {row["number"]: row for row in data["rows"]}
    known = {number: row["contact_id"] for number, row in drawn.items()}
    answers = read_form(folder / FORM_FILE, known)
    found = judge_audit(answers, drawn, str(data["linked_under"]), level)
    read = (folder / AUDIT_FILE).read_bytes() + (folder / FORM_FILE).read_bytes()
    inputs = frozenset(str(one) for one in data.get("inputs", ()))
    return replace(found, inputs=inputs, digest=hashlib.sha256(read).hexdigest())


def judge_audit(answers: Sequence[Answer], drawn: dict[int, dict[str, Any]], policy_hash: str, level: float) -> Audit:
    """From answers to how well returns are linked.

    Args:
        answers: What people found.
        drawn: Rows of `draw.json` by number.
        policy_hash: What the contacts were linked under.
        level: Confidence level.

    Returns:
        The audit.
    """
    names = list(STRATA)
    handed = {name: sum(row["stratum"] == name for row in drawn.values()) for name in names}
    looked = {name: sum(drawn[one.number]["stratum"] == name for one in answers) for name in names}
    rows = [drawn[one.number] for one in answers]
    # Contacts that nobody looked up are taken to be like the others of their stratum.
    weight = np.array([handed[row["stratum"]] / looked[row["stratum"]] / row["probability"] for row in rows])
    came = np.array([one.came_back for one in answers], dtype=float)
    shared = [bool({*one.return_ids} & {*row["links"]}) for one, row in zip(answers, rows, strict=True)]
    hit = np.array(shared, dtype=float)
    has_link = np.array([bool(row["links"]) for row in rows], dtype=float)
    stratum = np.array([names.index(row["stratum"]) for row in rows], dtype=float)
    found = linkage(stratum, weight, came, came * hit, has_link, level) if answers else None
    strata = []
    for number, name in enumerate(names):
        inside = stratum == number
        returns, missed = int(came[inside].sum()), int((came * (1 - hit))[inside].sum())
        if handed[name]:
            strata.append(Stratum(name, handed[name], looked[name], returns, missed))
    missing = [one for one, gone in zip(answers, came * (1 - hit), strict=True) if gone]
    return Audit(
        _share(found, answers, level),
        found,
        tuple(strata),
        _said([one.wrong_code for one in missing]),
        _said([one.other_record for one in missing]),
        policy_hash,
    )


def correct_run(audit: Audit, record: RunRecord, level: float = 0.95) -> Correction | None:
    """Correct the R-FCR of a run.

    Args:
        audit: The audit, not refused.
        record: The run.
        level: Confidence level.

    Returns:
        The correction; None where the run has no R-FCR or the audit none.

    Raises:
        FirstcontactError: Both rest on different files (FC4025).
    """
    check_data(audit, frozenset(str(one.get("sha256")) for one in record.run.get("inputs", ())), record.place)
    own = [one for one in record.figures if one.measure == MEASURE_ID and not one.by]
    if audit.linkage is None or not own or own[0].value is None or own[0].low is None or own[0].high is None:
        return None
    value, low, high = own[0].value, own[0].low, own[0].high
    ends = correct(value, low, high, own[0].level, audit.linkage, level)
    corrected = Estimate(*ends, level, own[0].n, FURTHER[AUDITED][1])
    same = str(record.run.get("linked_under", "")) == audit.policy_hash
    return Correction((value, low, high), corrected, tuple(sensitivity(value)), same)


def correct(
    value: float, low: float, high: float, of: float, known: Linkage, level: float
) -> tuple[float, float, float]:
    """A measured R-FCR freed of the returns that are not linked.

    Args:
        value: As measured.
        low: Lower end of its interval.
        high: Upper end.
        of: Confidence level of that interval.
        known: How well returns are linked.
        level: Confidence level asked for.

    Returns:
        Value, lower and upper end.
    """
    from scipy.special import ndtri

    variance = ((high - low) / 2 / float(ndtri(0.5 + of / 2))) ** 2
    return corrected_no_return(value, variance, known, level)


def check_data(audit: Audit, read: frozenset[str], place: str) -> None:
    """Refuse other files; files that only one of both has beside them, such as reviews, do no harm.

    Args:
        audit: The audit.
        read: SHA-256 of the files of the run.
        place: What a fault names as its place.

    Raises:
        FirstcontactError: Both rest on different files (FC4025).
    """
    if not (audit.inputs and read) or audit.inputs <= read or read <= audit.inputs:
        return
    fault = OTHER_DATA.fault(
        where=place,
        saw=f"{len(read - audit.inputs)} files that the audit was not drawn from",
        allowed=f"a run of the {len(audit.inputs)} files that the audit was drawn from",
        cure="name the run or the files that belong to the audit, or draw an audit of these",
    )
    raise FirstcontactError([fault])


def _share(found: Linkage | None, answers: Sequence[Answer], level: float) -> Estimate | Refusal:
    if found is not None:
        return Estimate(found.found, found.low, found.high, level, found.returns, LINKED_SHARE)
    returns = sum(one.came_back for one in answers)
    if returns >= LEAST_RETURNS:
        return _none_linked(len(answers), returns)
    reason = Sentence(
        "too-few-returns",
        "Contacts looked up: {looked}; customers who came back for the same issue: {returns}; {least} are the least.",
        looked=len(answers),
        returns=returns,
        least=LEAST_RETURNS,
    )
    cure = Sentence("too-few-returns.cure", "Look up more of the contacts that were handed out, or draw more.")
    return Refusal(TOO_FEW_RETURNS, reason, cure, len(answers), LINKED_SHARE)


def _none_linked(looked: int, returns: int) -> Refusal:
    reason = Sentence(
        "none-linked",
        "Contacts looked up: {looked}; customers who came back for the same issue: "
        "{returns}. The records link none of these returns: a share of nothing corrects "
        "nothing.",
        looked=looked,
        returns=returns,
    )
    cure = Sentence(
        "none-linked.cure",
        "See whether {column} holds contact ids as they stand in the data. If it does, the records link no return: "
        "mend customer ids and reasons before R-FCR is read at all.",
        column="return_contact_id",
    )
    return Refusal(NONE_LINKED, reason, cure, looked, LINKED_SHARE)


def _said(words: list[bool | None]) -> float | None:
    told = [word for word in words if word is not None]
    return sum(told) / len(told) if told else None


def _draw(path: Path) -> dict[str, Any]:
    saw = ""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] > AUDIT_FORMAT:
            saw = "the form of a newer version"
        for row in data["rows"]:
            if not (0 < row["probability"] <= 1 and row["stratum"] in STRATA and isinstance(row["links"], list)):
                saw = "a row that firstcontact did not write"
            if not isinstance(row["number"], int) or not isinstance(row["contact_id"], str):
                saw = "a row that firstcontact did not write"
        str(data["linked_under"])
    except OSError as error:
        saw = (error.strerror or "an error of the file system").lower()
    except (ValueError, KeyError, TypeError, RecursionError):
        saw = "text that firstcontact did not write"
    if saw:
        allowed, cure = "draw.json as `firstcontact audit draw` wrote it", "name the directory of an audit"
        raise FirstcontactError([UNREADABLE_FORM.fault(where=str(path), saw=saw, allowed=allowed, cure=cure)])
    return dict(data)
