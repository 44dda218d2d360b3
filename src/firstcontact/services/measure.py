"""From files to figures: read, know who, link, judge, count, estimate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from firstcontact.contacts.ledger import MeasureLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.result import SIGNAL_ABSENT, SUPPRESSED, Refusal
from firstcontact.measurement.annotate.judgement import NEEDS as JUDGEMENT_NEEDS
from firstcontact.measurement.annotate.judgement import READS as JUDGEMENT_READS
from firstcontact.measurement.annotate.judgement import annotate_judgement
from firstcontact.measurement.annotate.mix import annotate_mix
from firstcontact.measurement.annotate.returns import annotate as annotate_returns
from firstcontact.measurement.annotate.risk import NEEDS as RISK_NEEDS
from firstcontact.measurement.annotate.risk import READS as RISK_READS
from firstcontact.measurement.annotate.risk import annotate_risk
from firstcontact.measurement.explain.catalog import EXPLANATIONS
from firstcontact.measurement.explain.downstream import explain_crossing
from firstcontact.measurement.explain.explanation import READS, Context, Stamp
from firstcontact.measurement.explain.opportunity import withhold_needless
from firstcontact.measurement.explain.split_case import split_rows
from firstcontact.measurement.explain.uncounted import name_uncounted
from firstcontact.measurement.explain.unlearned import allow_for_unlearned, left_out
from firstcontact.measurement.fit.declared import Fit, effective_hash, linking_hash
from firstcontact.measurement.fit.tally import keys_of
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.measures.bound import bound_by_returns, contradictions
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.cut import asked, standard
from firstcontact.measurement.measures.reduce import LEARNED, columns_read, gather
from firstcontact.measurement.measures.row import DefinitionRow, ResultRow
from firstcontact.measurement.measures.s_fcr import name_unheard
from firstcontact.measurement.measures.tabulate import columns_of, tabulate
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.services.compare_definitions import compare_definitions, signals_beside
from firstcontact.services.definition import judged_by
from firstcontact.services.explain import explain, supersede
from firstcontact.services.learn_fit import complete_fit, learn_fit, unused_cycles
from firstcontact.services.prepare import Connector, Options, Prepared, extent, prepare
from firstcontact.services.reuse_fit import reuse_fit, standing
from firstcontact.services.run import IdentityCoverage, Run
from firstcontact.services.suspect_codes import bound_by_records, record_findings
from firstcontact.services.take_audit import audit_findings, audit_record, check_audit, take_audit

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

DIFFERENCES_UP_TO = 2_000_000
"""Above this many contacts, `measure` gives each definition's figure but does not pair verdicts contact by contact."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, and the engine's tables behind it while the engine lives.

    Attributes:
        run: The figures and everything about them.
        linked: One row a contact, linked and judged.
        labels: `customer` and the identifier that stands for it.
        quarantine: Rows set aside.
        loaded: What was read.
        exports: Tables of single contacts that explanations leave, by file name.
        cards: What to know about a model behind a column of contacts, by file name.
        members: Tables of `contact_id` and what explanations rest on it, and what definitions say of it, where that was
            asked for.
    """

    run: Run
    linked: ir.Table
    labels: ir.Table
    quarantine: ir.Table
    loaded: Loaded
    exports: dict[str, ir.Table] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: tuple[ir.Table, ...] = ()


class _Watch:
    """Says which step runs, and notes how long each took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began = time.perf_counter()
        self._step: str | None = None
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        self.stop()
        self._step, self._began = step, time.perf_counter()
        self._progress(step)

    def stop(self) -> None:
        """Note the step that ran."""
        if self._step is not None:
            self.seconds[self._step] = round(time.perf_counter() - self._began, 3)
            self._step = None


