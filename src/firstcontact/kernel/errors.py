"""Errors a person can act on.

A fault has a permanent code and four clauses: what failed, where, what was seen against what is allowed, and what to
do. What was *seen* is a type, a length or a character pattern, never a customer's value. Everything found wrong is
said at once, so an error holds a list of faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from firstcontact.kernel.sentence import Sentence, clause

EXIT_OK = 0
EXIT_INTERNAL = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_POLICY = 4
EXIT_OUTPUT = 5
EXIT_REFUSED = 6
EXIT_INTERRUPTED = 130

EXIT_CODES: dict[int, str] = {
    EXIT_OK: "Everything asked for was done.",
    EXIT_INTERNAL: "A defect in firstcontact; the message says how to report it without customer data.",
    EXIT_USAGE: "The command line could not be understood.",
    EXIT_INPUT: "The input could not be read, mapped or validated.",
    EXIT_POLICY: "The policy or a stories file is wrong.",
    EXIT_OUTPUT: "The result could not be written.",
    EXIT_REFUSED: "Everything asked for was refused, each with its reason.",
    EXIT_INTERRUPTED: "Interrupted; no partial output was left behind.",
}


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One kind of fault. Its code is permanent: a released code never changes meaning and is never reused.

    Declaring a kind registers it, which is how the reference page and the tests about errors find it.

    Attributes:
        code: `FC` and four digits. 1xxx reading, 2xxx contacts, 3xxx policy, 4xxx linking, 5xxx measures,
            6xxx output, 7xxx simulator, 9xxx the program and the machine it runs on.
        title: What went wrong, as a short clause.
        exit_code: The exit status of a command that ends with it.
        about: For the reference page: when it happens and how it is mended.
    """

    code: str
    title: str
    exit_code: int
    about: str

    registry: ClassVar[dict[str, ErrorKind]] = {}

    def __post_init__(self) -> None:
        if self.code in self.registry:
            raise ValueError(f"error code {self.code} is declared twice")
        self.registry[self.code] = self

    def fault(self, *, where: str, saw: str, allowed: str, cure: str) -> Fault:
        """Make a fault of this kind from its remaining clauses."""
        return Fault(self, where, saw, allowed, cure)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in words a person can act on."""

    kind: ErrorKind
    where: str
    saw: str
    allowed: str
    cure: str

    def __str__(self) -> str:
        return (
            f"{self.kind.code} {self.kind.title} · {self.where} · saw {self.saw}; allowed: {self.allowed} · {self.cure}"
        )

    def as_dict(self) -> dict[str, str]:
        """The fault as plain data, in the shape that files and interfaces share."""
        return {
            "code": self.kind.code,
            "title": self.kind.title,
            "where": self.where,
            "saw": self.saw,
            "allowed": self.allowed,
            "cure": self.cure,
        }


class FirstcontactError(Exception):
    """All the faults found in one step, raised together.

    The exit code is that of the first fault.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        if not self.faults:
            raise ValueError("an error needs at least one fault")
        super().__init__("\n".join(str(fault) for fault in self.faults))

    @property
    def exit_code(self) -> int:
        return self.faults[0].kind.exit_code


class Faults:
    """Collects faults so that all of them are raised at once.

    >>> faults = Faults()
    >>> faults.raise_if_any()
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, kind: ErrorKind, *, where: str, saw: str, allowed: str, cure: str) -> None:
        """Note one more fault."""
        self._faults.append(kind.fault(where=where, saw=saw, allowed=allowed, cure=cure))

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __len__(self) -> int:
        return len(self._faults)

    def raise_if_any(self) -> None:
        """Raise all collected faults together, or return quietly when there are none."""
        if self._faults:
            raise FirstcontactError(self._faults)


INTERNAL = ErrorKind(
    "FC9001",
    "firstcontact met a defect of its own",
    EXIT_INTERNAL,
    "Something unforeseen happened inside firstcontact. The message names the step and the kind of error, never a "
    "value from your data, so it can be reported as it stands.",
)
TOO_LITTLE_MEMORY = ErrorKind(
    "FC9003",
    "The memory does not suffice",
    EXIT_USAGE,
    "Most work goes to disk when memory runs out, but some steps need a minimum, which grows with the threads. Give "
    "more with `--memory`, or use fewer `--threads`.",
)


def of_system(error: OSError) -> Sentence:
    """What the operating system says of an error, as far as it says anything."""
    return clause(error.strerror) if error.strerror else clause("an error of the file system")


def out_of_memory() -> FirstcontactError:
    """The error of a step that did not get the memory it needs."""
    cure = "give more with --memory, use fewer --threads, or read fewer files at once"
    fault = TOO_LITTLE_MEMORY.fault(where="memory", saw="all of it in use", allowed="room for every step", cure=cure)
    return FirstcontactError([fault])
