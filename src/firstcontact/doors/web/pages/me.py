"""My page: one's own figure, privately; how pages look; one's password, sessions and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import me as api
from firstcontact.doors.api.routes.own_figures import find_own
from firstcontact.doors.api.routes.tokens import NewToken, TokenSeen
from firstcontact.doors.api.routes.tokens import make as make_token
from firstcontact.doors.api.routes.tokens import revoke as revoke_token
from firstcontact.doors.api.routes.tokens import seen as token_seen
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.web.about import About, about
from firstcontact.doors.web.access_words import ROLES
from firstcontact.doors.web.browser_words import browser_words
from firstcontact.doors.web.form import Wrong, asked, on, wrongs
from firstcontact.doors.web.page import page, sentences
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.snapshot import snapshot
from firstcontact.doors.web.tour import COOKIE as TOUR_COOKIE
from firstcontact.doors.web.viewer import THEME_COOKIE, Theme, viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/me", N_("My page"), ANSWERS, Permission.READ_SELF)

YEAR = 366 * 24 * 3600

Self = Annotated[Principal, Depends(Permit(Permission.READ_SELF))]
Owner = Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT))]
InPerson = Annotated[Principal, Depends(Permit(Permission.OWN_ACCOUNT, in_person=True))]
TokenOwner = Annotated[Principal, Depends(Permit(Permission.OWN_TOKENS))]
TokenMaker = Annotated[Principal, Depends(Permit(Permission.OWN_TOKENS, in_person=True))]
Text = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class Mine:
    """What the page shows.

    Attributes:
        role: One's role, in English; it is translated where it is shown.
        own: One's own figure; None where there is none to have.
        what: What that figure is.
        contacts: How many contacts of the run one handled.
        may_choose: Whether one may change one's account: a wallboard may not.
        sessions: Where one is logged in, and what that browser is called.
        tokens: One's tokens that have not ended; None where one may have none.
        permissions: What a token may be limited to.
        made: A new token's secret, shown this once.
        said: What was just done.
        wrong: What is wrong with what was sent.
    """

    role: str
    own: Figure | None
    what: About | None
    contacts: str
    may_choose: bool
    sessions: tuple[tuple[api.OpenSession, str], ...]
    tokens: tuple[TokenSeen, ...] | None
    permissions: tuple[str, ...]
    made: str
    said: str
    wrong: tuple[Wrong, ...]


@router.get(PLACE.path)
def me(request: Request, who: Self, said: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The page."""
    return _page(request, who, said=said)


def _page(
    request: Request, who: Principal, *, said: str = "", wrong: tuple[Wrong, ...] = (), made: str = ""
) -> Response:
    service: Service = request.app.state.service
    shown = snapshot(request) if who.may(Permission.READ_OWN_FIGURES) else None
    found = find_own(service, who, shown.kept) if shown is not None else None
    own = shown.writer.figure(found.result) if shown is not None and found is not None else None
    tokens = None
    if who.may(Permission.OWN_TOKENS):
        now = service.now()
        every = (token_seen(one) for one in service.sessions.tokens(who.account_id))
        tokens = tuple(
            one for one in every if one.revoked_at is None and (one.expires_at is None or one.expires_at > now)
        )
    it = Mine(
        role=ROLES[who.role],
        own=own,
        what=about(shown, found.measure) if shown is not None and found is not None else None,
        contacts=shown.writer.notation.count(found.contacts) if shown is not None and found is not None else "",
        may_choose=who.may(Permission.OWN_ACCOUNT),
        sessions=_sessions(request, who) if who.may(Permission.OWN_ACCOUNT) else (),
        tokens=tokens,
        permissions=tuple(sorted(who.permissions)),
        made=made,
        said=said,
        wrong=wrong,
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "me", place=PLACE, stamp=shown.stamp if own and shown else None, status=status, it=it)


def _sessions(request: Request, who: Principal) -> tuple[tuple[api.OpenSession, str], ...]:
    say = sentences(viewer(request).language).gettext
    return tuple((one, browser_words(one.device, say)) for one in api.sessions(request, who))


def _tried(request: Request, who: Principal, do: Any, said: str) -> Response:
    """What comes of a form: the page anew, with what was done or what is wrong."""
    try:
        do()
    except FirstcontactError as error:
        return _page(request, who, wrong=wrongs(error, request))
    return on("/me", said)


@router.post("/me/choice")
def choose(
    request: Request,
    who: Owner,
    name: Text = "",
    language: Text = "",
    zone: Text = "",
    theme: Annotated[Theme, Form()] = "auto",
) -> Response:
    """Change one's own name and how pages look. What is empty follows the browser."""
    choice = {"name": name.strip(), "language": language or None, "zone": zone.strip() or None}
    response = _tried(request, who, lambda: api.choose(request, asked(api.Choice, **choice), who), "chosen")
    if response.status_code == HTTPStatus.SEE_OTHER:
        secure = request.app.state.service.settings.secure
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, path="/", secure=secure, samesite="lax")
    return response


@router.post("/me/password")
def change_password(request: Request, who: InPerson, current: Text = "", new: Text = "") -> Response:
    """Change one's own password; every other session ends."""
    return _tried(
        request,
        who,
        lambda: api.set_password(request, asked(api.NewPassword, current=current, new=new), who),
        "password",
    )


@router.post("/me/sessions/{session_id}/end")
def end_session(request: Request, who: Owner, session_id: str) -> Response:
    """End one of one's own sessions."""
    return _tried(request, who, lambda: api.end_session(request, session_id, who), "ended")


@router.post("/me/tokens")
def add_token(
    request: Request,
    who: TokenMaker,
    name: Annotated[str, Form(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")],
    may: Annotated[list[Permission], Form(max_length=100)],
    days: Annotated[Literal["30", "90", "365"], Form()] = "90",
) -> Response:
    """Make a token; its secret stands on the page that answers, and nowhere else."""
    try:
        made = make_token(request, asked(NewToken, name=name, permissions=may, days=int(days)), who)
    except FirstcontactError as error:
        return _page(request, who, wrong=wrongs(error, request))
    request.state.again = "/me?said=shown"
    return _page(request, who, made=made.token)


@router.post("/me/tokens/{token_id}/end")
def end_token(request: Request, who: TokenOwner, token_id: str) -> Response:
    """End one of one's own tokens."""
    return _tried(request, who, lambda: revoke_token(request, token_id, who), "ended")


@router.post("/me/toured")
def toured(request: Request, _who: Owner) -> Response:
    """Be shown around no more, on this device."""
    response = on("/")
    secure = request.app.state.service.settings.secure
    response.set_cookie(TOUR_COOKIE, "yes", max_age=YEAR, path="/", secure=secure, samesite="lax")
    return response
