"""Clauses of faults as a page says them: in the visitor's language, and without what only a program can do."""

from __future__ import annotations

from markupsafe import Markup

from firstcontact.doors.report.notation import upright
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.clause import speaks
from firstcontact.doors.web.place import N_
from firstcontact.kernel.sentence import Sentence, clause

ON_PAGE: dict[str, str] = {
    "POST /api/v1/policies/{number}/try, and wait for the job": N_("try it, and wait until that is done"),
    "a session, or Authorization: Bearer <token>": N_("somebody who is logged in"),
    "`next` of an earlier answer": N_("the address as the page before gave it"),
    "correct encoding under [file] in the mapping": N_("save the file as UTF-8, and bring it again"),
    "give more with --memory, use fewer --threads, or read fewer files at once": N_(
        "give the service more memory, or let fewer of its jobs run at once"
    ),
    "correct the value, or add its format under [dates] in the mapping": N_(
        "correct the value; where many are written so, correct all of them at once"
    ),
    "correct the date, or name the placeholder under [missing.in] in the mapping": N_(
        "correct the date, or leave it out where it only stands for none"
    ),
    'correct the value, map another column, or set bad_values = "missing" in the mapping': N_(
        "correct the value, or leave it out"
    ),
    "correct the answer, or set the scale under [scales] in the mapping": N_(
        "correct the answer; of a file, another scale can be chosen when it is brought again"
    ),
    "fill in the id, or leave contact_id out of the mapping to number the rows": N_(
        "fill in the id; a file without any is brought without a column for it, and its rows are numbered"
    ),
    "fill in the start, or map started_at to a column that always has it": N_(
        "fill in the start; of a file, another column can be chosen as “Began” when it is brought again"
    ),
    "remove the wrong row, or map a version or last-update column under [updates]": N_(
        "give it up where it is the wrong one; else bring the file again and choose the column of versions"
    ),
    "go on where what has arrived ends": N_("load the page anew; the upload goes on where it broke off"),
    "leave it out to begin anew": N_("begin the list anew"),
    "let it rest no longer (`disabled`: false), then try it": N_("wake it, then try it"),
    "list them": N_("go back to the list"),
    "log in, or make a token": N_("log in"),
    "make room, name another directory with TMPDIR, or unpack it elsewhere": N_(
        "unpack it and bring the plain file, or have room made on the server"
    ),
    "make room; `firstcontact doctor` says how much there is": N_("have room made on the server"),
    "name a directory that `firstcontact measure --out` wrote": N_("measure again"),
    "name it in a mapping: `firstcontact inspect FILE --write-mapping mapping.toml`": N_(
        "choose the column under “Began”"
    ),
    "read it again": N_("load the page anew"),
    "read it again and decide anew": N_("load the page anew, and decide again"),
    "read it first": N_("load the page anew"),
    "run firstcontact inspect on the file and correct the mapping": N_(
        "see under Data quality what was set aside, and how the file was understood"
    ),
    "see `firstcontact doctor`, then ask for it again": N_(
        "ask for it again; if that does not help, tell whoever runs the service"
    ),
    "see /api/v1/openapi.json": N_("correct the field, and send it again"),
    'set encoding = "…" under [file] in the mapping': N_("save the file as UTF-8, and bring it again"),
    "take over what version {in_force} changed, and PUT the draft with based_on {in_force}": N_(
        "begin a new draft from version {in_force}, and make your changes in it"
    ),
    "take single customers from contacts.parquet": N_("leave it out"),
    "the ETag that was read": N_("the state that the page showed"),
    "try again; `firstcontact doctor` says more": N_(
        "try again in a moment; if that does not help, tell whoever runs the service"
    ),
    "type --by team": N_("write team"),
    "unpack it with its password and name the plain file": N_("unpack it with its password, and bring the plain file"),
    "unpack it yourself if you trust it, and name the plain file": N_(
        "unpack it yourself if you trust it, and bring the plain file"
    ),
    "UTF-8, or an encoding named in the mapping": N_("UTF-8"),
    "what Retry-After leaves time for": N_("fewer in the same time"),
    "what the interface's description says": N_("what stands beside the field"),
}
"""By pattern: what to say in the place of what a program or a person at a command line is told."""

MISFITS: dict[str, str] = {
    "bool_parsing": N_("neither yes nor no"),
    "date_from_datetime_parsing": N_("no day"),
    "date_parsing": N_("no day"),
    "datetime_from_date_parsing": N_("no moment"),
    "datetime_parsing": N_("no moment"),
    "enum": N_("another word"),
    "extra_forbidden": N_("a field that is not known"),
    "float_parsing": N_("no number"),
    "greater_than": N_("a smaller number"),
    "greater_than_equal": N_("a smaller number"),
    "int_from_float": N_("no whole number"),
    "int_parsing": N_("no whole number"),
    "json_invalid": N_("text that is no JSON"),
    "less_than": N_("a larger number"),
    "less_than_equal": N_("a larger number"),
    "literal_error": N_("another word"),
    "missing": N_("nothing"),
    "string_pattern_mismatch": N_("a text of another form"),
    "string_too_long": N_("a longer text"),
    "string_too_short": N_("a shorter text, or none"),
    "string_type": N_("no text"),
    "too_long": N_("a longer list"),
    "too_short": N_("a shorter list"),
    "value_error": N_("something else"),
}
"""By the name that the interface gives it: how a value does not fit."""

OF_SYSTEMS = (
    N_("Directory not empty"),
    N_("Disk quota exceeded"),
    N_("File exists"),
    N_("File name too long"),
    N_("File too large"),
    N_("Input/output error"),
    N_("Is a directory"),
    N_("No space left on device"),
    N_("No such file or directory"),
    N_("Not a directory"),
    N_("Operation not permitted"),
    N_("Permission denied"),
    N_("Read-only file system"),
    N_("Too many open files"),
)
"""What operating systems say when they cannot do something, word for word."""

EDITED = {**ON_PAGE, **MISFITS}


def told(text: str, writer: Writer) -> str:
    """A clause as it may stand on a page. What has no translation, a value for instance, keeps its own direction.

    Args:
        text: The clause, as its fault has it.
        writer: Speaks the visitor's language.

    Returns:
        Text, or markup; either way what the clause holds is escaped where it is shown.
    """
    said = text if isinstance(text, Sentence) else clause(text)
    if said.pattern in EDITED:
        said = clause(EDITED[said.pattern], **said.parts)
    if writer.notation.locale.language == "en" or not said:
        return _typed(upright(said))
    pattern = " ".join(said.pattern.split())
    only_parts = said.parts and not speaks(pattern)
    if writer.say(pattern) == pattern and not only_parts:
        return Markup('<bdi dir="ltr">{}</bdi>').format(_typed(upright(said)))
    return _typed(writer.tell(said))


def _typed(text: str) -> str:
    """A text whose parts between backticks, which are to be typed as they stand, are code from left to right."""
    parts = text.split("`")
    if len(parts) < 3 or len(parts) % 2 == 0:
        return text
    code = Markup('<code dir="ltr">{}</code>')
    # Who types it has no use for the marks that keep names apart in a sentence.
    return Markup("").join(
        code.format(part.translate(_APART)) if place % 2 else part for place, part in enumerate(parts)
    )


_APART = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
"""The marks that `Notation.apart` and `Notation.together` set."""
