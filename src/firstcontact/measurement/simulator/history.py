"""What really happens to people: issues begin, contacts are made, some fail, and failures bring people back.

One wave holds the contacts that can happen now: first contacts of issues, then the returns they cause and the issues
they bring, until nothing is left before the cut. Each wave is a handful of arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firstcontact.measurement.simulator.calendar import DAY, Calendar
from firstcontact.measurement.simulator.staff import Staff
from firstcontact.measurement.simulator.stream import Array, Floats, Ints, Keys, Streams, child, salt
from firstcontact.measurement.simulator.world import World

Rows = dict[str, Array]
"""Columns by name, all of one length."""

# Numbers of a contact's own children, out of reach of the numbers of returns.
_ATTEMPT = 1_000
_FOLLOW_UP = 1_000_000
_LONGEST_PRELUDE = 50
_SHORTEST_CASE = 600.0  # seconds from first reply to settling: room for every event to have a second of its own

CONTACT_COLUMNS: dict[str, tuple[Any, Any]] = {
    "key": (np.uint64, 0),
    "person": (np.int32, 0),
    "issue": (np.int32, 0),  # row in the issues
    "reason": (np.int16, 0),
    "attempt": (np.int16, 0),  # 0 for the issue's first contact, 1 for the first return ...
    "channel": (np.int8, 0),
    "queued": (np.float64, 0.0),
    "started": (np.float64, 0.0),
    "answered": (np.float64, np.nan),
    "ended": (np.float64, 0.0),
    "abandoned": (np.bool_, False),
    "outbound": (np.bool_, False),
    "agent": (np.int16, -1),
    "p_unresolved": (np.float32, np.nan),
    "unresolved": (np.bool_, False),
    "returns": (np.bool_, False),
    "return_days": (np.float32, np.nan),  # from its end to the return, also where that lies after the cut
    "transfers": (np.int8, 0),
    "handle_seconds": (np.float32, np.nan),
    "cause": (np.int32, -1),  # row of the contact that caused this one
    "redial_of": (np.int32, -1),
    "follow_up_of": (np.int32, -1),
    "caused": (np.bool_, False),
}
ISSUE_COLUMNS: dict[str, tuple[Any, Any]] = {
    "key": (np.uint64, 0),
    "person": (np.int32, 0),
    "reason": (np.int16, 0),
    "downstream_of": (np.int32, -1),  # row of the issue that brought this one
}


class Growing:
    """Rows that grow by whole columns."""

    def __init__(self, columns: dict[str, tuple[Any, Any]]) -> None:
        self._columns = columns
        self._parts: list[Rows] = []
        self.count = 0

    def add(self, count: int, **given: Array | int | float | bool) -> Ints:
        """Add rows; columns that are not given take their default. Returns their row numbers."""
        part: Rows = {}
        for name, (kind, default) in self._columns.items():
            value = given.pop(name, default)
            part[name] = value.astype(kind) if isinstance(value, np.ndarray) else np.full(count, value, dtype=kind)
        if given:
            raise KeyError(f"no such column: {', '.join(given)}")
        self._parts.append(part)
        self.count += count
        return np.arange(self.count - count, self.count)

    def rows(self) -> Rows:
        """All rows, in the order of adding."""
        if not self._parts:
            self.add(0)
        return {name: np.concatenate([part[name] for part in self._parts]) for name in self._columns}


class History:
    """The lives of some people.

    Args:
        world: The knobs.
        streams: The randomness.
        calendar: The centre's uneven time.
        staff: The agents.
    """

    def __init__(self, world: World, streams: Streams, calendar: Calendar, staff: Staff) -> None:
        self._world = world
        self._streams = streams
        self._calendar = calendar
        self._staff = staff
        reasons, channels = world.reasons, world.channels
        self._unresolved_logit = np.array([_logit(reason.unresolved) for reason in reasons])
        self._rho = np.array([reason.rho for reason in reasons])
        self._median = np.array([reason.delay_median_days for reason in reasons])
        self._sigma = np.array([reason.delay_sigma for reason in reasons])
        self._late = np.array([[reason.late_share, reason.late_mean_days, reason.late_sd_days] for reason in reasons])
        self._effort = np.array([reason.effort for reason in reasons])
        self._weights = np.array([channel.weight for channel in channels])
        self._channel_logit = np.array([channel.logit for channel in channels])
        self._abandonment = np.array([channel.abandonment for channel in channels])
        self._staffed = np.array([channel.staffed for channel in channels])
        self._case = np.array([channel.case for channel in channels])
        self._answer = np.array([[channel.answer_seconds, channel.answer_sigma] for channel in channels])
        self._handle = np.array([channel.handle_seconds for channel in channels])
        names = [channel.name for channel in channels]
        self._outbound_channel = names.index("phone") if "phone" in names else 0

    def live(self, first: int, frailty: Floats) -> tuple[Rows, Rows]:
        """Live the lives of the people numbered from `first`.

        Args:
            first: Number of the first person.
            frailty: For each person, how much likelier than average an issue is; mean 1.

        Returns:
            Contacts (`CONTACT_COLUMNS`) and issues (`ISSUE_COLUMNS`); row numbers in them refer to these tables.
        """
        self._first = first
        self._people = self._streams.people(first, len(frailty))
        self._favourite = self._streams.choose("favourite channel", self._people, self._weights)
        self._contacts, self._issues = Growing(CONTACT_COLUMNS), Growing(ISSUE_COLUMNS)
        wave = self._begin(frailty)
        while len(wave["at"]):
            wave = self._wave(wave)
        return self._contacts.rows(), self._issues.rows()

    def _begin(self, frailty: Floats) -> Rows:
        """First contacts of the issues that come by themselves."""
        waves: list[Rows] = []
        phase = self._streams.uniform("bill day", self._people)
        for number, reason in enumerate(self._world.reasons):
            base = child(self._people, salt(f"reason/{reason.name}"))
            rate = reason.rate * self._world.customers.rate_factor * frailty / 365.0
            alive = np.flatnonzero(rate > 0)
            even = np.zeros(len(alive))
            turn = 0
            # A bill brings issues forward, out of even time that lies after the cut.
            until = self._calendar.span_days + (self._world.billing.cycle_days if reason.billing else 0.0)
            while len(alive):
                key = child(base[alive], turn)
                even += self._streams.exponential("arrival", key) / rate[alive]
                goes_on = even < until
                alive, even, key = alive[goes_on], even[goes_on], key[goes_on]
                if reason.billing:
                    at = self._calendar.billed(even, phase[alive], self._streams.uniform("weekday", key))
                else:
                    at = self._calendar.moment(even)
                seen = at < self._calendar.end
                waves.append(self._open(key[seen], alive[seen] + self._first, number, at[seen]))
                turn += 1
        return _join(waves)

    def _open(self, key: Keys, person: Ints, reason: int | Ints, at: Floats, brought_by: Ints | int = -1) -> Rows:
        """Enter issues, and return their first contacts as a wave."""
        issue = self._issues.add(len(key), key=key, person=person, reason=reason, downstream_of=brought_by)
        reasons = np.full(len(key), reason, dtype=np.int64) if isinstance(reason, int) else reason
        nothing = np.full(len(key), -1, dtype=np.int64)
        first = np.zeros(len(key), dtype=np.int64)
        return {
            "key": key, "issue": issue, "person": person, "reason": reasons, "at": at,
            "attempt": first, "cause": nothing,
        }  # fmt: skip

    def _wave(self, wave: Rows) -> Rows:
        """Make the contacts of one wave; returns the next."""
        streams, calendar = self._streams, self._calendar
        key = child(wave["key"], wave["attempt"])
        favourite = self._favourite[wave["person"] - self._first]
        loyal = streams.chance("loyalty", key, self._world.customers.channel_loyalty)
        channel = np.where(loyal, favourite, streams.choose("channel", key, self._weights))
        reached, at, previous = self._wait(wave, key, channel)
        following = self._downstream(wave)

        wave = {name: column[reached] for name, column in wave.items()}
        key, channel, at, previous = key[reached], channel[reached], at[reached], previous[reached]
        reason = wave["reason"]
        agent = np.where(self._staffed[channel], self._staff.assign(streams, key, reason), -1)
        p_unresolved = self._p_unresolved(reason, channel, agent, wave["attempt"], at)
        unresolved = streams.chance("resolution", key, p_unresolved)
        returns = unresolved & streams.chance("return", key, self._rho[reason])
        times = self._times(key, channel, reason, at, unresolved)
        back = self._come_back(key, reason, times["ended"])
        rows = self._contacts.add(
            len(key), key=key, person=wave["person"], issue=wave["issue"], reason=reason, attempt=wave["attempt"],
            channel=channel, queued=at, **times, agent=agent, p_unresolved=p_unresolved, unresolved=unresolved,
            returns=returns, return_days=np.where(returns, (back - times["ended"]) / DAY, np.nan),
            cause=wave["cause"], caused=wave["attempt"] > 0, redial_of=previous,
        )  # fmt: skip
        self._follow_up(rows, wave, key, agent, unresolved, times["ended"])

        again = returns & (back < calendar.end)
        following.append(
            {
                **{name: wave[name][again] for name in ("key", "issue", "person", "reason")},
                "at": back[again],
                "attempt": wave["attempt"][again] + 1,
                "cause": rows[again],
            }
        )
        return _join(following)

    def _wait(self, wave: Rows, key: Keys, channel: Ints) -> tuple[Array, Floats, Ints]:
        """Let people leave the queue and dial again; who is answered in the end, from when on, after which row."""
        streams, waiting = self._streams, self._world.waiting
        at: Floats = wave["at"].copy()
        reached = np.ones(len(at), dtype=np.bool_)
        previous = np.full(len(at), -1, dtype=np.int64)
        trying = np.flatnonzero(self._abandonment[channel] > 0)
        for turn in range(_LONGEST_PRELUDE + 1):
            tries = child(key[trying], _ATTEMPT + turn)
            leaves = streams.chance("abandonment", tries, self._abandonment[channel[trying]])
            trying, tries = trying[leaves], tries[leaves]
            if not len(trying):
                break
            left = at[trying] + 3 + waiting.patience_seconds * streams.exponential("patience", tries)
            previous[trying] = self._contacts.add(
                len(trying), key=tries, person=wave["person"][trying], issue=wave["issue"][trying],
                reason=wave["reason"][trying], attempt=wave["attempt"][trying], channel=channel[trying],
                queued=at[trying], started=at[trying], ended=left, abandoned=True, cause=wave["cause"][trying],
                caused=wave["attempt"][trying] > 0, redial_of=previous[trying],
            )  # fmt: skip
            redials = streams.chance("redial", tries, waiting.redial) & (turn < _LONGEST_PRELUDE)
            reached[trying[~redials]] = False
            pause = 60 * streams.lognormal("redial pause", tries, waiting.redial_minutes, waiting.redial_sigma)
            at[trying] = left + 1 + np.minimum(pause, 6 * 3600)
            trying = trying[redials]
        return reached & (at < self._calendar.end), at, previous

    def _p_unresolved(self, reason: Ints, channel: Ints, agent: Ints, attempt: Ints, at: Floats) -> Floats:
        world = self._world
        logit = self._unresolved_logit[reason] + self._channel_logit[channel]
        logit += np.where(agent >= 0, self._staff.skill[agent], 0.0)
        logit += np.where(attempt > 0, world.handling.repeat_logit, 0.0)
        logit += np.where(self._touched(reason, at), world.change.logit, 0.0)
        with np.errstate(over="ignore"):
            return np.asarray(1.0 / (1.0 + np.exp(-logit)))

    def _touched(self, reason: Ints, at: Floats) -> Array:
        """Which contacts the change touches; none where nothing changes."""
        world = self._world
        if world.change.date is None:
            return np.zeros(len(at), dtype=np.bool_)
        touched = at >= (world.change.date - world.start).days * DAY
        if world.change.reason != "all":
            touched &= reason == [each.name for each in world.reasons].index(world.change.reason)
        return touched

    def _times(self, key: Keys, channel: Ints, reason: Ints, at: Floats, unresolved: Array) -> dict[str, Array]:
        """How long the contact takes: when it is answered, begins and ends, and the agent's time."""
        streams, handling, cases = self._streams, self._world.handling, self._world.cases
        likely = np.where(unresolved, handling.transfer_unresolved, handling.transfer_resolved)
        staffed = self._staffed[channel]
        transferred = streams.chance("transfer", key, likely) & staffed
        transfers = transferred.astype(np.int8)
        transfers += transferred & streams.chance("second transfer", key, handling.second_transfer)
        median = self._handle[channel] * self._effort[reason] * (1 + 0.35 * transfers)
        handle = 5 + streams.lognormal("handling time", key, median, handling.handle_sigma)
        wait = streams.lognormal("wait", key, self._answer[channel, 0], self._answer[channel, 1])
        case = self._case[channel]
        settling = DAY / 24 * streams.lognormal("settling", key, cases.settle_hours, cases.settle_sigma)
        settling = np.maximum(settling, _SHORTEST_CASE)
        answered = at + wait
        started = np.where(case, at, answered)
        return {
            "answered": np.where(staffed, answered, np.nan),
            "started": started,
            "ended": np.where(case, answered + settling, started + handle),
            "transfers": transfers,
            "handle_seconds": np.where(staffed, handle, np.nan),
        }

    def _come_back(self, key: Keys, reason: Ints, ended: Floats) -> Floats:
        """When each would be back, were it unresolved and not given up."""
        streams = self._streams
        delay = streams.lognormal("delay", key, self._median[reason], self._sigma[reason])
        late = self._late[reason]
        waits = streams.chance("later occasion", key, late[:, 0])
        delay = np.where(waits, late[:, 1] + late[:, 2] * streams.normal("occasion", key), delay)
        delay = np.where(self._touched(reason, ended), delay * self._world.change.delay_factor, delay)
        back = ended + np.clip(delay * DAY, 120.0, 4000 * DAY)
        return self._calendar.waking(back, ended, streams.uniform("return weekday", key))

    def _follow_up(self, rows: Ints, wave: Rows, key: Keys, agent: Ints, unresolved: Array, ended: Floats) -> None:
        """Calls that the centre makes itself."""
        streams, knobs = self._streams, self._world.follow_ups
        wanted = streams.chance("follow-up", key, np.where(unresolved, knobs.unresolved, knobs.resolved))
        chosen = np.flatnonzero(wanted & (agent >= 0))
        if not len(chosen):
            return
        own = child(key[chosen], _FOLLOW_UP)
        after = DAY * streams.lognormal("follow-up delay", own, knobs.delay_days, 0.5)
        at = self._calendar.waking(ended[chosen] + after + 60, ended[chosen], streams.uniform("weekday", own))
        handle = 5 + streams.lognormal("handling time", own, 0.5 * self._handle[self._outbound_channel], 0.6)
        self._contacts.add(
            len(chosen), key=own, person=wave["person"][chosen], issue=wave["issue"][chosen],
            reason=wave["reason"][chosen], attempt=wave["attempt"][chosen], channel=self._outbound_channel,
            queued=at, started=at, ended=at + handle, outbound=True, agent=agent[chosen], handle_seconds=handle,
            follow_up_of=rows[chosen],
        )  # fmt: skip

    def _downstream(self, wave: Rows) -> list[Rows]:
        """Issues brought by the issues that begin in this wave."""
        waves: list[Rows] = []
        names = [reason.name for reason in self._world.reasons]
        for edge in self._world.edges:
            effect = names.index(edge.effect)
            begins = np.flatnonzero((wave["attempt"] == 0) & (wave["reason"] == names.index(edge.cause)))
            own = child(wave["key"][begins], salt(f"edge/{edge.name}"))
            happens = self._streams.chance("downstream", own, edge.probability)
            begins, own = begins[happens], own[happens]
            delay = self._streams.lognormal("downstream delay", own, edge.delay_median_days, edge.delay_sigma)
            at = wave["at"][begins]
            luck = self._streams.uniform("weekday", own)
            then = self._calendar.waking(at + np.minimum(delay, 4000) * DAY + 3600, at, luck)
            seen = then < self._calendar.end
            begins, own, then = begins[seen], own[seen], then[seen]
            waves.append(self._open(own, wave["person"][begins], effect, then, wave["issue"][begins]))
        return waves


def _join(waves: list[Rows]) -> Rows:
    if not waves:
        return {"at": np.empty(0)}
    return {name: np.concatenate([wave[name] for wave in waves]) for name in waves[0]}


def _logit(share: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(share) - np.log1p(-share))
