"""The form that people fill in: as it is handed out, and as it comes back, with everything that is wrong at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults
from firstcontact.kernel.privacy import pattern
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.audit.sample import Sampled

UNREADABLE_FORM = ErrorKind(
    "FC4020",
    "The audit cannot be read",
    EXIT_INPUT,
    "An audit is the directory that `firstcontact audit draw` wrote: form.csv, which people fill in, and draw.json, "
    "which knows how contacts were drawn. A file is missing, may not be read, or is none of ours.",
)
WRONG_ROW = ErrorKind(
    "FC4021",
    "A row of the form is not one that was handed out",
    EXIT_INPUT,
    "Rows are known by the columns `number` and `contact_id`, which must belong together as they were handed out. Rows "
    "may be left blank, sorted or left out, but none added or doubled.",
)
WRONG_ANSWER = ErrorKind(
    "FC4022",
    "An answer of the form cannot be understood",
    EXIT_INPUT,
    "`came_back`, `wrong_code` and `other_record` take yes or no, or nothing. Where came_back is yes, "
    "`return_contact_id` names the contacts by which the customer came back, or says `not here`. The other questions "
    "are about that return: where came_back is no, they are never yes.",
)

FORM_COLUMNS: tuple[tuple[str, str], ...] = (
    ("number", "Names the row."),
    ("contact_id", "The contact to look up."),
    ("started_at", "When it began, UTC."),
    ("look_until", "Returns after this moment, UTC, do not count."),
    ("channel", "Its channel."),
    ("reason", "Its reason as recorded."),
    ("nearby", "Later contacts under the same record or case until then. There may be others: search."),
    ("came_back", "To fill in: did the customer come back for the same issue until then? yes or no."),
    ("return_contact_id", "To fill in: by which contacts? All, with ; between; `not here` where the data hold none."),
    ("wrong_code", "To fill in: is the reason of either contact wrong? yes or no."),
    ("other_record", "To fill in: does the return stand under another customer record? yes or no."),
    ("reviewer", "To fill in: who looked it up."),
    ("note", "To fill in: anything else."),
)
"""Columns of `form.csv`, with their meaning."""

NOT_HERE = "not here"
_YES = frozenset({"yes", "y", "true", "1", "да", "כן", "是"})
_NO = frozenset({"no", "n", "false", "0", "не", "לא", "否"})
_FILLED = ("came_back", "return_contact_id", "wrong_code", "other_record")


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody found about one contact.

    Attributes:
        number: The row.
        came_back: Whether the customer came back for the same issue.
        return_ids: By which contacts; none where the customer did not, or where the data do not hold them.
        wrong_code: Whether a reason is wrong; None where not said.
        other_record: Whether the return stands under another record; None where not said.
    """

    number: int
    came_back: bool
    return_ids: tuple[str, ...]
    wrong_code: bool | None
    other_record: bool | None


def form_rows(sample: Sequence[Sampled]) -> list[dict[str, str]]:
    """The rows of an empty form."""
    return [
        {
            "number": str(one.number),
            "contact_id": one.contact_id,
            "started_at": f"{one.started_at:%Y-%m-%d %H:%M}",
            "look_until": f"{one.look_until:%Y-%m-%d %H:%M}",
            "channel": one.channel,
            "reason": one.reason,
            "nearby": "; ".join(one.nearby),
        }
        for one in sample
    ]


def read_form(path: Path, known: Mapping[int, str]) -> list[Answer]:
    """The answers of a filled form.

    Args:
        path: The form: comma, semicolon or tab between cells, as spreadsheets write it.
        known: Contact id of every row that was handed out, by its number.

    Returns:
        One answer a row that says whether the customer came back; blank rows are left out.

    Raises:
        FirstcontactError: With every fault found: FC4020 to FC4022.
    """
    faults = Faults()
    rows = _rows(path, faults)
    faults.raise_if_any()
    answers = answers_of(rows, path.name, known, faults)
    faults.raise_if_any()
    return answers


