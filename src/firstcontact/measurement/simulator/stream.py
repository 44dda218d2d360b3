"""Randomness that stays put: a number belongs to its name and to the thing it is about, not to the order of drawing.

A draw about a contact is a hash of (seed, stream name, contact key). Turning one knob therefore changes what the knob
is about and leaves every other draw as it was, so that two worlds can be compared contact by contact.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Array = NDArray[Any]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def salt(text: str) -> int:
    """A 64-bit number that belongs to a name.

    >>> salt("arrival") == salt("arrival"), salt("arrival") == salt("delay")
    (True, False)
    """
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _scatter(keys: Keys) -> Keys:
    """The finaliser of SplitMix64, in place: every input bit moves every output bit."""
    keys ^= keys >> np.uint64(30)
    keys *= _FIRST
    keys ^= keys >> np.uint64(27)
    keys *= _SECOND
    keys ^= keys >> np.uint64(31)
    return keys


def child(keys: Keys, number: int | Array) -> Keys:
    """Keys of things that belong to other things: the nth contact of an issue, the nth issue of a person."""
    if isinstance(number, int):
        return _scatter(keys + np.uint64((number * int(_STEP) + int(_STEP)) % 2**64))
    return _scatter(keys + (number.astype(np.uint64) + np.uint64(1)) * _STEP)


class Streams:
    """All the randomness of one simulation.

    Args:
        seed: Zero or a positive integer. The same seed gives the same draws on every machine.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._salts: dict[str, np.uint64] = {}

    def generator(self, name: str) -> np.random.Generator:
        """A NumPy generator of its own for a name: for what is drawn in a fixed order, such as the agents."""
        return np.random.default_rng(np.random.SeedSequence([self._seed, salt(name)]))

    def people(self, first: int, count: int) -> Keys:
        """Keys of the people numbered from `first`."""
        numbers = np.arange(first, first + count, dtype=np.uint64) * _STEP
        return _scatter(numbers + np.uint64(salt(f"{self._seed}/person")))

    def uniform(self, name: str, keys: Keys) -> Floats:
        """One number in (0, 1) for each key."""
        known = self._salts.get(name)
        if known is None:
            known = self._salts[name] = np.uint64(salt(f"{self._seed}/{name}"))
        bits = _scatter(keys ^ known)
        bits >>= np.uint64(11)
        values = bits.astype(np.float64)
        values += 0.5
        values *= 2.0**-53
        return values

    def chance(self, name: str, keys: Keys, probability: float | Floats) -> Bools:
        """Whether it happens, for each key."""
        return self.uniform(name, keys) < probability

    def exponential(self, name: str, keys: Keys) -> Floats:
        """One number with mean 1 for each key."""
        values = self.uniform(name, keys)
        np.log(values, out=values)
        return np.negative(values, out=values)

    def normal(self, name: str, keys: Keys) -> Floats:
        """One standard normal number for each key (Box and Muller)."""
        values = self.exponential(name, keys)
        values *= 2.0
        np.sqrt(values, out=values)
        turn = self.uniform(f"{name}/turn", keys)
        turn *= 2.0 * np.pi
        values *= np.cos(turn)
        return values

    def lognormal(self, name: str, keys: Keys, median: float | Floats, sigma: float | Floats) -> Floats:
        """One lognormal number for each key; median and result share a unit."""
        values = self.normal(name, keys)
        values *= sigma
        np.exp(values, out=values)
        values *= median
        return values

    def choose(self, name: str, keys: Keys, weights: Array) -> Ints:
        """Which of several, by weight, for each key."""
        cumulative = np.cumsum(weights, dtype=np.float64)
        cumulative /= cumulative[-1]
        chosen = np.searchsorted(cumulative, self.uniform(name, keys), side="right")
        return np.minimum(chosen, len(cumulative) - 1)