def measure(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    *,
    now: Callable[[], datetime],
    version: str,
    progress: Progress = silent,
) -> Measured:
    """Measure files under a policy.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided.
        now: The clock.
        version: Version of firstcontact, for the record.
        progress: Told about each step.

    Returns:
        The run, and the engine's tables behind it.

    Raises:
        FirstcontactError: The files cannot be read or mapped, nothing is left, or a slice is unknown or refused.
    """
    watch = _Watch(progress)
    prepared = prepare(engine, connector, paths, options, watch)
    check_audit(options.audit, prepared.loaded.inputs)
    policy, loaded, frame = options.policy, prepared.loaded, prepared.frame
    cuts = standard(_depth(prepared.reasons), set(prepared.has), policy.calendar.week_start)
    cuts += asked(list(options.by), loaded.extra, policy.calendar.week_start)

    watch("linking contacts into issues")
    findings = prepared.findings
    if options.fit is None:
        fit = learn_fit(engine, prepared, policy, models=False)
    else:
        fit, said = reuse_fit(engine, prepared.tables["contacts"], policy, options.fit, prepared.reasons)
        findings += said
    supported = [one for one in MEASURES.values() if not one.lacks(policy, prepared.has)]
    signals = {signal for one in supported for signal in one.signals} | {"repeat", *JUDGEMENT_NEEDS}
    if options.definitions:
        signals |= signals_beside(policy, prepared.has)
    # Conditions look at the channel, even where none is recorded.
    keep = {
        "customer",
        "bucket",
        "channel",
        *JUDGEMENT_READS,
        *columns_of(cuts),
        *(column for one in supported for column in one.columns),
    }
    if options.explanations:
        signals |= {signal for one in EXPLANATIONS for signal in one.signals}
        keep |= {column for one in EXPLANATIONS for column in one.columns}
    if options.detail:
        signals |= set(RISK_NEEDS)
        keep |= {"source", "reason", "channel", "team", "queue", "started_at", "ended_at", *RISK_READS, *loaded.extra}
    linked = link(
        engine,
        prepared.tables,
        policy,
        fit,
        frame,
        has=prepared.has,
        signals=signals,
        keep=keep,
        detail=options.detail,
        shared=prepared.shared,
    )
    first, last = extent(engine, prepared.tables["contacts"])
    linked = linked.mutate(local_day=local_day(linked.start_us, prepared.zone, first, last))
    # A view, here and below: what asks for contacts is compiled from there on, and not from the beginning.
    linked = own_linked = engine.view(linked, "fc_judged")
    watch("telling caused from coincidental returns")
    fit = complete_fit(engine, linked, fit, policy, frame, prepared.reasons)
    # Of a fit that was learned from other data, what it knows of these.
    stands = fit.models
    if options.fit is not None and fit.models:
        stands = standing(engine, linked, fit, policy, frame, prepared.reasons)
    mix = annotate_mix(engine, annotate_returns(engine, linked, fit, policy, frame, prepared.reasons))
    linked, names = mix.contacts, keys_of(prepared.reasons, policy)
    first_contacts = {names[key]: count for key, count in mix.first.items()}
    watch("weighing what customers and reviewers say")
    judged = annotate_judgement(engine, linked, prepared.tables, policy, prepared.has)
    linked, findings = judged.contacts, findings + judged.findings
    has = prepared.has | judged.has | ({"learned"} if any(model.learned for model in fit.models) else set())
    supported = [one for one in MEASURES.values() if not one.lacks(policy, has)]
    cards: dict[str, dict[str, Any]] = {}
    if options.detail:
        watch("learning what brings customers back")
        models = {model.reason: model for model in fit.models}
        risked = annotate_risk(engine, linked, frame, models, names)
        linked = risked.contacts
        cards |= {"risk": risked.card} if risked.card else {}
        findings += risked.findings

    linked = engine.view(linked, "fc_annotated")
    watch("counting")
    digest = effective_hash(policy, fit)
    origin = _origin(fit, _keys(prepared.reasons, policy))
    stamp = Stamp(policy.name, digest, frame.cutoff, version, origin if policy.needs_customer else "")
    beside = [LEARNED] if origin == "mixed" else []
    by = [*columns_of(cuts), *beside]
    told = linked
    if options.explanations:
        told = _told(engine, linked, policy, prepared, columns_read(linked, supported, policy, by))
    facts = gather(engine, told, supported, policy, by)
    whole = asdict(stamp) | {"windows": origin}
    rows = tabulate(facts, list(MEASURES.values()), has, policy, cuts, whole)
    ledgers = tuple(facts.count([]).ledgers().values()) if supported else ()
    _check(ledgers, loaded.ledger.contacts)
    facts.drop()
    exports: dict[str, ir.Table] = {}
    tables = {name: engine.table(table) for name, table in loaded.tables.items()}
    lacking = tuple(one for one in stands if one.cause == "not-in-fit")
    known = replace(fit, models=fit.models + lacking) if lacking else fit
    members: list[ir.Table] | None = [] if options.members else None
    context = Context(engine, told, tables, policy, known, frame, prepared.zone, has, stamp, exports, members)
    if options.explanations:
        rows = supersede(rows, explain(context, watch))
        engine.drop(_TOLD)
    elif "learned" in has:
        rows += explain_crossing(context)
    if "learned" in has:
        rows += split_rows(context, prepared.tables["contacts"])
    coverage = _coverage(engine, prepared)
    rows = name_uncounted(rows, frame, policy, coverage.largest_share)
    rows = withhold_needless(allow_for_unlearned(rows, stands, first_contacts, policy.publish.level))
    rows = bound_by_returns(take_audit(bound_by_records(rows), options.audit), policy.returns.return_least)
    rows = name_unheard(rows, judged.surveyed.silent if judged.surveyed else ())
    findings += (
        left_out(stands, first_contacts)
        + unused_cycles(policy, fit)
        + audit_findings(options.audit, linking_hash(policy, fit))
    )
    findings += contradictions(rows) + record_findings(rows)
    definitions: tuple[DefinitionRow, ...] = ()
    verdicts: list[ir.Table] = []
    if options.definitions:
        watch("applying every definition")
        pair = loaded.ledger.contacts <= DIFFERENCES_UP_TO and not _hidden(rows, policy)
        kept = verdicts if options.members else None
        definitions = compare_definitions(engine, prepared, policy, own_linked, pair=pair, kept=kept, progress=silent)
    watch.stop()
    created = now()
    run = Run(
        run_id=f"{created:%Y%m%dT%H%M%SZ}-{digest}",
        created_at=created,
        version=version,
        inputs=loaded.inputs,
        mapping=loaded.mapping,
        policy=policy,
        fit=fit,
        policy_hash=digest,
        frame=frame,
        zone=prepared.zone,
        rows=tuple(rows),
        row_ledger=loaded.ledger,
        measure_ledgers=ledgers,
        findings=findings,
        identity=coverage,
        definitions=definitions,
        seconds=watch.seconds,
        options=options.as_dict(),
        audit=audit_record(options.audit),
    )
    quarantine = engine.table(loaded.quarantine)
    noted = (*(members or ()), *verdicts)
    return Measured(run, linked, prepared.identity.labels, quarantine, loaded, exports, cards, noted)


