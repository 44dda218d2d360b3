"""Make each thing once, however many ask for it at the same time, and hold the last ones ready."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Once(Generic[Made]):
    """Things by key, each made by whoever asks first while others who want the same wait; nobody waits for another key.

    Making a thing may ask for things of other keys, never for its own.

    Args:
        most: So many are held; the one unasked for longest is let go first.

    >>> lengths = Once[int](2)
    >>> lengths.get("three", lambda: len("three")), lengths.get("three", lambda: 0)
    (5, 5)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._held: OrderedDict[Hashable, Future[Made]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The thing of a key.

        Args:
            key: Names it.
            make: Makes it, where it is not held. What this raises reaches all who wait, and is not held.
        """
        mine: Future[Made] = Future()
        with self._lock:
            held = self._held.setdefault(key, mine)
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        if held is mine:
            try:
                mine.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._held.get(key) is mine:
                        del self._held[key]
                mine.set_exception(error)
                raise
        return held.result()
