"""Every known definition of FCR on the same contacts, and where they disagree."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.linking.holding import unsupported
from firstcontact.measurement.linking.judge import outcome
from firstcontact.measurement.linking.link import chain_settings, reconnect
from firstcontact.measurement.measures.member import state
from firstcontact.measurement.measures.pattern import PLAIN, SCORED, Asked, Patterns, digit
from firstcontact.measurement.measures.reduce import Counted, Facts
from firstcontact.measurement.measures.verdict import by_verdict
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.services.definition import connect_alike, declared, decline, largest_customers, linking, tell

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.contacts.ledger import MeasureLedger
    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.measures.row import DefinitionRow
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.services.prepare import Prepared


def compare_definitions(
    engine: Engine,
    prepared: Prepared,
    own: Policy,
    own_linked: ir.Table,
    *,
    pair: bool,
    kept: list[ir.Table] | None = None,
    progress: Progress = silent,
) -> tuple[DefinitionRow, ...]:
    """Apply every preset to the same contacts.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        own: The policy of the run.
        own_linked: The contacts as linked and judged by it.
        pair: Whether to compare verdicts contact by contact, which takes a join for each definition.
        kept: Takes tables with `contact_id` and, as `by_<preset>`, what each preset says of the contact, in the words
            of `measures.member`; nothing of the kind is kept where None.
        progress: Told about each definition.

    Returns:
        One row a preset, in their order.
    """
    presets = [load_preset(name) for name in preset_names()]
    rows: dict[str, DefinitionRow] = {}
    chains: dict[str, list[Policy]] = {}
    for preset in presets:
        missing = unsupported(preset, prepared.has)
        if missing:
            rows[preset.name] = decline(preset.name, preset, missing)
        else:
            chains.setdefault(chain_settings(preset), []).append(preset)
    for settings, alike in chains.items():
        groups: dict[str, list[Policy]] = {}
        for preset in alike:
            # The run's own policy, whatever its windows were fitted to, has been linked already.
            groups.setdefault("own" if preset.digest == own.digest else linking(preset), []).append(preset)
        if settings == chain_settings(own):
            linked = engine.view(own_linked.mutate(own_verdict=own_linked.verdict), "fc_definition")
            fresh = "own"
        else:
            several = len(groups) > 1
            name = "fc_definition_kept" if several else "fc_definition_once"
            linked = connect_alike(engine, prepared, alike, name, stored=several)
            linked = _beside(linked, own_linked) if pair else linked.mutate(own_verdict=ibis.null("string"))
            fresh = linking(alike[0])
        for group, members in groups.items():
            progress(", ".join(preset.name for preset in members))
            table = linked
            if group != fresh:
                fit = declared(prepared, members[0])
                table = reconnect(prepared.shared, linked, members[0], fit, prepared.frame, "fc_definition_again")
            rows |= _apply(engine, prepared, members, own, table, pair=pair, kept=kept)
    return tuple(rows[preset.name] for preset in presets)


def signals_beside(own: Policy, has: frozenset[str]) -> set[str]:
    """Signals of the presets that chain contacts as a policy does, and so are judged on the contacts it linked."""
    presets = [load_preset(name) for name in preset_names()]
    alike = [one for one in presets if chain_settings(one) == chain_settings(own) and not unsupported(one, has)]
    return {signal for preset in alike for signal in preset.signals}


def _beside(linked: ir.Table, own_linked: ir.Table) -> ir.Table:
    """Contacts with the verdict of the run's own policy as `own_verdict`."""
    verdicts = own_linked.select("contact_id", own_verdict="verdict")
    return linked.left_join(verdicts, "contact_id").drop("contact_id_right")


def _apply(
    engine: Engine,
    prepared: Prepared,
    presets: list[Policy],
    own: Policy,
    linked: ir.Table,
    *,
    pair: bool,
    kept: list[ir.Table] | None,
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
    if kept is not None:
        kept.append(_kept(engine, judged, asked, f"fc_verdict_{len(kept)}"))
    facts = Facts(engine, judged.select("bucket", "own_verdict", **patterns.columns(judged)), patterns)
    counted = facts.count(["bucket", "own_verdict"])
    sums, books = counted.place([]).sums(), counted.ledgers()

    def counts(name: str) -> ir.BooleanValue:
        return ~reduce(or_, [condition.fill_null(False) for _, condition in asked[name].reduction.causes])

    largest = largest_customers(engine, prepared, own, sums, judged, counts)
    return {
        preset.name: tell(
            preset.name,
            preset,
            own,
            sums[preset.name],
            left_out=_left_out(books[preset.name]),
            differs=(0, 0) if preset.digest == own.digest else _differences(counted, preset.name) if pair else None,
            largest=largest.get(preset.name),
        )
        for preset in presets
    }


def _kept(engine: Engine, judged: ir.Table, asked: dict[str, Asked], name: str) -> ir.Table:
    """What some presets say of each contact: kept as numbers, for what they were linked in is given up soon."""
    codes = list(dict.fromkeys(code for one in asked.values() for code in one.codes))
    digits = {f"by_{preset}": digit(judged, one, codes).cast("int16") for preset, one in asked.items()}
    numbers = engine.materialise(judged.select("contact_id", **digits), name)
    return numbers.mutate(**{column: state(numbers[column], codes) for column in digits})


def _left_out(book: MeasureLedger) -> dict[str, int]:
    places = ("not_opener", "left_censored", "immature")
    return book.excluded | {place: getattr(book, place) for place in places if getattr(book, place)}


def _differences(counted: Counted, name: str) -> tuple[int, int]:
    """Contacts with yes here and no in the run's own policy, and the reverse."""
    own = np.array(counted.rows["own_verdict"].to_pylist(), dtype=object)
    here = counted.digits[name]
    gained = counted.contacts[(here == SCORED) & (own == "no")].sum()
    lost = counted.contacts[(here == PLAIN) & (own == "yes")].sum()
    return int(gained), int(lost)
