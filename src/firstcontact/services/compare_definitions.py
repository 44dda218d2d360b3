"""Every known definition of FCR on the same contacts, and where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.kernel.progress import Progress, silent
from firstcontact.kernel.result import SIGNAL_ABSENT, Refusal
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.holding import unsupported
from firstcontact.measurement.linking.judge import outcome
from firstcontact.measurement.linking.link import chain_settings, connect, reconnect
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import estimate, readings
from firstcontact.measurement.measures.pattern import PLAIN, SCORED, Asked, Patterns
from firstcontact.measurement.measures.reduce import Counted, Facts
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.measures.verdict import by_verdict
from firstcontact.measurement.policy.model import Policy, cut_reason, digest
from firstcontact.measurement.policy.preset import load_preset, preset_names

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.contacts.ledger import MeasureLedger
    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.measures.reduce import Sums
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
    chains: dict[str, list[Policy]] = {}
    for preset in presets:
        missing = _missing(preset, prepared.has)
        if missing:
            rows[preset.name] = _decline(preset, missing)
        else:
            chains.setdefault(chain_settings(preset), []).append(preset)
    for settings, alike in chains.items():
        groups: dict[str, list[Policy]] = {}
        for preset in alike:
            groups.setdefault(_linking(preset), []).append(preset)
        if settings == chain_settings(own):
            linked = engine.view(own_linked.mutate(own_verdict=own_linked.verdict), "fc_definition")
            fresh = ""
        else:
            linked = connect_presets(engine, prepared, alike, "fc_definition", stored=len(groups) > 1)
            linked = _beside(linked, own_linked) if pair else linked.mutate(own_verdict=ibis.null("string"))
            fresh = _linking(alike[0])
        for group, members in groups.items():
            progress(", ".join(preset.name for preset in members))
            table = linked
            if group != fresh:
                fit = _fit(prepared, members[0])
                table = reconnect(prepared.shared, linked, members[0], fit, prepared.frame, "fc_definition_again")
            rows |= _apply(engine, members, own, table, pair=pair)
    return tuple(rows[preset.name] for preset in presets)


def signals_beside(own: Policy, has: frozenset[str]) -> set[str]:
    """Signals of the presets that chain contacts as a policy does, and so are judged on the contacts it linked."""
    presets = [load_preset(name) for name in preset_names()]
    alike = [one for one in presets if chain_settings(one) == chain_settings(own) and not _missing(one, has)]
    return {signal for preset in alike for signal in preset.signals}


def connect_presets(
    engine: Engine, prepared: Prepared, presets: list[Policy], name: str, *, stored: bool = True
) -> ir.Table:
    """Link contacts once, under the first of some presets that chain alike, with the signals that any of them asks for.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        presets: The presets.
        name: Under which the engine keeps the answer.
        stored: Whether the rows are kept; see `linking.link.connect`.
    """
    return connect(
        engine,
        prepared.tables,
        presets[0],
        _fit(prepared, presets[0]),
        prepared.frame,
        has=prepared.has,
        signals={signal for preset in presets for signal in preset.signals},
        keep=("bucket", "channel", *(("customer", "reason") if any(one.related for one in presets) else ())),
        detail=False,
        name=name,
        shared=prepared.shared,
        stored=stored,
    )


def _fit(prepared: Prepared, preset: Policy) -> Fit:
    return declare(preset, sorted({cut_reason(reason, preset.link.reason_level) for reason in prepared.reasons}))


def _linking(preset: Policy) -> str:
    """What makes two policies link alike."""
    return digest([preset.link, preset.window, preset.related, preset.exclude, "returned" in preset.signals])


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


def _beside(linked: ir.Table, own_linked: ir.Table) -> ir.Table:
    """Contacts with the verdict of the run's own policy as `own_verdict`."""
    verdicts = own_linked.select("contact_id", own_verdict="verdict")
    return linked.left_join(verdicts, "contact_id").drop("contact_id_right")


def _apply(
    engine: Engine, presets: list[Policy], own: Policy, linked: ir.Table, *, pair: bool
) -> dict[str, DefinitionRow]:
    """Judge contacts under presets that link alike, in one pass."""
    outcomes: dict[str, ir.Value] = {}
    for place, preset in enumerate(presets):
        outcomes[f"outcome_{place}"], outcomes[f"outcome_code_{place}"] = outcome(linked, preset)
    judged = linked.mutate(**outcomes)
    asked = {}
    for place, preset in enumerate(presets):
        openers = preset.link.index == "openers"
        asked[preset.name] = Asked(by_verdict(judged, preset, openers=openers, judged=f"outcome_{place}"), preset, True)
    patterns = Patterns(asked)
    facts = Facts(engine, judged.select("bucket", "own_verdict", **patterns.columns(judged)), patterns)
    counted = facts.count(["bucket", "own_verdict"])
    sums, books = counted.sums([]).sums, counted.ledgers()
    rows = {}
    for preset in presets:
        differs = _differences(counted, preset.name) if pair and preset.digest != own.digest else (0, 0)
        rows[preset.name] = _row(preset, sums[preset.name], books[preset.name], differs)
    return rows


def _row(preset: Policy, sums: Sums, book: MeasureLedger, differs: tuple[int, int]) -> DefinitionRow:
    both = readings(sums)
    left_out = dict(book.excluded)
    for place in ("not_opener", "left_censored", "immature"):
        if getattr(book, place):
            left_out[place] = getattr(book, place)
    return DefinitionRow(
        preset=preset.name,
        title=preset.title,
        source=preset.source,
        result=estimate(_measure(preset), sums, preset)[0],
        reading_low=both[0] if both else None,
        reading_high=both[1] if both else None,
        counted=book.counted,
        resolved=int(sums.total.sum()),
        unsettled=int(sums.open.sum()),
        left_out=left_out,
        differs=differs,
    )


def _differences(counted: Counted, name: str) -> tuple[int, int]:
    """Contacts with yes here and no in the run's own policy, and the reverse."""
    own = np.array(counted.rows["own_verdict"].to_pylist(), dtype=object)
    digit = counted.digits[name]
    gained = counted.contacts[(digit == SCORED) & (own == "no")].sum()
    lost = counted.contacts[(digit == PLAIN) & (own == "yes")].sum()
    return int(gained), int(lost)
