"""The console's application, and serving it on a socket that is bound already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gateway.console.accounts.api import account_api
from gateway.console.accounts.grant_pages import grant_api, grant_pages
from gateway.console.accounts.pages import account_pages
from gateway.console.accounts.token_pages import token_pages
from gateway.console.auth.authenticator import Authenticator, Rules
from gateway.console.auth.group_sync import Groups
from gateway.console.auth.oidc import SignInService
from gateway.console.auth.oidc_pages import service_pages
from gateway.console.auth.passkey_pages import passkey_pages
from gateway.console.auth.passkeys import Keys
from gateway.console.auth.sign_in_pages import public
from gateway.console.cases.api import case_api
from gateway.console.cases.pages import case_pages
from gateway.console.config import ConsoleConfig
from gateway.console.decisions.api import review_api
from gateway.console.decisions.bulk_api import mailing_api
from gateway.console.decisions.pages import decision_pages
from gateway.console.messages.api import api
from gateway.console.messages.attachments import Files
from gateway.console.messages.pages import pages
from gateway.console.queue.pages import queue_pages
from gateway.console.reports.pages import report_pages
from gateway.console.service import Desk, Store
from gateway.console.templating import Pages
from gateway.console.web.errors import Problem
from gateway.console.web.middleware import SecurityMiddleware
from gateway.console.web.sse import StreamLimiter
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.ports.messages import StoreDown

_STATIC = Path(__file__).parent / "static"
_GRACE = 3
_SERVICE_WITHIN = 10.0


def console_app(desk: Desk, service: SignInService | None = None) -> ASGIApp:
    """Pages and API over a desk; `service`: the district's own, by which people sign in."""
    app = FastAPI(
        title="Chaperone",
        version="1",
        description="Held messages of a school district: look up, read, decide. Every view of content and every "
        "decision is in the audit log.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would send browsers to whatever host a request claims
    )
    app.state.desk = desk
    house = desk.house
    trusted = house.provider.trusted if house.provider else float("inf")
    rules = Rules(house.https, house.second_step == "required", trusted)
    app.state.door = Authenticator(desk.store, desk.register, desk.event_log, rules, Keys.at(house.public_url))
    app.state.service = service
    app.state.streams = StreamLimiter()
    app.state.pages = Pages(desk)
    app.include_router(api)
    app.include_router(review_api)
    app.include_router(case_api)
    app.include_router(mailing_api)
    app.include_router(grant_api)
    app.include_router(account_api)
    app.include_router(grant_pages)
    app.include_router(public)
    app.include_router(queue_pages)
    app.include_router(service_pages)
    app.include_router(account_pages)
    app.include_router(passkey_pages)
    app.include_router(token_pages)
    app.include_router(report_pages)
    app.include_router(pages)
    app.include_router(decision_pages)
    app.include_router(case_pages)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreDown, _store_down)
    app.add_exception_handler(Exception, _failed)  # it is logged all the same
    return SecurityMiddleware(app, desk.house.https, proxies=desk.house.proxies)


def _answer(request: Request, problem: Problem) -> Response:
    """A problem as who asked can read it."""
    if request.url.path.startswith("/api/"):
        return problem.response()
    shown: Pages = request.app.state.pages
    return shown.problem(request, problem)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


async def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"where": [str(each) for each in fault["loc"]], "what": str(fault["msg"])} for fault in error.errors()[:20]
    ]
    return _answer(request, Problem(422, "The request is not as it should be: `faults` says where.", faults=faults))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _answer(request, Problem(error.status_code, detail, headers=error.headers))


async def _store_down(request: Request, error: Exception) -> Response:
    desk: Desk = request.app.state.desk
    desk.event_log.store_lost("console")
    return _answer(request, Problem(503, "The store does not answer; nothing was changed. Try again in a moment."))


async def _failed(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(500, "Something here failed, and it was noted. Try again in a moment."))


class _Server(uvicorn.Server):
    """A server that leaves signals to the process it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the gateway drains its parts itself."""
        yield


async def _read_ahead(desk: Desk) -> None:
    """Read the queue before somebody asks for it."""
    with contextlib.suppress(StoreDown):
        await desk.queue.index()


@asynccontextmanager
async def console(
    bound: socket.socket, store: Store, register: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog,
    house: ConsoleConfig, decided: Callable[[], None], files: Files | None = None,
) -> AsyncIterator[None]:  # fmt: skip
    """Serve the console on a bound socket; on leaving, what is being answered is finished."""
    desk = Desk(store, register, policy, event_log, house, decided, files)
    client = httpx.AsyncClient(timeout=_SERVICE_WITHIN)  # follows no redirect
    service = SignInService(house.provider, client) if house.provider else None
    config = uvicorn.Config(
        console_app(desk, service), log_config=None, access_log=False, lifespan="off", server_header=False, http="h11",
        proxy_headers=False, timeout_graceful_shutdown=_GRACE, timeout_keep_alive=30,
        h11_max_incomplete_event_size=65536,
    )  # fmt: skip
    server = _Server(config)
    serving = asyncio.create_task(server.serve([bound]), name="console")
    beside = [asyncio.create_task(_read_ahead(desk), name="console-queue")]
    if service is not None:
        groups = Groups(store, register, service, event_log)
        beside.append(asyncio.create_task(groups.run(desk.stopping), name="console-groups"))
    try:
        yield  # connections wait on the socket, which listens already, until the server takes them up
    finally:
        desk.stopping.set()
        server.should_exit = True
        await serving
        await asyncio.wait(beside, timeout=_GRACE)  # what a service gave to ask it with may work once: it is kept
        for each in beside:
            each.cancel()
        await asyncio.wait(beside)
        await client.aclose()
