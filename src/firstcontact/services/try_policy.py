"""Use case: a person tries a policy on stories before trusting it with data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.kernel.errors import EXIT_POLICY, ErrorKind, Faults
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import DEFAULT, load_preset
from firstcontact.measurement.policy.story import LETTERS, Story
from firstcontact.measurement.reference.tell import Teller, contradictions, hear, letter, tell

STORY_FAILS = ErrorKind(
    "FC3020",
    "A story does not hold",
    EXIT_POLICY,
    "A policy judges a contact otherwise than the story says, or linking finds other facts. Either the policy does not "
    "mean what its author thinks, or the story is told wrongly.",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One story told to one policy.

    Attributes:
        story: The story.
        policy: The policy's name.
        found: How the policy judges, a letter.
        expected: What the story says, or None where it says nothing about this policy.
        wrong: Facts of the story that do not hold, in words.
    """

    story: Story
    policy: str
    found: str
    expected: str | None
    wrong: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.expected in (None, self.found) and not self.wrong


def try_policy(stories: Sequence[Story], policy: Policy | None = None, teller: Teller = tell) -> list[Trial]:
    """Tell stories to policies.

    Args:
        stories: The stories.
        policy: The only policy to ask; without one, each story is told to the policies that it names, and its facts
            are looked at under its own policy or the default one.
        teller: The twin, or an engine.

    Returns:
        One trial a story and policy.
    """
    if policy is not None:
        return [_try(story, policy, teller, facts=_is_own(story, policy)) for story in stories]
    loaded: dict[str, Policy] = {}
    trials = []
    for story in stories:
        own = story.policy or loaded.setdefault(DEFAULT, load_preset(DEFAULT))
        if story.facts and own.name not in story.expected:
            trials.append(_try(story, own, teller, facts=True))
        for name in story.expected:
            asked = own if name == own.name else loaded.get(name) or loaded.setdefault(name, load_preset(name))
            trials.append(_try(story, asked, teller, facts=asked is own))
    return trials


def refuse_failures(trials: Sequence[Trial]) -> None:
    """Do nothing when all stories hold.

    Raises:
        FirstcontactError: FC3020 for each that does not.
    """
    faults = Faults()
    for trial in trials:
        where = f"story `{trial.story.name}`, policy `{trial.policy}`"
        if trial.expected not in (None, trial.found):
            faults.add(
                STORY_FAILS,
                where=where,
                saw=f"{trial.found} (the contact {LETTERS[trial.found]})",
                allowed=f"{trial.expected} (the contact {LETTERS[str(trial.expected)]})",
                cure="`firstcontact policy explain` says what the policy means; change it, or the story",
            )
        for wrong in trial.wrong:
            faults.add(
                STORY_FAILS,
                where=where,
                saw=wrong,
                allowed="what [story.facts] says",
                cure="change the policy's link settings, or the story",
            )
    faults.raise_if_any()


def _is_own(story: Story, policy: Policy) -> bool:
    """Whether the facts of a story are about this policy."""
    return policy.name == (story.policy.name if story.policy else DEFAULT)


def _try(story: Story, policy: Policy, teller: Teller, *, facts: bool) -> Trial:
    seen = hear(story, policy, teller)
    wrong = tuple(contradictions(story, seen)) if facts else ()
    return Trial(story, policy.name, letter(story, policy, seen), story.expected.get(policy.name), wrong)
