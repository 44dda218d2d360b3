"""When people come: from even time to the days and hours of a centre. All times are seconds since the log began."""

from __future__ import annotations

import numpy as np

from firstcontact.measurement.simulator.stream import Bools, Floats, Ints
from firstcontact.measurement.simulator.world import World

DAY = 86_400.0


class Calendar:
    """The uneven time of a world.

    Attributes:
        span_days: Length of even time, from the beginning of the lead-in to the cut.
        end: The cut, in seconds since the log began.
    """

    def __init__(self, world: World) -> None:
        self.span_days = float(world.lead_in_days + world.days)
        self.end = world.days * DAY
        self._lead = float(world.lead_in_days)
        self._billing = world.billing
        days = np.arange(-world.lead_in_days, world.days)
        self._monday = world.start.weekday()
        weekday = np.asarray(world.arrival.weekday, dtype=np.float64)
        self._weekday = weekday / weekday.max()
        of_year = days + world.start.timetuple().tm_yday
        season = 1 + world.arrival.season * np.cos(2 * np.pi * (of_year - world.arrival.season_peak_day) / 365.25)
        intensity = season * weekday[(days + self._monday) % 7] * _trend(world, days) + 1e-9
        self._even = np.concatenate([[0.0], np.cumsum(intensity) * (len(days) / intensity.sum())])
        self._days = np.arange(-world.lead_in_days, world.days + 1, dtype=np.float64)
        hours = np.cumsum(np.asarray(world.arrival.hour, dtype=np.float64) + 1e-9)
        self._hours = np.concatenate([[0.0], hours / hours[-1]])
        self._bill = _bill_cycle(world.billing.cycle_days, world.billing.bunching, world.billing.delay_days)

    def moment(self, even_days: Floats) -> Floats:
        """Even time (days since the lead-in began) as a moment of the centre's year, week and day."""
        days = np.interp(even_days, self._even, self._days)
        whole = np.floor(days)
        return (whole + self.hour(days - whole)) * DAY

    def billed(self, even_days: Floats, phase: Floats, luck: Floats) -> Floats:
        """Even time as a moment that bunches after each customer's own bill day.

        Args:
            even_days: Days since the lead-in began.
            phase: Each customer's place in the billing cycle, 0 to 1.
            luck: Uniform numbers that move issues off quiet weekdays.
        """
        cycle = self._billing.cycle_days
        at = even_days / cycle + phase
        number = np.floor(at)
        within = np.interp(at - number, *self._bill)
        days = (number - phase) * cycle + within - self._lead
        return self.waking(days * DAY, days * DAY - DAY, luck)

    def waking(self, moment: Floats, not_before: Floats, luck: Floats) -> Floats:
        """A moment moved to a likely weekday and hour: never earlier than its day, never before another moment.

        A moment on the day of `not_before` stays as it is, so that quick returns keep their delay.
        """
        day = np.floor(moment / DAY)
        later: Bools = day > np.floor(not_before / DAY)
        fraction = moment / DAY - day
        left = luck.copy()
        shifted = day.copy()
        moving = later.copy()
        for _ in range(6):
            weight = self._weekday[(shifted.astype(np.int64) + self._monday) % 7]
            moving &= left > weight
            if not moving.any():
                break
            shifted[moving] += 1.0
            left[moving] = (left[moving] - weight[moving]) / (1.0 - weight[moving])
        return np.where(later, (shifted + self.hour(fraction)) * DAY, moment)

    def hour(self, fraction: Floats) -> Floats:
        """An even fraction of the day as the fraction at which people are awake and calling."""
        return np.interp(fraction, self._hours, np.linspace(0.0, 1.0, 25))

    def day(self, moment: Floats) -> Ints:
        """Number of the day, 0 for the log's first."""
        return np.floor(moment / DAY).astype(np.int64)


def _trend(world: World, days: Ints) -> Floats:
    """Growth and holidays: what multiplies the volume of each day since the log began."""
    arrival = world.arrival
    growth = np.power(1 + arrival.growth, days / 365.25)
    year = (np.datetime64(world.start, "D") + days).astype("datetime64[Y]").astype("datetime64[D]")
    day_of_year = (np.datetime64(world.start, "D") + days - year).astype(np.int64) + 1
    return np.asarray(growth * np.where(np.isin(day_of_year, arrival.holidays), arrival.holiday_factor, 1.0))


def _bill_cycle(cycle: float, bunching: float, delay: float) -> tuple[Floats, Floats]:
    """Cumulative share of a cycle's issues, and the days since the bill at which it is reached."""
    days = np.linspace(0.0, cycle, 601)
    bunched = (1 - np.exp(-days / delay)) / (1 - np.exp(-cycle / delay))
    return (1 - bunching) * days / cycle + bunching * bunched, days
