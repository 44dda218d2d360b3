"""Every known definition of FCR on the same contacts, and where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ibis import _

from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.result import SIGNAL_ABSENT, Refusal
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.holding import unsupported
from firstcontact.measurement.linking.link import connect, judge
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import estimate, readings
from firstcontact.measurement.measures.reduce import ledger, reduce
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.policy.model import Policy, cut_reason, digest
from firstcontact.measurement.policy.preset import load_preset, preset_names

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.services.measure import Prepared


def compare_definitions(
    engine: Engine,
    prepared: Prepared,
    own: Policy,
    own_linked: ir.Table,
    *,
    pair: bool,
    progress: Progress = silent,
) -> tuple[DefinitionRow, ...]:
    """Apply every preset to the same contacts.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        own: The policy of the run.
        own_linked: The contacts as linked and judged by it.
        pair: Whether to compare verdicts contact by contact, which takes a join for each definition.
        progress: Told about each definition.

    Returns:
        One row a preset, in their order.
    """
    presets = [load_preset(name) for name in preset_names()]
    rows: dict[str, DefinitionRow] = {}
    groups: dict[str, list[Policy]] = {}
    for preset in presets:
        missing = _missing(preset, prepared.has)
        if missing:
            rows[preset.name] = _decline(preset, missing)
        else:
            groups.setdefault(_linking(preset), []).append(preset)
    for group in groups.values():
        progress(", ".join(preset.name for preset in group))
        connected = connect_presets(engine, prepared, group, "fc_definition")
        for preset in group:
            rows[preset.name] = _apply(engine, preset, own, judge(connected, preset), own_linked, pair=pair)
    return tuple(rows[preset.name] for preset in presets)


def connect_presets(engine: Engine, prepared: Prepared, presets: list[Policy], name: str) -> ir.Table:
    """Link contacts once for presets that link alike, with the signals that any of them asks for."""
    first = presets[0]
    fit = declare(first, sorted({cut_reason(reason, first.link.reason_level) for reason in prepared.reasons}))
    return connect(
        engine,
        prepared.tables,
        first,
        fit,
        prepared.frame,
        has=prepared.has,
        signals={signal for preset in presets for signal in preset.signals},
        keep=("customer", "bucket", "channel"),
        detail=False,
        name=name,
    )


def _linking(preset: Policy) -> str:
    """What makes two policies link alike."""
    return digest(
        [
            preset.link,
            preset.window,
            preset.related,
            preset.exclude,
            "returned" in preset.signals,
            preset.needs_customer,
        ]
    )


def _missing(preset: Policy, has: frozenset[str]) -> list[str]:
    missing = unsupported(preset, has)
    if preset.needs_customer and "customer" not in has:
        missing.append("returned: customers that are known")
    return missing


def _measure(preset: Policy) -> Measure:
    return MEASURES["fcr_issue" if preset.link.index == "openers" else "fcr_contact"]


def _decline(preset: Policy, missing: list[str]) -> DefinitionRow:
    refusal = Refusal(
        SIGNAL_ABSENT,
        "The data do not hold what this definition reads: " + "; ".join(missing) + ".",
        "A source or a mapping that holds it.",
        estimand=_measure(preset).estimand,
    )
    return DefinitionRow(preset.name, preset.title, preset.source, refusal)


def _apply(
    engine: Engine, preset: Policy, own: Policy, judged: ir.Table, own_linked: ir.Table, *, pair: bool
) -> DefinitionRow:
    measure = _measure(preset)
    sums = reduce(engine, judged, [measure], preset, []).sums[measure.id]
    book = ledger(engine, judged, measure, preset)
    both = readings(sums)
    left_out = dict(book.excluded)
    for place in ("not_opener", "left_censored", "immature"):
        if getattr(book, place):
            left_out[place] = getattr(book, place)
    return DefinitionRow(
        preset=preset.name,
        title=preset.title,
        source=preset.source,
        result=estimate(measure, sums, preset)[0],
        reading_low=both[0] if both else None,
        reading_high=both[1] if both else None,
        counted=book.counted,
        resolved=int(sums.total.sum()),
        unsettled=int(sums.open.sum()),
        left_out=left_out,
        differs=_differences(engine, own_linked, judged) if pair and preset.digest != own.digest else (0, 0),
    )


def _differences(engine: Engine, own: ir.Table, other: ir.Table) -> tuple[int, int]:
    counts = engine.execute(disagreements(own, other).group_by("other_verdict").aggregate(n=_.count()))
    by_verdict: dict[str, Any] = dict(zip(counts["other_verdict"].to_pylist(), counts["n"].to_pylist(), strict=True))
    return int(by_verdict.get("yes", 0)), int(by_verdict.get("no", 0))


def disagreements(own: ir.Table, other: ir.Table) -> ir.Table:
    """Contacts that both policies judge, with opposite verdicts: `contact_id`, `own_verdict`, `other_verdict`."""
    left = own.filter(own.verdict.isin(("yes", "no"))).select("contact_id", own_verdict="verdict")
    right = other.filter(other.verdict.isin(("yes", "no"))).select("contact_id", other_verdict="verdict")
    met = left.join(right, "contact_id")
    return met.filter(met.own_verdict != met.other_verdict).select("contact_id", "own_verdict", "other_verdict")
