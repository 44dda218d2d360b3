"""Knobs that are each right and together make no world that can exist."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from firstcontact.contacts.table import CHANNELS
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults

if TYPE_CHECKING:
    from firstcontact.measurement.simulator.world import World

CHANGE_OUTSIDE = ErrorKind(
    "FC7004",
    "The change falls outside the simulated period",
    EXIT_USAGE,
    "A change that happens before the first or after the last simulated day would never be seen.",
)
CONTRADICTION = ErrorKind(
    "FC7005",
    "Knobs contradict one another",
    EXIT_USAGE,
    "For example an edge between reasons that do not exist, or issues that bring ever more issues without end.",
)


def check_together(world: World, faults: Faults) -> None:
    """Note what contradicts itself in a world whose knobs are each within their limits.

    Args:
        world: The world.
        faults: Where to note.
    """
    _check_change(world, faults)
    for where, said, cure in _contradictions(world):
        faults.add(CONTRADICTION, where=f"knob {where}", saw=said, allowed="a world that can exist", cure=cure)


def _check_change(world: World, faults: Faults) -> None:
    day = world.change.date
    if day is not None and not world.start <= day < world.end:
        faults.add(
            CHANGE_OUTSIDE,
            where="knob change.date",
            saw=day.isoformat(),
            allowed=f"{world.start.isoformat()} to {(world.end - timedelta(days=1)).isoformat()}",
            cure="Move change.date into the period, or change start and days.",
        )


def _contradictions(world: World) -> list[tuple[str, str, str]]:
    """Where, what, and what to do."""
    found = [*_misnamed(world), *_misweighted(world)]
    yearly = world.customers.rate_factor * sum(reason.rate for reason in world.reasons)
    if yearly * world.days / 365 < 0.001:
        found.append(("reasons", "next to no issues in the period", "Raise the rates or days."))
    if not found and _grows(world):
        found.append(("edges", "issues that bring ever more issues", "Lower the probabilities along the circle."))
    return found


def _misnamed(world: World) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    named = {
        "reasons": [reason.name for reason in world.reasons],
        "reasons.NAME.path": [reason.path for reason in world.reasons],
        "edges": [edge.name for edge in world.edges],
        "channels": [channel.name for channel in world.channels],
    }
    for where, names in named.items():
        if len(set(names)) < len(names):
            found.append((where, "a name used twice", "Give each its own name."))
    reasons = set(named["reasons"])
    for edge in world.edges:
        if not {edge.cause, edge.effect} <= reasons:
            found.append((f"edges.{edge.name}", "a reason that does not exist", "Name reasons of this world."))
    if not set(named["channels"]) <= set(CHANNELS):
        found.append(("channels", "an unknown channel", f"Choose from {', '.join(CHANNELS)}."))
    if world.change.reason not in reasons | {"all"}:
        found.append(("change.reason", "a reason that does not exist", "Name a reason of this world, or `all`."))
    return found


def _misweighted(world: World) -> list[tuple[str, str, str]]:
    return [
        (path, f"{len(weights)} weights", f"Give {length} weights, not all zero.")
        for path, weights, length in (
            ("arrival.weekday", world.arrival.weekday, 7),
            ("arrival.hour", world.arrival.hour, 24),
            ("customers.language_weights", world.customers.language_weights, len(world.customers.languages)),
            ("channels", tuple(channel.weight for channel in world.channels), len(world.channels)),
        )
        if len(weights) != length or not sum(weights) > 0
    ]


def _grows(world: World) -> bool:
    """Whether some circle of edges does not die out."""
    volume = {reason.name: 1.0 for reason in world.reasons}
    for _ in range(200):
        following = dict.fromkeys(volume, 0.0)
        for edge in world.edges:
            following[edge.effect] += volume[edge.cause] * edge.probability
        volume = following
    return sum(volume.values()) > 0.01
