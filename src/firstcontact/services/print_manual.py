"""Use case: the stories printed as a manual of what policies mean."""

from __future__ import annotations

from firstcontact.measurement.policy.draw import SIGNS, draw
from firstcontact.measurement.policy.explain import say
from firstcontact.measurement.policy.preset import load_preset
from firstcontact.measurement.policy.read_story import read_stories, stories_files
from firstcontact.measurement.policy.story import LETTERS, Story
from firstcontact.services.try_policy import Trial, refuse_failures, try_policy

CHAPTERS: dict[str, tuple[str, str]] = {
    "definitions": (
        "How known definitions differ",
        "Each story is judged under every preset. `*` marks the contact that is judged.",
    ),
    "presets": ("Further stories that tell presets apart", "Judged under every preset, too."),
    "linking": (
        "What the rules of linking mean",
        "One story a rule, under the default policy or one of the story's own.",
    ),
}


def print_manual() -> list[str]:
    """The manual as parts of Markdown: each story drawn, then how each policy judges it.

    Raises:
        FirstcontactError: FC3020 when a story does not hold, so that the manual cannot say what is not so.
    """
    signs = ", ".join(f"`{sign}` {kind.replace('_', ' ')}" for kind, sign in SIGNS.items())
    letters = "\n".join(f"- **{letter}** {words}" for letter, words in LETTERS.items())
    about = (
        "What the policies mean, by example. These stories are run as tests on the reference twin and on the engine. "
        f"Below a contact stand the events of its record: {signs}. A policy judges a contact with one letter; the "
        f"contact\n\n{letters}"
    )
    parts = ["# Stories", about]
    by_chapter = {path.stem: read_stories(path) for path in stories_files()}
    for name, (title, intro) in CHAPTERS.items():
        parts += [f"## {title}", intro]
        for story in by_chapter[name]:
            trials = try_policy([story])
            refuse_failures(trials)
            parts.append(_told(story, trials))
    return parts


def _told(story: Story, trials: list[Trial]) -> str:
    lines = [f"### {story.title}", story.tells, f"```text\n{draw(story)}\n```"]
    if story.policy is not None:
        lines.append(_own_policy(story))
    by_letter: dict[str, list[str]] = {}
    for trial in trials:
        by_letter.setdefault(trial.found, []).append(f"`{trial.policy}`")
    rows = [
        f"| **{letter}** | {words} | {', '.join(by_letter[letter])} |"
        for letter, words in LETTERS.items()
        if letter in by_letter
    ]
    lines.append("\n".join(["| | the contact | under |", "| --- | --- | --- |", *rows]))
    if story.facts:
        lines.append("\n".join(f"- {name}: {_facts(facts)}" for name, facts in story.facts.items()))
    return "\n\n".join(lines)


def _own_policy(story: Story) -> str:
    """What sets the story's own policy apart from the default one."""
    policy, default = story.policy, load_preset("firstcontact")
    assert policy is not None  # noqa: S101 - the caller asked
    settings = []
    for section in ("window", "link"):
        ours, theirs = policy.as_dict()[section], default.as_dict()[section]
        settings += [f"`{key} = {_value(value)}`" for key, value in ours.items() if value != theirs[key]]
    for rule in policy.related:
        both = ", both ways" if rule.both_ways else ""
        settings.append(f'"{rule.earlier}" then "{rule.later}" within {rule.days:g} days{both}')
    settings += [f"excluded: {rule.column} {' or '.join(rule.values)}" for rule in policy.exclude]
    if [c.signal for c in policy.counts_when] != ["returned"]:
        settings += [f"{say(c)} (not recorded: {c.missing})" for c in policy.counts_when if c.signal != "returned"]
    return f"The policy `{policy.name}`: {'; '.join(settings)}."


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        items = [f'"{v[0]}" = {v[1]:g}' if isinstance(v, tuple) else f'"{v}"' for v in value]
        return f"[{', '.join(items)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _facts(facts: dict[str, object]) -> str:
    words = []
    for key, value in facts.items():
        name = key.replace("_", " ")
        if isinstance(value, bool):
            words.append(name if value else f"not {name}")
        else:
            words.append(f"{name} {value}" if value != "" else f"no {name}")
    return ", ".join(words)
