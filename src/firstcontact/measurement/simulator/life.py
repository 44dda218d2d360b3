"""All that happened in a world of a wanted size, cut to the period that its log covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.kernel.progress import Progress
from firstcontact.measurement.simulator.calendar import Calendar
from firstcontact.measurement.simulator.history import History, Rows
from firstcontact.measurement.simulator.staff import Staff, hire
from firstcontact.measurement.simulator.stream import Array, Bools, Floats, Ints, Keys, Streams
from firstcontact.measurement.simulator.world import World

_PILOT = 4_000
_BATCH = 20_000  # people at a time: their arrays stay in the processor's cache
_REPAIRS = 5


@dataclass(frozen=True)
class Life:
    """What truly happened within the log's period.

    Attributes:
        world: The knobs.
        streams: The randomness, for whoever records what happened.
        calendar: The centre's uneven time.
        staff: The agents.
        contacts: Columns of `history.CONTACT_COLUMNS`, sorted by start. `cause`, `redial_of` and `follow_up_of` are
            row numbers in here, -1 where there is none or it lies before the log; `issue` is a row of `issues`.
        issues: Columns of `history.ISSUE_COLUMNS`, those with a contact in the log. `downstream_of` is a row of
            `issues`, -1 where there is none or none of its contacts is in the log; `brought` says whether there is one.
    """

    world: World
    streams: Streams
    calendar: Calendar
    staff: Staff
    contacts: Rows
    issues: Rows

    @property
    def count(self) -> int:
        """How many contacts are in the log."""
        return len(self.contacts["key"])

    @property
    def key(self) -> Keys:
        """The contacts' keys."""
        return self.contacts["key"]

    @property
    def answered(self) -> Bools:
        """Contacts that the customer began and somebody, or self-service, answered."""
        return np.asarray(~self.contacts["abandoned"] & ~self.contacts["outbound"])

    @property
    def opener(self) -> Bools:
        """The first answered contact of each issue."""
        return np.asarray(self.answered & (self.contacts["attempt"] == 0))

    def of_channel(self, knob: str) -> Array:
        """A channel's knob, for each contact."""
        return np.array([getattr(channel, knob) for channel in self.world.channels])[self.contacts["channel"]]

    def of_person(self, keys_only: Ints) -> Keys:
        """Keys of people by their numbers."""
        highest = int(keys_only.max()) + 1 if len(keys_only) else 0
        return np.asarray(self.streams.people(0, highest)[keys_only])


def live(world: World, contacts: int, seed: int, progress: Progress) -> Life:
    """Let people live until the log holds the wanted number of contacts.

    People are alike in law and live independently, so they are added in batches; the last few are picked so that the
    number comes out exactly, or within half a customer's contacts where that cannot be.

    Args:
        world: The knobs, already checked.
        contacts: How many rows the contacts table shall have.
        seed: Zero or more.
        progress: Told what is being done.
    """
    streams, calendar = Streams(seed), Calendar(world)
    staff = hire(world, streams)
    history = History(world, streams, calendar, staff)
    crowd = streams.generator("frailty")
    batches: list[tuple[Rows, Rows]] = []
    counts = np.zeros(0, dtype=np.int64)
    size, repairs = min(_PILOT, contacts + 50), 0
    while True:
        progress(f"living the lives of customers {len(counts):,} to {len(counts) + size:,}")
        batches.append(_batch(history, len(counts), _frailty(world, crowd, size), calendar.end))
        people = batches[-1][0]["person"].astype(np.int64) - len(counts)
        counts = np.concatenate([counts, np.bincount(people, minlength=size)])
        lacking = contacts - int(counts.sum())
        if lacking <= 0:
            chosen, short = _pick(counts, contacts)
            if short == 0 or repairs >= _REPAIRS:
                break
            repairs, size = repairs + 1, 500
            continue
        each = (contacts - lacking) / len(counts)
        size = int(min(_BATCH, lacking / each * 1.01 + 30)) if each > 0 else min(_BATCH, size * 4)
    progress("putting the log in order")
    merged, issues = _merge(batches)
    batches.clear()
    return Life(world, streams, calendar, staff, *_cut(merged, issues, chosen))


