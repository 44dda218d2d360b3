"""What is wrong with a form, in words beside it, and the way on after one that was taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from firstcontact.doors.api.problem import unfit
from firstcontact.doors.report.notation import upright
from firstcontact.kernel.errors import FirstcontactError

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong.

    Attributes:
        where: The field, as the interface names it.
        title: What is wrong, in the visitor's language.
        code: Its code, under which the handbook explains it.
        saw: What was there: a kind and a length, never a value.
        allowed: What may be there.
        cure: What to do.
    """

    where: str
    title: str
    code: str
    saw: str
    allowed: str
    cure: str


def wrongs(error: FirstcontactError, say: Callable[[str], str]) -> tuple[Wrong, ...]:
    """Everything that is wrong with what was sent.

    Args:
        error: What was raised.
        say: Translates.
    """

    def told(text: str) -> str:
        return say(text) if text else ""  # of nothing a catalogue says its own head

    return tuple(
        Wrong(
            upright(one.where),
            told(one.kind.title),
            one.kind.code,
            upright(told(one.saw)),
            told(one.allowed),
            told(one.cure),
        )
        for one in error.faults
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
