"""FCR against what customers say of the contact: how they go together here, never merged into one."""

from __future__ import annotations

from firstcontact.doors.report import words
from firstcontact.doors.report.difference import signed
from firstcontact.doors.report.section import Block, Paragraph, Section, Table
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.services.run import Run

_OF = {"csat_relation": 100.0, "ces_relation": 100.0, "nps_relation": 1.0}
"""What an answer is multiplied with, so that it is written as customers know it."""
_VERDICT = "resolved by the policy"
_WEEKS = "from week to week"


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where nobody was asked."""
    found = {(row.measure, row.cell.get("cause", "")): row.result for row in run.select(*words.ANSWERS)}
    known = {place: result for place, result in found.items() if isinstance(result, Estimate)}
    if not known:
        return []
    blocks: list[Block] = [Paragraph(_takeaway(known, writer), "strong")]
    blocks.append(
        Paragraph(
            writer.say(
                "Estimated on these data, inside each reason, among those who answered. FCR and what customers say "
                "remain two figures: a rule that moves with satisfaction from contact to contact need not move with it "
                "from week to week."
            )
        )
    )
    columns = [writer.say("Answer"), *(writer.say(said) for said in words.SAID_BY.values())]
    rows = []
    for measure, (name, _) in words.ANSWERS.items():
        cells = [_cell(found.get((measure, cause)), measure, writer) for cause in words.SAID_BY]
        if any(cells):
            rows.append((writer.say(name), *cells))
    caption = writer.say("How much more content customers are, with its interval")
    blocks.append(Table(columns, rows, caption))
    return [Section("satisfaction", writer.say("First contact resolution and what customers say"), blocks)]


def _takeaway(known: dict[tuple[str, str], Estimate], writer: Writer) -> str:
    said = []
    measure = next((name for name in words.ANSWERS if (name, _VERDICT) in known), None)
    if measure:
        result = known[measure, _VERDICT]
        value, span = _written(result, measure, writer)
        _, sentence = words.ANSWERS[measure]
        if result.low > 0:
            more = writer.say(sentence, value=value.replace("+", ""))
            said.append(
                writer.say(
                    "Customers whose issue was settled are %(more)s than those who had to come back (%(interval)s).",
                    more=more,
                    interval=span.replace("+", ""),
                )
            )
        else:
            said.append(writer.say("Customers whose issue was settled are no more content than others, beyond chance."))
    weekly = next((known[name, _WEEKS] for name in words.ANSWERS if (name, _WEEKS) in known), None)
    if weekly is not None:
        said.append(
            writer.say("Weeks with a higher FCR have more content customers, too.")
            if weekly.low > 0
            else writer.say("Weeks with a higher FCR do not have more content customers, beyond chance.")
        )
    return writer.notation.running(said)


def _written(result: Estimate, measure: str, writer: Writer) -> tuple[str, str]:
    of = _OF[measure]
    width = of * (result.high - result.low)
    places = 0 if width >= 1.5 and of > 1 else 1 if width >= 0.15 else 2
    ends = [signed(of * end, writer.notation, places) for end in (result.low, result.high)]
    return signed(of * result.value, writer.notation, places), writer.notation.together(" … ".join(ends))


def _cell(result: Estimate | Refusal | None, measure: str, writer: Writer) -> str:
    if result is None:
        return ""
    if isinstance(result, Refusal):
        return writer.say(result.kind.title)
    value, span = _written(result, measure, writer)
    return f"{value} ({span})"