def _frailty(world: World, crowd: np.random.Generator, size: int) -> Floats:
    customers = world.customers
    shape = customers.frailty_shape
    frailty = crowd.gamma(shape, size=size) / shape if shape > 0 else np.ones(size)
    if customers.heavy_share > 0:
        frailty = np.where(crowd.uniform(size=size) < customers.heavy_share, frailty * customers.heavy_factor, frailty)
    return np.asarray(frailty)


def _batch(history: History, first: int, frailty: Floats, end: float) -> tuple[Rows, Rows]:
    """Live some lives, and leave out at once what lies outside the log."""
    contacts, issues = history.live(first, frailty)
    inside = (contacts["queued"] >= 0) & (contacts["started"] < end)
    return _keep(contacts, inside), issues


def _keep(contacts: Rows, wanted: Bools) -> Rows:
    """Some of the contacts, with the row numbers in them renewed."""
    place = np.cumsum(wanted, dtype=np.int64) - 1
    place[~wanted] = -1
    return _renumber({name: column[wanted] for name, column in contacts.items()}, place)


def _renumber(contacts: Rows, place: Ints) -> Rows:
    """Replace row numbers by their new place; -1 stays, and stands for rows that are gone."""
    padded = np.append(place, -1).astype(np.int32)
    for name in ("cause", "redial_of", "follow_up_of"):
        contacts[name] = padded[contacts[name]]
    return contacts


def _merge(batches: list[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    row, issue = 0, 0
    for contacts, issues in batches:
        for name in ("cause", "redial_of", "follow_up_of"):
            contacts[name] = np.where(contacts[name] >= 0, contacts[name] + row, -1)
        contacts["issue"] = contacts["issue"] + issue
        issues["downstream_of"] = np.where(issues["downstream_of"] >= 0, issues["downstream_of"] + issue, -1)
        row, issue = row + len(contacts["key"]), issue + len(issues["key"])
    merged = [
        {name: np.concatenate([batch[side][name] for batch in batches]) for name in batches[0][side]} for side in (0, 1)
    ]
    return merged[0], merged[1]


def _pick(counts: Ints, wanted: int) -> tuple[Bools, int]:
    """Which people to keep, in order, so that their contacts add up; and how many contacts are lacking."""
    total = np.cumsum(counts)
    kept = int(np.searchsorted(total, wanted, side="right"))
    chosen = np.arange(len(counts)) < kept
    lacking = wanted - (int(total[kept - 1]) if kept else 0)
    for person in range(kept, len(counts)):
        if lacking == 0:
            break
        if 0 < counts[person] <= lacking:
            chosen[person] = True
            lacking -= int(counts[person])
    return chosen, lacking


def _cut(contacts: Rows, issues: Rows, chosen: Bools) -> tuple[Rows, Rows]:
    """Keep the chosen people, sort by start, and drop issues without a contact in the log."""
    contacts = _keep(contacts, chosen[contacts["person"]])
    order = np.lexsort((contacts["key"], contacts["started"]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    contacts = _renumber({name: column[order] for name, column in contacts.items()}, place)
    seen = np.zeros(len(issues["key"]), dtype=np.bool_)
    seen[contacts["issue"]] = True
    place = np.cumsum(seen, dtype=np.int64) - 1
    contacts["issue"] = place[contacts["issue"]].astype(np.int32)
    place[~seen] = -1
    issues = {name: column[seen] for name, column in issues.items()}
    issues["brought"] = issues["downstream_of"] >= 0
    issues["downstream_of"] = np.append(place, -1)[issues["downstream_of"]].astype(np.int32)
    return contacts, issues
