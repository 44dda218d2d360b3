"""Is the end of the data found: drawn steps to the day, and none where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from firstcontact.statistics.volume import Step, collapse

Array = NDArray[np.float64]


def _usual(chance: np.random.Generator, days: int, level: float, *, weekends: float) -> Array:
    """A week's pattern, a year's season, growth or decline, days that vary more than chance; Christmas at quarter."""
    day = np.arange(days) + int(chance.integers(0, 7))
    week = np.array([1.25, 1.1, 1.05, 1.0, 0.95, weekends, weekends * 0.7])[day % 7]
    season = 1 + 0.25 * np.sin(2 * np.pi * (day + chance.integers(0, 365)) / 365)
    growth = np.exp(chance.choice([-1.0, -0.3, 0.0, 0.7, 1.5]) * np.arange(days) / 365)
    mean = level * week * season * growth
    christmas = int(chance.integers(0, max(days - 20, 1)))
    mean[christmas : christmas + 8] *= 0.25
    return chance.poisson(mean * chance.gamma(30, 1 / 30, days)).astype(float)


def _both_ends(daily: Array) -> tuple[Step | None, Step | None]:
    held = np.flatnonzero(daily)
    daily = daily[held[0] : held[-1] + 1]
    return collapse(daily), collapse(daily[::-1].copy(), ratio=0.1)


def test_no_end_is_found_where_there_is_none() -> None:
    """1,000 centres, open or closed at weekends, with 2 to 200 contacts a day, growing, shrinking, seasonal, with a
    quiet Christmas week: at most 1 in 200 is taken to end early, and as few to begin late."""
    chance = np.random.default_rng(31)
    ends = starts = 0
    for number in range(1_000):
        level, weekends = (2.0, 20.0, 200.0)[number % 3], (0.0, 0.02, 0.4, 1.0)[number % 4]
        end, start = _both_ends(_usual(chance, int(chance.integers(60, 800)), level, weekends=weekends))
        ends += end is not None
        starts += start is not None
    assert ends <= 5
    assert starts <= 5


@pytest.mark.parametrize("left", [0.0, 0.01, 0.05])
def test_a_step_is_found_to_the_day(left: float) -> None:
    """Where 95 to 100 % of the contacts stop on a working day, that day is named, in seasonal data as in short ones."""
    chance = np.random.default_rng(32)
    found = 0
    for _ in range(150):
        full, tail = int(chance.integers(28, 600)), int(chance.integers(7, 250))
        daily = _usual(chance, full + tail, float(chance.choice([40, 200])), weekends=0.4)
        # Christmas week just before the end would hide the day: here it is as usual.
        daily[full - 14 : full + 3] = daily[full - 7 - 14 : full - 7 + 3].max()
        daily[full:] = chance.binomial(daily[full:].astype(int), left)
        daily[-1] = max(daily[-1], 1)
        step = collapse(daily)
        found += step is not None and step.day == full
        if step is not None:
            assert step.days == full + tail - step.day
            assert step.thin < 0.2 * step.full
    assert found >= 147


def test_a_late_start_is_found_to_the_day() -> None:
    """Seen from behind, the first full day is found as well."""
    chance = np.random.default_rng(33)
    daily = np.concatenate([chance.poisson(1, 60), chance.poisson(150, 300)]).astype(float)
    step = collapse(daily[::-1].copy(), ratio=0.1)
    assert step is not None
    assert len(daily) - step.day == 60


@pytest.mark.parametrize(
    ("daily", "why"),
    [
        ([], "no day"),
        ([0.0] * 50, "no contact"),
        ([5.0] * 5, "five days"),
        ([100.0] * 60 + [0.0] * 2, "two days, less than what must be missing"),
        ([100.0] * 60 + [30.0] * 30, "a fall to a third is a change, not an end"),
        ([100.0] * 60 + [0.0] * 20 + [100.0] * 10, "a gap that ends"),
        (list(200 * np.exp(-np.arange(200) / 87)), "a decline to a tenth over half a year"),
        ([100.0, 100, 100, 100, 100, 0, 0] * 20 + [0.0] * 2, "a weekend and a bank holiday"),
    ],
)
def test_what_is_no_end(daily: list[float], why: str) -> None:
    """Short, slow, partial or passing falls are not the end of the data."""
    assert collapse(np.array(daily, dtype=float)) is None, why
