"""What a proof is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.row import ProofRow


@dataclass(frozen=True, slots=True)
class Proof:
    """One acceptance line: what an estimator has to show, and how it is shown.

    Attributes:
        id: `A1` to `A10`; the order of the catalog.
        title: What is proved, for a heading.
        claim: What has to hold, in a sentence with its limits.
        seeds: How many seeds the claim is stated for; `Context.seeds` gives fewer where fewer are asked for.
        run: Runs it. Each `ProofRow` with a band is one threshold.
        theory: The page in `docs/theory` that explains the estimator, without its ending.
    """

    id: str
    title: str
    claim: str
    seeds: int
    run: Callable[[Context], list[ProofRow]]
    theory: str = ""
