"""What is wrong with a form, in words beside it, and the way on after one that was taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from firstcontact.doors.api.problem import unfit
from firstcontact.doors.report.notation import upright
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.clause_words import told
from firstcontact.doors.web.page import writer_of
from firstcontact.kernel.errors import FirstcontactError

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong, in the visitor's language.

    Attributes:
        where: The field, as the interface names it.
        title: What is wrong.
        code: Its code, under which the handbook explains it.
        saw: What was there: a kind and a length, never a value.
        allowed: What may be there.
        cure: What to do.
        place: Where, in words; empty where the field's own name is all there is.
    """

    where: str
    title: str
    code: str
    saw: str
    allowed: str
    cure: str
    place: str = ""


def wrongs(error: FirstcontactError, request: Request) -> tuple[Wrong, ...]:
    """Everything that is wrong with what was sent.

    Args:
        error: What was raised.
        request: Whose answer it is.
    """
    return in_words((fault.as_dict() for fault in error.faults), writer_of(request))


def in_words(faults: Iterable[Mapping[str, str]] | None, writer: Writer) -> tuple[Wrong, ...]:
    """Faults in words.

    Args:
        faults: As plain data, as they are kept with what they belong to.
        writer: Speaks the visitor's language.
    """
    return tuple(_in_words(fault, writer) for fault in faults or ())


def _in_words(fault: Mapping[str, str], writer: Writer) -> Wrong:
    title = writer.say(fault["title"])
    return Wrong(
        upright(fault["where"]),
        title[:1].upper() + title[1:],
        fault["code"],
        told(fault["saw"], writer),
        told(fault["allowed"], writer),
        told(fault["cure"], writer),
        told(fault["where"], writer),
    )


def asked(model: type[Asked], **fields: Any) -> Asked:
    """What a form asks for, as the interface takes it.

    Args:
        model: What the interface takes.
        fields: What was typed.

    Raises:
        FirstcontactError: It does not fit, with everything that does not (FC9301).
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise unfit(error) from None


def on(path: str, said: str = "") -> Response:
    """Go on to a page by GET, so that neither coming back nor loading anew sends the form again.

    Args:
        path: Where to.
        said: The word by which that page says what was done.
    """
    place = f"{path}{'&' if '?' in path else '?'}{urlencode({'said': said})}" if said else path
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)
