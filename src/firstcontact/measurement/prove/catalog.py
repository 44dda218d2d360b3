"""All proofs, in the order of their lines. A new one is a file beside this one and a name here."""

from __future__ import annotations

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.measurement.prove import (
    agent_comparison,
    change_verification,
    comparability,
    downstream,
    linkage_audit,
    nowcast,
    opportunity,
    repeat_risk,
    return_separation,
    survey_answer,
    true_resolution,
)
from firstcontact.measurement.prove.proof import Proof

UNKNOWN_PROOF = ErrorKind(
    "FC7021",
    "There is no such proof",
    EXIT_USAGE,
    "Proofs are named by their acceptance line, A1 to A10. `firstcontact prove --list` shows all of them.",
)

_ALL: tuple[Proof, ...] = (
    nowcast.PROOF,
    return_separation.PROOF,
    linkage_audit.PROOF,
    true_resolution.PROOF,
    survey_answer.PROOF,
    agent_comparison.PROOF,
    change_verification.PROOF,
    downstream.PROOF,
    opportunity.PROOF,
    repeat_risk.PROOF,
    comparability.PROOF,
)


def _place(name: str) -> tuple[int, str]:
    """A2 stands before A2b, and that before A10."""
    return int(name[1:].rstrip("b")), name


PROOFS: dict[str, Proof] = {proof.id: proof for proof in sorted(_ALL, key=lambda proof: _place(proof.id))}


def find_proofs(ids: list[str]) -> tuple[Proof, ...]:
    """Proofs by id, upper or lower case; all where none is named.

    Raises:
        FirstcontactError: FC7021, with every id that is not known.
    """
    faults = Faults()
    known = {name.upper(): name for name in PROOFS}
    chosen = list(dict.fromkeys(known.get(one.upper(), one) for one in ids))
    for one in chosen:
        if one not in PROOFS:
            faults.add(
                UNKNOWN_PROOF,
                where="--only",
                saw="another name",
                allowed=", ".join(PROOFS),
                cure="Name one of these proofs.",
            )
    faults.raise_if_any()
    return tuple(PROOFS[one] for one in chosen or PROOFS)