def answers_of(
    rows: Sequence[tuple[int, Mapping[str, str]]], name: str, known: Mapping[int, str], faults: Faults
) -> list[Answer]:
    """The answers of a filled form's rows.

    Args:
        rows: As `rows_of` gives them.
        name: What the form is called.
        known: Contact id of every row that was handed out, by its number.
        faults: Where everything that is wrong is added.

    Returns:
        One answer a row that says whether the customer came back; good for nothing where there are faults.
    """
    answers: dict[int, Answer] = {}
    seen: set[int] = set()
    for line, row in rows:
        number = number_of(row["number"])
        place = clause("{file}, line {line}", file=name, line=line)
        if number is None or number not in known or number in seen:
            saw = "a number that was handed out before" if number in seen else "a number that was not handed out"
            faults.add(
                WRONG_ROW,
                where=clause("{place}, {column}", place=place, column="number"),
                saw=saw,
                allowed=clause("1 to {last}, each once", last=max(known, default=0)),
                cure="restore the number, or take the row out",
            )
            continue
        if _plain_id(row["contact_id"]) != _plain_id(known[number]):
            faults.add(
                WRONG_ROW,
                where=clause("{place}, {column}", place=place, column="contact_id"),
                saw=clause(
                    "another contact than was handed out under this number, {shape}", shape=pattern(row["contact_id"])
                ),
                allowed="number and contact_id as they were handed out, in the same row",
                cure="restore both columns, with contact_id as text, and sort whole rows only",
            )
            continue
        seen.add(number)
        before = len(faults)
        said = {
            name: _yes_or_no(row[name], clause("{place}, {column}", place=place, column=name), faults)
            for name in _FILLED
            if name != _FILLED[1]
        }
        came = said["came_back"]
        named = [one for one in (part.strip().lstrip("'") for part in row["return_contact_id"].split(";")) if one]
        if came is None:
            if len(faults) == before and (named or any(value is not None for value in said.values())):
                _no_answer(clause("{place}, {column}", place=place, column="came_back"), faults)
            continue
        if came and not named:
            faults.add(
                WRONG_ANSWER,
                where=clause("{place}, {column}", place=place, column="return_contact_id"),
                saw="nothing",
                allowed=clause("the contacts by which the customer came back, or `{word}`", word=NOT_HERE),
                cure="name them",
            )
        if _plain_id(known[number]) in {_plain_id(one) for one in named}:
            faults.add(
                WRONG_ANSWER,
                where=clause("{place}, {column}", place=place, column="return_contact_id"),
                saw="the contact that was looked up",
                allowed=clause("later contacts by which the customer came back, or `{word}`", word=NOT_HERE),
                cure="name the return, not the contact itself",
            )
        if not came and named:
            faults.add(
                WRONG_ANSWER,
                where=clause("{place}, {column}", place=place, column="return_contact_id"),
                saw=clause("a contact, {shape}", shape=pattern(named[0])),
                allowed="nothing where came_back is no",
                cure="take it out, or change came_back to yes",
            )
        for name in (_FILLED[2], _FILLED[3]):
            if not came and said[name]:
                faults.add(
                    WRONG_ANSWER,
                    where=clause("{place}, {column}", place=place, column=name),
                    saw="yes, though came_back is no",
                    allowed="no or nothing where came_back is no: it is asked of a return",
                    cure="take it out, or change came_back to yes and name the return",
                )
        here = tuple(one for one in named if one.casefold() != NOT_HERE)
        answers[number] = Answer(number, came, here, said["wrong_code"], said["other_record"])
    return [answers[number] for number in sorted(answers)]


def _rows(path: Path, faults: Faults) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        saw = clause((error.strerror or "").lower() if isinstance(error, OSError) else "text that is not UTF-8")
        faults.add(
            UNREADABLE_FORM,
            where=str(path),
            saw=saw or "an error of the file system",
            allowed="the filled form, as CSV in UTF-8",
            cure="save the form again as CSV UTF-8, under the same name",
        )
        return []
    return rows_of(text, str(path), faults)


def rows_of(text: str, name: str, faults: Faults, further: Sequence[str] = ()) -> list[tuple[int, dict[str, str]]]:
    """The rows of a filled form, each with its line; blank ones are left out.

    Args:
        text: The form.
        name: What it is called.
        faults: Where everything that is wrong is added.
        further: Columns that it must have beside those that every form has.
    """
    header = text.split("\n", 1)[0]
    separator = max(",;\t", key=header.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:  # a cell without an end
        faults.add(
            UNREADABLE_FORM,
            where=name,
            saw="text that is no table",
            allowed="the filled form, as CSV in UTF-8",
            cure="save the form again as CSV UTF-8",
        )
        return []
    names = [one.strip().casefold() for one in table[0]] if table else []
    lacking = [one for one in ("number", "contact_id", *_FILLED, *further) if one not in names]
    if lacking:
        faults.add(
            UNREADABLE_FORM,
            where=clause("{file}, first line", file=name),
            saw=clause("no column {names}", names=", ".join(lacking)),
            allowed="the columns of the form that was handed out",
            cure="restore the first line",
        )
        return []
    rows = []
    for line, cells in enumerate(table[1:], start=2):
        row = dict(zip(names, [*cells, *[""] * len(names)], strict=False))
        if any(cell.strip() for cell in cells):
            rows.append((line, row))
    return rows


def _plain_id(text: str) -> str:
    """An id without what spreadsheets do to numbers: zeros in front that are lost, a fraction that is added.

    >>> _plain_id("'0012"), _plain_id("12.0"), _plain_id("CS-0012")
    ('12', '12', 'CS-0012')
    """
    word = text.strip().lstrip("'")
    digits = word.removesuffix(".0")
    return digits.lstrip("0") if digits.isascii() and digits.isdigit() else word


def number_of(text: str) -> int | None:
    """The number of a row, as spreadsheets may write it; None where it is none."""
    digits = text.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _yes_or_no(text: str, where: str, faults: Faults) -> bool | None:
    word = text.strip().casefold()
    if not word:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    faults.add(WRONG_ANSWER, where=where, saw=pattern(text), allowed="yes, no, or nothing", cure="write yes or no")
    return None


def _no_answer(where: str, faults: Faults) -> None:
    faults.add(
        WRONG_ANSWER,
        where=where,
        saw="nothing, though the row is filled in",
        allowed="yes or no",
        cure="say whether the customer came back, or leave the whole row blank",
    )
