"""Use case: every definition of FCR side by side on one data set, and the contacts on which they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.fit.declared import Fit, linking_hash
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import unsupported
from firstcontact.measurement.linking.judge import holds, outcome
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.measures.reduce import Sums
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.services.definition import (
    connect_alike,
    declared,
    decline,
    largest_customers,
    linking,
    suppressed,
    tell,
)
from firstcontact.services.gap import gap_days
from firstcontact.services.prepare import prepare
from firstcontact.services.reuse_fit import reuse_fit
from firstcontact.services.separate import Pair, Side, Signatures, separate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.services.prepare import Connector, Options, Prepared

OWN = "own"
"""What the user's own policy is called beside the presets."""

EVIDENCE: tuple[str, ...] = (
    "transfers",
    "escalated",
    "public_replies",
    "customer_messages",
    "reopens",
    "settled",
    "minutes_to_settle",
    "agent_says_resolved",
    "survey_resolved",
    "survey_contacts_needed",
)
"""Signals that stand beside the verdicts, so that a person sees why; missing where the data do not hold them."""


@dataclass(frozen=True, slots=True)
class Defined:
    """Definitions side by side, and the engine's tables behind them while the engine lives.

    Attributes:
        own: The name under which the user's own policy stands here: a preset's, or `own`.
        sides: The definitions that the data support: the own first, then presets.
        rows: One a definition, supported or not, the own first.
        pairs: What separates each two of `sides` that judge enough contacts to be shown.
        verdicts: One row a contact: `contact_id`, `reason`, `channel`, `started_at`, the state in every definition
            (`state_<number of the side>`, see `separate.Signatures`), the evidence and the gaps.
        contacts: All contacts.
        disagreeing: Contacts of which one definition says yes and another says no.
        frame: The period.
        policy_hash: Hash of the own policy and its windows, which is all that definitions rest on.
        findings: What was inferred on the way.
        zone: The business zone.
        fitted: Whether the own policy has the windows of a saved fit; presets keep those that they declare.
    """

    own: str
    sides: tuple[Side, ...]
    rows: tuple[DefinitionRow, ...]
    pairs: tuple[Pair, ...]
    verdicts: ir.Table
    contacts: int
    disagreeing: int
    frame: Frame
    policy_hash: str
    findings: tuple[Finding, ...]
    zone: str
    fitted: bool = False


def define(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    only: Sequence[str] = (),
    progress: Progress = silent,
) -> Defined:
    """Apply every definition to the same contacts.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided; `policy` is the own policy, with which the presets are compared, and `fit` is
            its alone.
        only: Names of presets; all where empty. The own policy always takes part.
        progress: Told about each step.

    Returns:
        The definitions side by side.

    Raises:
        FirstcontactError: A preset is not known (FC3007); the files cannot be read or mapped, or nothing is left.
    """
    own = options.policy
    label = own.name if _is_preset(own) else OWN
    presets = [load_preset(name) for name in dict.fromkeys(only) or preset_names()]
    candidates = [Side(label, own), *(Side(policy.name, policy) for policy in presets if policy.name != label)]
    prepared = prepare(engine, connector, paths, options, progress)
    missing = {side.name: unsupported(side.policy, prepared.has) for side in candidates}
    sides = [side for side in candidates if not missing[side.name]]
    said: tuple[Finding, ...] = ()
    if options.fit is None:
        fit = declared(prepared, own)
    else:
        fit, said = reuse_fit(engine, prepared.tables["contacts"], own, options.fit, prepared.reasons)

    wide = _bring_together(engine, prepared, own, fit, sides, progress)
    progress("comparing verdicts")
    found = _signatures(engine, wide, sides)
    pairs = separate(sides, found)
    differs = {label: (0, 0)} | {pair.other: _ways(pair) for pair in pairs if pair.one == label}
    sums = {side.name: one for side, one in zip(sides, _sums(engine, wide, sides), strict=True)}
    state = {side.name: wide[f"state_{number}"] for number, side in enumerate(sides)}
    largest = largest_customers(engine, prepared, own, sums, wide, lambda name: _judged(state[name]))
    rows = {
        side.name: tell(
            side.name,
            side.policy,
            own,
            sums[side.name],
            left_out=_causes(states, found),
            differs=differs.get(side.name),
            largest=largest.get(side.name),
        )
        for side, states in zip(sides, found.states, strict=True)
    }
    if label in rows and suppressed(rows[label]):
        # What differs from so few contacts would tell how few they are.
        rows = {name: replace(row, differs=None) for name, row in rows.items()}
    return Defined(
        own=label,
        sides=tuple(sides),
        rows=tuple(rows.get(side.name) or decline(side.name, side.policy, missing[side.name]) for side in candidates),
        pairs=tuple(pair for pair in pairs if not any(suppressed(rows[name]) for name in (pair.one, pair.other))),
        verdicts=wide,
        contacts=prepared.loaded.ledger.contacts,
        disagreeing=_disagreeing(found),
        frame=prepared.frame,
        policy_hash=linking_hash(own, fit),
        findings=(*prepared.findings, *said),
        zone=prepared.zone,
        fitted=options.fit is not None,
    )


