"""Audits of the service: drawn from the run in force, read back from the form alone, and kept as figures about nobody.

Nothing about a contact stays behind when a form is handed out: how each was drawn stands sealed in its own row, and
comes back with it. What is kept of a filled form are counts and shares, so that an erasure has nothing to take out.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.kernel.errors import Faults, FirstcontactError
from firstcontact.kernel.result import Estimate
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.measurement.audit.form import (
    FORM_COLUMNS,
    UNREADABLE_FORM,
    WRONG_ROW,
    answers_of,
    form_rows,
    number_of,
    rows_of,
)
from firstcontact.measurement.audit.sample import COLUMNS, NEEDS, Sampled, draw_sample
from firstcontact.measurement.fit.declared import linking_hash
from firstcontact.measurement.linking.chain import time
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.services.draw_audit import FORM_FILE, NOTHING_TO_AUDIT, SMALLEST, WRONG_SIZE
from firstcontact.services.publish import harmless
from firstcontact.services.read_audit import LINKED_SHARE, MEASURE_ID, Audit, Stratum, judge_audit
from firstcontact.services.run import Run
from firstcontact.services.seal import Seal
from firstcontact.services.setting import Setting, Settings
from firstcontact.services.take_audit import take_audit
from firstcontact.statistics.linkage_audit import Linkage

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.measures.row import ResultRow

KEPT = "linkage_audit"
"""Under which name it is kept among the settings; people change it by a form, not as a setting."""

MOST_DRAWN = 5_000
"""Contacts that the service draws at most; the command line draws more."""
MOST_FORM = 8 << 20
"""Bytes of a filled form."""

DRAWN = "drawn"
"""The column that holds, sealed, how a row was drawn."""
LEVEL = 0.95
_KEPT_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filled form says.

    Attributes:
        run: The run that its contacts were drawn from.
        audit: What was found.
    """

    run: str
    audit: Audit


@dataclass(frozen=True, slots=True)
class KeptAudit:
    """The audit that measurements take in.

    Attributes:
        run: The run that its contacts were drawn from.
        taken_at: When its form was brought, UTC.
        audit: What was found.
    """

    run: str
    taken_at: datetime
    audit: Audit


def draw_form(engine: Engine, contacts: Path, run: Run, run_id: str, seal: Seal, *, size: int, seed: int = 0) -> str:
    """Draw contacts of a run whose returns people look up, and write the form that they fill in.

    Args:
        engine: Where it runs.
        contacts: The run's contacts, as they are kept.
        run: The run.
        run_id: What the service calls it.
        seal: Closes what the form must not show: how a contact was drawn, and what is linked.
        size: How many contacts, about.
        seed: The same seed draws the same contacts.

    Returns:
        The form, as CSV.

    Raises:
        FirstcontactError: An impossible size or seed (FC4023); nothing to look up (FC4024).
    """
    if not SMALLEST <= size <= MOST_DRAWN or seed < 0:
        saw = clause("size {size}, seed {seed}", size=size, seed=seed)
        allowed = clause("size {least} to {most:,}, seed 0 or more", least=SMALLEST, most=MOST_DRAWN)
        fault = WRONG_SIZE.fault(where="size", saw=saw, allowed=allowed, cure="ask for another size")
        raise FirstcontactError([fault])
    linked = _linked(engine.read_parquet([contacts], "fc_audited"), run)
    sample = draw_sample(engine, linked, size, seed)
    if not sample:
        fault = NOTHING_TO_AUDIT.fault(
            where="the run in force",
            saw="no opener with a closed window and a known customer",
            allowed="at least one",
            cure="bring a longer period, shorten the windows, or send the customer's id",
        )
        raise FirstcontactError([fault])
    return _csv(sample, run_id, linking_hash(run.policy, run.fit), seal)


def _linked(contacts: ir.Table, run: Run) -> ir.Table:
    """A run's contacts as a draw reads them. What they were linked by is the issue that each was put into."""
    lacking = {"reopens": "int64", "survey_resolved": "boolean", "agent_says_resolved": "boolean", "case_id": "string"}
    absent = {name: ibis.null(kind) for name, kind in lacking.items() if name not in contacts.columns}
    timed = time(contacts.mutate(bucket=ibis.literal(0), **absent), run.policy, run.frame)
    part = timed.excluded_code.isnull() & timed.customer.notnull()
    window = (timed.window_days * DAY_US).round().cast("int64")
    known = timed.mutate(key=timed.issue_id, takes_part=part.fill_null(False), window_us=window)
    read = ("contact_id", "key", "excluded_code", "takes_part", "opener", "left_censored", "mature")
    return known.select(*dict.fromkeys((*read, "start_us", "anchor_us", "window_us", *COLUMNS, *NEEDS)))


def _csv(sample: Sequence[Sampled], run_id: str, linked_under: str, seal: Seal) -> str:
    import csv
    import io

    held = Counter(one.stratum for one in sample)
    whole = "\n".join(f"{one.number} {one.contact_id}" for one in sample)
    of_all = {
        "draw": hashlib.sha256(f"{run_id}\n{whole}".encode()).hexdigest()[:16],
        "run": run_id,
        "linked_under": linked_under,
        "held": dict(held),
    }
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [name for name, _ in FORM_COLUMNS]
    writer.writerow([*names, DRAWN])
    for one, row in zip(sample, form_rows(sample), strict=True):
        own = {"number": one.number, "contact_id": one.contact_id, "stratum": one.stratum}
        own |= {"probability": one.probability, "links": list(one.links)}
        sealed = seal.close(json.dumps(of_all | own, ensure_ascii=False).encode()).decode()
        writer.writerow([*(harmless(row.get(name, "")) for name in names), sealed])
    return "\ufeff" + text.getvalue()


