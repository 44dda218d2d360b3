"""What many ask for at the same time is made once, and nobody waits for what others make."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from firstcontact.kernel.once import Once


def test_who_asks_meanwhile_waits_and_who_asks_for_another_does_not() -> None:
    """Eight ask for one thing: one makes it. Another thing is had while the first is still being made."""
    things, going, made = Once[str](4), threading.Event(), []

    def slow() -> str:
        made.append("slow")
        assert going.wait(20)
        return "slow"

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(things.get, "slow", slow) for _ in range(7)]
        assert pool.submit(things.get, "quick", lambda: "quick").result(20) == "quick"
        assert not any(one.done() for one in asked)
        going.set()
        assert {one.result(20) for one in asked} == {"slow"}
    assert made == ["slow"]


def test_a_failure_is_not_held() -> None:
    """It reaches whoever asked; the next who asks tries again."""
    things = Once[int](4)
    with pytest.raises(ZeroDivisionError):
        things.get("x", lambda: 1 // 0)
    assert things.get("x", lambda: 3) == 3


def test_what_nobody_asked_for_longest_is_let_go() -> None:
    """So many are held and no more."""
    things, made = Once[str](2), []

    def of(key: str) -> str:
        return things.get(key, lambda: made.append(key) or key)  # type: ignore[func-returns-value]

    for key in "abacab":
        of(key)
    assert made == ["a", "b", "c", "b"]
