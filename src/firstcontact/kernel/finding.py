"""What the program inferred or noticed, and what that rests on: said to the user, kept with the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firstcontact.kernel.sentence import code_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth telling the user that is not an error.

    What a person reads is best given as `kernel.sentence.Sentence`, for then every door can say it in its own language.

    Attributes:
        topic: Where it belongs, for example `dates`, `missing`, `identity`, `cut-off`.
        text: The sentence a person reads. Never holds a customer's value.
        rests_on: The evidence, for example "1,204 of 1,204 values parse as day/month/year, 611 only so".
        level: `info` for what was inferred; `warning` for what may make a figure mislead.
        override: What to type to decide otherwise; empty where nothing can be decided.
    """

    topic: str
    text: str
    rests_on: str = ""
    level: Literal["info", "warning"] = "info"
    override: str = ""

    @property
    def code(self) -> str:
        """Names the sentence for good, whatever its wording becomes; empty where it is not the program's own."""
        return code_of(self.text)

    def as_dict(self) -> dict[str, str]:
        """The finding as plain data."""
        return {
            "topic": self.topic,
            "code": self.code,
            "text": self.text,
            "rests_on": self.rests_on,
            "level": self.level,
            "override": self.override,
        }
