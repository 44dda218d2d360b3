"""Use case: draw the contacts whose returns people look up, and hand out the form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, FirstcontactError
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.audit.form import FORM_COLUMNS, form_rows
from firstcontact.measurement.audit.sample import COLUMNS, NEEDS, STRATA, Sampled, draw_sample
from firstcontact.measurement.fit.declared import declare, linking_hash
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.policy.model import cut_reason
from firstcontact.services.prepare import Connector, Options, prepare
from firstcontact.services.publish import write_csv
from firstcontact.services.reuse_fit import reuse_fit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from firstcontact.kernel.engine import Engine

AUDIT_FILE = "draw.json"
"""How the contacts were drawn; by it the directory of an audit is known."""
FORM_FILE = "form.csv"
AUDIT_FORMAT = 1
SMALLEST, LARGEST = 50, 100_000

WRONG_SIZE = ErrorKind(
    "FC4023",
    "So many contacts cannot be looked up",
    EXIT_USAGE,
    f"An audit has {SMALLEST} to {LARGEST:,} contacts; about 1,200 give a useful interval. The seed is 0 or more.",
)
NOTHING_TO_AUDIT = ErrorKind(
    "FC4024",
    "There is no contact whose returns could be looked up",
    EXIT_USAGE,
    "An audit looks up openers whose window has closed and whose customer is known. There are none: the data are too "
    "short for the windows, or nobody is known.",
)


class Destination(Protocol):
    """Where an audit is kept."""

    def check(self) -> None:
        """Raise if it cannot be written, before any work is done."""

    def writing(self) -> AbstractContextManager[Path]:
        """A private directory to fill, which takes its place when the block ends well."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An audit that is about to be handed out.

    Attributes:
        sample: The contacts to look up.
        policy: Name of the policy that they were linked under.
        policy_hash: Hash of policy and windows.
        seed: What drew them.
        version: Version of firstcontact.
        inputs: SHA-256 of every file that was read.
    """

    sample: tuple[Sampled, ...]
    policy: str
    policy_hash: str
    seed: int
    version: str
    inputs: tuple[str, ...] = ()

    @property
    def strata(self) -> dict[str, int]:
        """How many contacts were drawn from each stratum."""
        count = Counter(one.stratum for one in self.sample)
        return {name: count[name] for name in STRATA if count[name]}


def draw_audit(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    *,
    size: int,
    seed: int,
    version: str,
    progress: Progress = silent,
) -> Drawn:
    """Draw the contacts to look up.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided; the same as for the measurement that is to be corrected.
        size: How many contacts, about.
        seed: The same seed draws the same contacts.
        version: Version of firstcontact, for the record.
        progress: Told about each step.

    Returns:
        The contacts, and what they were drawn under.

    Raises:
        FirstcontactError: As `prepare`; an impossible size or seed (FC4023); nothing to look up (FC4024).
    """
    if not SMALLEST <= size <= LARGEST or seed < 0:
        saw, allowed = f"size {size}, seed {seed}", f"size {SMALLEST} to {LARGEST:,}, seed 0 or more"
        raise FirstcontactError(
            [WRONG_SIZE.fault(where="--size, --seed", saw=saw, allowed=allowed, cure="ask for another size or seed")]
        )
    prepared = prepare(engine, connector, paths, options, progress)
    policy = options.policy
    progress("linking contacts into issues")
    if options.fit is None:
        fit = declare(policy, sorted({cut_reason(one, policy.link.reason_level) for one in prepared.reasons}))
    else:
        fit, _ = reuse_fit(engine, prepared.tables["contacts"], policy, options.fit, prepared.reasons)
    linked = link(
        engine,
        prepared.tables,
        policy,
        fit,
        prepared.frame,
        has=prepared.has,
        signals=NEEDS,
        keep=COLUMNS,
        detail=False,
        shared=prepared.shared,
    )
    progress("drawing contacts")
    sample = draw_sample(engine, linked, size, seed)
    if not sample:
        fault = NOTHING_TO_AUDIT.fault(
            where=", ".join(path.name for path in paths),
            saw="no opener with a closed window and a known customer",
            allowed="at least one",
            cure="read a longer period, shorten the windows, or map the customer's id",
        )
        raise FirstcontactError([fault])
    inputs = tuple(sorted(str(one["sha256"]) for one in prepared.loaded.inputs))
    return Drawn(tuple(sample), policy.name, linking_hash(policy, fit), seed, version, inputs)


def publish_audit(drawn: Drawn, destination: Destination) -> None:
    """Write the form, and beside it how its contacts were drawn.

    Args:
        drawn: The audit.
        destination: Where it goes.

    Raises:
        FirstcontactError: The place cannot be written, is full, or holds something else.
    """
    import pyarrow as pa

    names = [name for name, _ in FORM_COLUMNS]
    rows = form_rows(drawn.sample)
    table = pa.table({name: pa.array([row.get(name, "") for row in rows], pa.string()) for name in names})
    with destination.writing() as folder:
        write_csv(table, folder / FORM_FILE)
        text = json.dumps(audit_data(drawn), indent=1, ensure_ascii=False)
        (folder / AUDIT_FILE).write_text(text + "\n", encoding="utf-8")


def audit_data(drawn: Drawn) -> dict[str, Any]:
    """What `draw.json` holds."""
    return {
        "format": AUDIT_FORMAT,
        "policy": drawn.policy,
        "linked_under": drawn.policy_hash,
        "seed": drawn.seed,
        "version": drawn.version,
        "inputs": list(drawn.inputs),
        "rows": [
            {
                "number": one.number,
                "contact_id": one.contact_id,
                "stratum": one.stratum,
                "probability": one.probability,
                "links": list(one.links),
            }
            for one in drawn.sample
        ],
    }