def _is_preset(policy: Policy) -> bool:
    return policy.name in preset_names() and load_preset(policy.name).digest == policy.digest


def _bring_together(
    engine: Engine, prepared: Prepared, own: Policy, fit: Fit, sides: Sequence[Side], progress: Progress
) -> ir.Table:
    """One row a contact with its state in every definition. Definitions that link alike are linked once."""
    progress("linking contacts into issues")
    linked = link(
        engine,
        prepared.tables,
        own,
        fit,
        prepared.frame,
        has=prepared.has,
        signals=EVIDENCE,
        keep=("customer", "bucket", "reason", "channel", "started_at"),
        detail=False,
        name="fc_define_own",
        shared=prepared.shared,
    )
    columns: dict[str, Any] = {
        "previous_gap_days": gap_days(linked, "previous"),
        "next_gap_days": gap_days(linked, "next"),
    }
    judged_here = [number for number, side in enumerate(sides) if side.policy is own]
    for number in judged_here:
        columns |= _columns(linked, sides[number].policy, number)
    wide = linked.select("contact_id", "bucket", "reason", "channel", "started_at", *EVIDENCE, **columns)
    groups: dict[str, list[int]] = {}
    for number, side in enumerate(sides):
        if number not in judged_here:
            groups.setdefault(linking(side.policy), []).append(number)
    for position, group in enumerate(groups.values()):
        progress(", ".join(sides[number].name for number in group))
        policies = [sides[number].policy for number in group]
        connected = connect_alike(engine, prepared, policies, "fc_define_group")
        columns = {}
        for number in group:
            columns |= _columns(connected, sides[number].policy, number)
        narrow = engine.materialise(connected.select("contact_id", **columns), f"fc_define_{position}")
        wide = wide.join(narrow, "contact_id")
    return engine.materialise(wide, "fc_define")


def _columns(linked: ir.Table, policy: Policy, number: int) -> dict[str, Any]:
    """State of each contact in a definition, and the days until the return that it counts."""
    columns: dict[str, Any] = {f"state_{number}": _state(linked, policy)}
    if "returned" in policy.signals:
        columns[f"back_{number}"] = gap_days(linked, "next")
    return columns


def _state(linked: ir.Table, policy: Policy) -> ir.StringValue:
    """What a definition says of a contact and why, in the order of the ledger's causes."""
    said, code = outcome(linked, policy)
    cases: list[tuple[Any, Any]] = [(linked.excluded_code.notnull(), ibis.literal("out:") + linked.excluded_code)]
    if policy.link.index == "openers":
        cases += [(~linked.opener, "out:not_opener"), (linked.left_censored, "out:left_censored")]
    cases += [
        (~linked.mature, "immature"),
        (said == "left_out", ibis.literal("left_out:") + code),
        (said == "no", ibis.literal("no:") + _unmet(linked, policy).cast("string")),
    ]
    return ibis.cases(*cases, else_=said)


