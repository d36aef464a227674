"""Pages to sign in with the district's sign-in service: the redirect there, and the callback."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.oidc import CALLBACK_PATH, AuthorizationRequest, SignInService, SignInServiceError
from gateway.console.auth.sign_in_pages import next_page, sign_in_form
from gateway.console.web.deps import AuthenticatorDep
from gateway.console.web.errors import Problem, not_found

oidc_pages = APIRouter(include_in_schema=False)

_COOKIE_SECONDS = 600


def sign_in_service(request: Request) -> SignInService:
    """The configured service. Raises a Problem without one."""
    service: SignInService | None = request.app.state.sign_in_service
    if service is None:
        raise not_found()
    return service


Service = Annotated[SignInService, Depends(sign_in_service)]


@oidc_pages.get("/sign-in/service")
async def redirect_to_service(request: Request, service: Service, authenticator: AuthenticatorDep) -> Response:
    """Send the browser to the service, with a new authorization request."""
    authorization = AuthorizationRequest.new(next_page(request.query_params.get("next", "")))
    try:
        response = RedirectResponse(await service.authorization_url(authorization), 303)
    except SignInServiceError as error:
        return await _service_failed(request, authenticator, error)
    authenticator.cookies.set_authorization(response, authorization.to_cookie(), _COOKIE_SECONDS)
    return response


@oidc_pages.get(CALLBACK_PATH)
async def callback(request: Request, service: Service, authenticator: AuthenticatorDep) -> Response:
    """The browser comes back: sign in the person that the service vouches for."""
    cookies = authenticator.cookies
    authorization = AuthorizationRequest.from_cookie(cookies.authorization(request))
    try:
        if authorization is None:
            raise SignInServiceError("the browser did not start this sign-in")
        identity = await service.complete(authorization, request.query_params)
        secret = await authenticator.sign_in_with_identity(request, identity)
    except SignInServiceError as error:
        response = await _service_failed(request, authenticator, error)
    except Problem as problem:
        response = await sign_in_form(request, authenticator, "/", problem)
    else:
        response = RedirectResponse(next_page(authorization.onward), 303)
        cookies.set_session(request, response, secret)
    cookies.delete_authorization(response)
    return response


async def _service_failed(
    request: Request, authenticator: AuthenticatorDep, error: SignInServiceError
) -> Response:  # fmt: skip
    authenticator.event_log.sign_in_service_failed(str(error))
    problem = Problem(
        502,
        "The district's sign-in service did not let you in. Try again; if the problem persists, tell the people who "
        "run this gateway.",
    )
    return await sign_in_form(request, authenticator, "/", problem)