def read_filled(data: bytes, seal: Seal, level: float = LEVEL) -> Filled:
    """Read a form that `draw_form` wrote and people filled in.

    Args:
        data: The form.
        seal: Opens how its contacts were drawn.
        level: Confidence level.

    Returns:
        What it says.

    Raises:
        FirstcontactError: With every fault found: FC4020 to FC4022.
    """
    faults = Faults()
    rows = _rows(data, faults)
    faults.raise_if_any()
    drawn: dict[int, dict[str, Any]] = {}
    good: list[tuple[int, dict[str, str]]] = []
    first: dict[str, Any] | None = None
    for line, row in rows:
        one = _opened(row[DRAWN], seal)
        first = first or one
        same = one is not None and first is not None and one["draw"] == first["draw"]
        if one is None or not same or number_of(row["number"]) != one["number"]:
            faults.add(
                WRONG_ROW,
                where=clause("{file}, line {line}, {column}", file=FORM_FILE, line=line, column=DRAWN),
                saw="a row of another draw" if one is not None and not same else "another row than was handed out",
                allowed=clause("one form, with number and {column} in each row as they were handed out", column=DRAWN),
                cure="restore both columns, sort whole rows only, and bring each form by itself",
            )
            continue
        drawn[one["number"]] = one
        good.append((line, row))
    known = {number: str(one["contact_id"]) for number, one in drawn.items()}
    answers = answers_of(good, FORM_FILE, known, faults)
    faults.raise_if_any()
    if first is None:
        return Filled("", replace(judge_audit([], {}, "", level), digest=hashlib.sha256(data).hexdigest()))
    # Rows that were left out of the form stand for others of their stratum, as blank ones do.
    there = Counter(one["stratum"] for one in drawn.values())
    gone = [name for name, held in first["held"].items() for _ in range(held - there[name])]
    drawn |= {-place: {"stratum": name} for place, name in enumerate(gone, start=1)}
    found = judge_audit(answers, drawn, str(first["linked_under"]), level)
    return Filled(str(first["run"]), replace(found, digest=hashlib.sha256(data).hexdigest()))


def _rows(data: bytes, faults: Faults) -> list[tuple[int, dict[str, str]]]:
    saw: Sentence | None
    try:
        rows = rows_of(data.decode("utf-8-sig"), FORM_FILE, faults, (DRAWN,))
    except UnicodeDecodeError:
        rows, saw = [], clause("text that is not UTF-8")
    else:
        saw = clause("{count:,} rows", count=len(rows)) if len(rows) > MOST_DRAWN else None
    if saw is not None:
        faults.add(
            UNREADABLE_FORM,
            where=FORM_FILE,
            saw=saw,
            allowed=clause("the filled form, as CSV in UTF-8, at most {most:,} rows", most=MOST_DRAWN),
            cure="save the form that was handed out as CSV UTF-8",
        )
    return rows


def _opened(sealed: str, seal: Seal) -> dict[str, Any] | None:
    try:
        found = json.loads(seal.open(sealed.strip().lstrip("'").encode()))
    except FirstcontactError:  # another key sealed it, or nobody did
        return None
    return found if isinstance(found, dict) and "draw" in found else None


def keep_audit(settings: Settings, filled: Filled, *, actor: str, now: datetime) -> bool:
    """Have measurements from now on take an audit in, in the place of the one before.

    Args:
        settings: Where it is kept.
        filled: What a form says.
        actor: Who brought it.
        now: When, UTC.

    Returns:
        Whether it is kept: one that found no share of returns corrects nothing.
    """
    audit = filled.audit
    if audit.linkage is None or not isinstance(audit.linked, Estimate):
        return False
    value = {
        "format": _KEPT_FORMAT,
        "run": filled.run,
        "taken_at": now.isoformat(),
        "level": audit.linked.level,
        "linkage": asdict(audit.linkage),
        "strata": [asdict(one) for one in audit.strata],
        "wrong_codes": audit.wrong_codes,
        "other_records": audit.other_records,
        "linked_under": audit.policy_hash,
        "sha256": audit.digest,
    }
    settings.put(KEPT, value, edition=_edition(settings.get(KEPT)), actor=actor, now=now)
    return True


def drop_audit(settings: Settings, *, actor: str, now: datetime) -> None:
    """Have measurements from now on take no audit in; done twice it is done."""
    kept = settings.get(KEPT)
    if kept is not None and kept.value:
        settings.put(KEPT, {}, edition=kept.edition, actor=actor, now=now)


def kept_audit(settings: Settings) -> KeptAudit | None:
    """The audit that measurements take in; None where there is none."""
    kept = settings.get(KEPT)
    if kept is None or not kept.value:
        return None
    value = kept.value
    known = Linkage(**value["linkage"])
    share = Estimate(known.found, known.low, known.high, value["level"], known.returns, LINKED_SHARE)
    audit = Audit(
        share,
        known,
        tuple(Stratum(**one) for one in value["strata"]),
        value["wrong_codes"],
        value["other_records"],
        value["linked_under"],
        digest=value["sha256"],
    )
    return KeptAudit(value["run"], datetime.fromisoformat(value["taken_at"]), audit)


def _edition(kept: Setting | None) -> int:
    return kept.edition if kept is not None else 0


def freed(run: Run, audit: Audit) -> ResultRow | None:
    """R-FCR of a run, freed of the returns that the records miss; None where the run has no such row.

    Args:
        run: The run.
        audit: What an audit found.
    """
    own = run.select(MEASURE_ID, by="")[:1]
    return take_audit(own, audit)[1] if own else None


def linked_alike(run: Run, audit: Audit) -> bool:
    """Whether run and audit were linked under the same policy and windows."""
    return linking_hash(run.policy, run.fit) == audit.policy_hash