def _judged(state: ir.StringValue) -> ir.BooleanValue:
    return state.isin(("yes", "unsettled")) | state.startswith("no:")


def _unmet(linked: ir.Table, policy: Policy) -> ir.IntegerValue:
    """Number of the first condition of `counts_when` that a contact does not meet."""
    cases = []
    for number, condition in enumerate(policy.counts_when):
        unmet = ~holds(linked, condition).fill_null(condition.missing != "fails")
        if condition.channels:
            unmet = unmet & linked.channel.isin(condition.channels).fill_null(False)
        cases.append((unmet, number))
    return ibis.cases(*cases, else_=0)


def _signatures(engine: Engine, wide: ir.Table, sides: Sequence[Side]) -> Signatures:
    names = [f"state_{number}" for number in range(len(sides))]
    backs = [number for number in range(len(sides)) if f"back_{number}" in wide.columns]
    sums: dict[str, Any] = {"contacts": wide.count()}
    for number in backs:
        back = wide[f"back_{number}"]
        sums |= {f"least_{number}": back.min(), f"total_{number}": back.sum(), f"most_{number}": back.max()}
    grouped = wide.group_by(names) if names else wide
    rows = engine.execute(grouped.aggregate(**sums))

    def floats(name: str) -> NDArray[np.float64]:
        return np.asarray(rows[name].to_numpy(zero_copy_only=False), dtype=float)

    return Signatures(
        tuple(np.array(rows[name].to_pylist(), dtype=str) for name in names),
        np.asarray(rows["contacts"].to_numpy(), dtype=np.int64),
        {number: np.stack([floats(f"{part}_{number}") for part in ("least", "total", "most")]) for number in backs},
    )


def _sums(engine: Engine, wide: ir.Table, sides: Sequence[Side]) -> list[Sums]:
    """Sums of every definition by customer bucket, in one pass."""
    asked: dict[str, Any] = {}
    for number in range(len(sides)):
        state = wide[f"state_{number}"]
        asked |= {
            f"yes_{number}": (state == "yes").sum(),
            f"no_{number}": state.startswith("no:").sum(),
            f"open_{number}": (state == "unsettled").sum(),
            f"immature_{number}": (state == "immature").sum(),
        }
    if not asked:
        return []
    rows = engine.execute(wide.group_by("bucket").aggregate(**asked))
    bucket = rows["bucket"].to_numpy().astype(np.int64)

    def spread(name: str) -> NDArray[np.float64]:
        out = np.zeros((1, BUCKETS))
        np.add.at(out[0], bucket, rows[name].to_numpy().astype(float))
        return out

    found = []
    for number in range(len(sides)):
        yes, no, opened, immature = (spread(f"{part}_{number}") for part in ("yes", "no", "open", "immature"))
        found.append(Sums(yes + no + opened, yes, opened, immature))
    return found


def _causes(states: NDArray[np.str_], found: Signatures) -> dict[str, int]:
    """Contacts that a definition does not judge, by cause, as they stand in the ledger."""
    causes: dict[str, int] = {}
    for state, contacts in zip(states.tolist(), found.contacts.tolist(), strict=True):
        kind, _, code = state.partition(":")
        if kind in {"out", "left_out", "immature"}:
            causes[code or kind] = causes.get(code or kind, 0) + contacts
    return dict(sorted(causes.items()))


def _ways(pair: Pair) -> tuple[int, int]:
    """Contacts with yes in the other and no in the first, and the reverse."""
    there = sum(kind.contacts for kind in pair.kinds if kind.yes == pair.other)
    return there, pair.disagree - there


def _disagreeing(found: Signatures) -> int:
    if not found.states:
        return 0
    said = np.stack([np.char.startswith(states, ("no:",)) for states in found.states]).any(axis=0)
    yes = np.stack([states == "yes" for states in found.states]).any(axis=0)
    return int(found.contacts[said & yes].sum())
