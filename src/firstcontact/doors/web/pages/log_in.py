"""Log in by the form or by single sign-on, set a password by a code, and log out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from firstcontact.doors.api.permit import Permit, is_open
from firstcontact.doors.api.problem import not_there
from firstcontact.doors.api.rate import client_address
from firstcontact.doors.api.routes.session import begin, end
from firstcontact.doors.web.page import page
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.access import Permission, Principal
from firstcontact.services.log_in import log_in, reset_password
from firstcontact.services.password import PASSWORD_WEAK
from firstcontact.services.service import Service
from firstcontact.services.sign_on import LIFE, Provider, begin_sign_on, end_sign_on, safe_path

router = APIRouter(include_in_schema=False, tags=["pages"])

Text = Annotated[str, Form(max_length=1000)]
Asked = Annotated[str, Query(max_length=4000)]


@router.get("/login")
@is_open
def ask_log_in(
    request: Request,
    next: Asked = "/",  # noqa: A002 - as forms call it
    said: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    """The form to log in."""
    return _log_in_page(request, next, said)


def _log_in_page(request: Request, path: str, said: str, email: str = "", status: int = 200) -> HTMLResponse:
    service: Service = request.app.state.service
    return page(
        request,
        "login",
        status=status,
        next=safe_path(path),
        said=said,
        email=email,
        single_sign_on=service.provider is not None,
    )


@router.post("/login")
@is_open
def take_log_in(
    request: Request,
    email: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - as forms call it
) -> Response:
    """Log in by the form."""
    service: Service = request.app.state.service
    try:
        account = log_in(
            service.accounts,
            service.sessions,
            service.passwords,
            email=email,
            password=password,
            place=client_address(request.scope, service.settings.proxies),
            now=service.now(),
        )
    except FirstcontactError as error:
        if error.faults[0].kind.code != "FC9203":
            raise
        return _log_in_page(request, next, "failed", email[:200], HTTPStatus.UNAUTHORIZED)
    response = _on(safe_path(next))
    begin(request, response, account, "password")
    return response


@router.post("/logout")
def log_out(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Response:
    """Log out by the form."""
    response = _on("/login?said=out")
    end(request, response, who)
    return response


@router.get("/password")
@is_open
def ask_password(request: Request) -> HTMLResponse:
    """The form to set a password by a code."""
    return page(request, "password", said="")


@router.post("/password")
@is_open
def take_password(request: Request, code: Text = "", new: Text = "") -> Response:
    """Set a password by the form."""
    service: Service = request.app.state.service
    try:
        reset_password(service.sessions, service.passwords, token=code.strip(), new=new, now=service.now())
    except FirstcontactError as error:
        found = error.faults[0].kind.code
        if found not in {"FC9203", PASSWORD_WEAK.code}:
            raise
        said = "weak" if found == PASSWORD_WEAK.code else "failed"
        return page(request, "password", status=HTTPStatus.UNPROCESSABLE_ENTITY, said=said)
    return _on("/login?said=password")


@router.get("/sso/start")
@is_open
def begin_elsewhere(request: Request, next: Asked = "/") -> Response:  # noqa: A002 - as forms call it
    """Go to the single sign-on provider."""
    service: Service = request.app.state.service
    try:
        address, state = begin_sign_on(
            service.sessions, _provider(service), path=next, back=_back(service), now=service.now()
        )
    except FirstcontactError as error:
        return _sign_on_page(request, error)
    response = _on(address)
    secure = service.settings.secure
    response.set_cookie(
        _sign_on_cookie(secure),
        state,
        max_age=int(LIFE.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/sso/callback")
@is_open
def end_elsewhere(request: Request, state: Asked = "", code: Asked = "", iss: Asked = "") -> Response:
    """Come back from the single sign-on provider."""
    service: Service = request.app.state.service
    name = _sign_on_cookie(service.settings.secure)
    try:
        account, path = end_sign_on(
            service.accounts,
            service.sessions,
            _provider(service),
            state=state,
            kept=request.cookies.get(name),
            code=code,
            issuer=iss or None,
            back=_back(service),
            now=service.now(),
        )
    except FirstcontactError as error:
        response: Response = _sign_on_page(request, error)
    else:
        response = _on(path)
        begin(request, response, account, "single sign-on")
    response.delete_cookie(name, path="/", secure=service.settings.secure, httponly=True, samesite="lax")
    return response


def _provider(service: Service) -> Provider:
    if service.provider is None:
        raise not_there("single sign-on")
    return service.provider


def _sign_on_page(request: Request, error: FirstcontactError) -> HTMLResponse:
    if error.faults[0].kind.code != "FC9209":
        raise error
    return _log_in_page(request, "/", "sign_on", status=HTTPStatus.UNAUTHORIZED)


def _back(service: Service) -> str:
    # From the settings, never from the request: a foreign Host header must not decide where codes are sent.
    return f"{service.settings.url}/sso/callback"


def _sign_on_cookie(secure: bool) -> str:
    return "__Host-firstcontact-sign-on" if secure else "firstcontact-sign-on"


def _on(place: str) -> Response:
    """Go on to another page, by GET."""
    return RedirectResponse(place, status_code=HTTPStatus.SEE_OTHER)
