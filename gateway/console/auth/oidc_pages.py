"""Signing in by the district's service: the way there and back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import Authenticator
from gateway.console.auth.oidc import BACK, Errand, ServiceError, SignInService
from gateway.console.auth.sign_in_pages import onward_to, sign_in_form
from gateway.console.service import Desk
from gateway.console.web.errors import Problem, not_found

service_pages = APIRouter(include_in_schema=False)

_MINUTES = 600


def _service(request: Request) -> SignInService:
    service: SignInService | None = request.app.state.service
    if service is None:
        raise not_found()
    return service


def _cookie(request: Request) -> str:
    desk: Desk = request.app.state.desk
    return ("__Host-" if desk.house.https else "") + "chaperone-errand"


async def _failed(request: Request, error: ServiceError) -> Response:
    desk: Desk = request.app.state.desk
    desk.event_log.sign_in_service_failed(str(error))
    return await sign_in_form(
        request, "Your district's sign-in service did not let you in just now. Try once more; if it goes on, tell "
        "whoever runs this gateway.", 502, "/",
    )  # fmt: skip


@service_pages.get("/sign-in/service")
async def there(request: Request) -> Response:
    """Send the browser to the service, with a question of its own."""
    service, desk = _service(request), request.app.state.desk
    errand = Errand.new(onward_to(request.query_params.get("next", "")))
    try:
        response = RedirectResponse(await service.way_there(errand), 303)
    except ServiceError as error:
        return await _failed(request, error)
    response.set_cookie(
        _cookie(request), errand.text(), max_age=_MINUTES, path="/", secure=desk.house.https, httponly=True,
        samesite="lax",  # the browser comes back from another site
    )  # fmt: skip
    return response


@service_pages.get(BACK)
async def back(request: Request) -> Response:
    """The browser comes back: sign in whom the service vouches for."""
    service, desk = _service(request), request.app.state.desk
    door: Authenticator = request.app.state.door
    errand = Errand.read(request.cookies.get(_cookie(request), ""))
    try:
        if errand is None:
            raise ServiceError("the browser carries no question of ours")
        vouched = await service.came_back(errand, request.query_params)
        secret = await door.vouched_for(request, vouched)
    except ServiceError as error:
        response = await _failed(request, error)
    except Problem as problem:
        response = await sign_in_form(request, problem.detail, problem.status, "/")
    else:
        response = RedirectResponse(onward_to(errand.onward), 303)
        door.keep(request, response, secret)
    response.delete_cookie(_cookie(request), path="/", secure=desk.house.https, httponly=True, samesite="lax")
    return response