_TOLD = "fc_explained_kept"


def _told(engine: Engine, linked: ir.Table, policy: Policy, prepared: Prepared, measured: frozenset[str]) -> ir.Table:
    """The contacts as measures and explanations see them, kept: to find them anew for each question takes longer.

    Args:
        engine: Where it runs.
        linked: Linked, judged and annotated contacts.
        policy: The policy.
        prepared: What they were linked from.
        measured: Columns that measures read.
    """
    wanted = {
        *measured,
        *READS,
        *policy.signals,
        *(name for one in EXPLANATIONS for name in (*one.columns, *one.signals)),
    }
    kinds = {name: kind for name, kind in linked.schema().items() if name in wanted}
    signals = {name for one in EXPLANATIONS for name in one.signals} | policy.signals
    columns = set(prepared.tables["contacts"].columns) - signals - prepared.shared.filled
    empty = {name: ibis.null(kind) for name, kind in kinds.items() if name in columns}
    kept = engine.materialise(linked.select([name for name in kinds if name not in empty]), _TOLD)
    return engine.view(kept.mutate(**empty), "fc_explained") if empty else kept


def _check(ledgers: Sequence[MeasureLedger], contacts: int) -> None:
    """No contact may be lost or counted twice on the way; were it so, no figure could be believed."""
    astray = [ledger.measure for ledger in ledgers if ledger.contacts != contacts or not ledger.adds_up]
    if astray:
        raise AssertionError(f"the ledger of {', '.join(astray)} does not hold every contact once")


def _hidden(rows: Sequence[ResultRow], policy: Policy) -> bool:
    """Whether so few contacts are judged that what differs from them would tell how few they are."""
    own = judged_by(policy).id
    results = [row.result for row in rows if row.measure == own and not row.by]
    return any(isinstance(one, Refusal) and one.kind in (SUPPRESSED, SIGNAL_ABSENT) for one in results)


def _depth(reasons: list[str | None]) -> int:
    return max((reason.count(REASON_SEPARATOR) + 1 for reason in reasons if reason is not None), default=0)


def _keys(reasons: list[str | None], policy: Policy) -> list[str]:
    return sorted({cut_reason(reason, policy.link.reason_level) for reason in reasons})


def _origin(fit: Fit, keys: Sequence[str]) -> str:
    """Where the windows of the reasons that occur come from: `declared`, `learned`, or `mixed`."""
    found = {window.source for window in fit.windows if window.reason in set(keys)}
    return found.pop() if len(found) == 1 else "mixed" if found else fit.kind


def _coverage(engine: Engine, prepared: Prepared) -> IdentityCoverage:
    identity, contacts = prepared.identity, prepared.tables["contacts"]
    each = contacts.filter(contacts.customer.notnull()).group_by("customer").aggregate(n=_.count())
    most = engine.execute(each.aggregate(n=_.n.max()))["n"][0].as_py() or 0
    return IdentityCoverage(
        contacts=prepared.loaded.ledger.contacts,
        known=identity.known,
        customers=identity.customers,
        joined=identity.joined,
        kinds=identity.kinds,
        shared=identity.shared,
        largest_share=most / identity.known if identity.known else 0.0,
    )
