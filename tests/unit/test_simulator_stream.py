"""The simulator's randomness: it belongs to a name and a thing, not to the order of drawing."""

from __future__ import annotations

import numpy as np

from firstcontact.measurement.simulator.stream import Streams, child


def test_the_same_seed_draws_the_same_and_another_seed_does_not() -> None:
    """Draws are a function of seed, name and key."""
    keys = Streams(1).people(0, 1000)
    assert np.array_equal(Streams(1).uniform("a", keys), Streams(1).uniform("a", keys))
    assert not np.array_equal(Streams(1).uniform("a", keys), Streams(2).uniform("a", keys))
    assert not np.array_equal(Streams(1).people(0, 1000), Streams(2).people(0, 1000))


def test_a_draw_does_not_depend_on_who_else_is_drawn() -> None:
    """Leaving people out or changing their order moves nobody's luck."""
    streams = Streams(5)
    keys = streams.people(0, 1000)
    whole = streams.uniform("luck", keys)
    assert np.array_equal(streams.uniform("luck", keys[::-7]), whole[::-7])
    assert np.array_equal(streams.people(300, 10), keys[300:310])


def test_streams_of_different_names_are_unrelated() -> None:
    """The correlation of two names' draws is nothing but noise."""
    streams = Streams(3)
    keys = streams.people(0, 100_000)
    first, second = streams.uniform("delay", keys), streams.uniform("return", keys)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.015
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.015


def test_uniform_draws_are_uniform() -> None:
    """Each hundredth of the unit interval receives its share, and the ends are never reached."""
    values = Streams(11).uniform("any", Streams(11).people(0, 200_000))
    counts = np.histogram(values, bins=100, range=(0, 1))[0]
    chi_squared = ((counts - 2000) ** 2 / 2000).sum()
    assert 55 < chi_squared < 150  # 99 degrees of freedom
    assert values.min() > 0
    assert values.max() < 1


def test_other_laws_have_their_moments() -> None:
    """Normal, exponential, lognormal and weighted choice are what they say."""
    streams = Streams(2)
    keys = streams.people(0, 200_000)
    normal = streams.normal("n", keys)
    assert abs(normal.mean()) < 0.01
    assert abs(normal.std() - 1) < 0.01
    assert abs((np.abs(normal) > 1.96).mean() - 0.05) < 0.003
    assert abs(streams.exponential("e", keys).mean() - 1) < 0.01
    assert abs(np.median(streams.lognormal("l", keys, 7.0, 0.5)) - 7) < 0.05
    shares = np.bincount(streams.choose("c", keys, np.array([1, 0, 3])), minlength=3) / len(keys)
    assert np.allclose(shares, [0.25, 0, 0.75], atol=0.005)


def test_children_have_keys_of_their_own() -> None:
    """The nth child of one thing shares a key neither with its siblings nor with other families."""
    keys = Streams(0).people(0, 10_000)
    families = np.concatenate([keys, *(child(keys, number) for number in range(5)), child(child(keys, 0), 0)])
    assert len(np.unique(families)) == len(families)
    assert np.array_equal(child(keys, 3), child(keys, np.full(len(keys), 3)))
