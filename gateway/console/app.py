"""The console's application, and serving it on a socket that is already bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
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
from gateway.console.accounts.grant_api import grant_api
from gateway.console.accounts.grant_pages import grant_pages
from gateway.console.accounts.pages import account_pages
from gateway.console.accounts.passkey_pages import passkey_pages
from gateway.console.accounts.token_pages import token_pages
from gateway.console.administration.account_api import account_administration_api
from gateway.console.administration.account_pages import account_administration_pages
from gateway.console.administration.api import administration_api
from gateway.console.administration.pages import administration_pages
from gateway.console.administration.roster_pages import roster_pages
from gateway.console.audit.api import audit_api
from gateway.console.audit.pages import audit_pages
from gateway.console.auth.authenticator import Authenticator, SignInRules
from gateway.console.auth.group_sync import GroupSync
from gateway.console.auth.oidc import SignInService
from gateway.console.auth.oidc_pages import oidc_pages
from gateway.console.auth.passkeys import RelyingParty
from gateway.console.auth.sign_in_pages import sign_in_pages
from gateway.console.auth.stores import SignInStores
from gateway.console.cases.api import case_api
from gateway.console.cases.pages import case_pages
from gateway.console.config import ConsoleConfig
from gateway.console.decisions.api import decision_api
from gateway.console.decisions.bulk_api import bulk_api
from gateway.console.decisions.bulk_pages import bulk_pages
from gateway.console.decisions.pages import decision_pages
from gateway.console.flags.api import flag_api
from gateway.console.flags.pages import flag_pages
from gateway.console.flags.shadow_api import shadow_api
from gateway.console.flags.shadow_pages import shadow_pages
from gateway.console.help.api import help_api
from gateway.console.help.pages import help_pages
from gateway.console.looks.api import look_api
from gateway.console.looks.pages import look_pages
from gateway.console.messages.api import message_api
from gateway.console.messages.attachments import AttachmentReader
from gateway.console.messages.list_pages import list_pages
from gateway.console.messages.pages import message_pages
from gateway.console.mine.api import mine_api
from gateway.console.mine.pages import mine_pages
from gateway.console.overview.api import overview_api
from gateway.console.overview.pages import overview_pages
from gateway.console.people.api import people_api
from gateway.console.people.pages import people_pages
from gateway.console.personal_accounts.api import personal_account_api
from gateway.console.personal_accounts.pages import personal_account_pages
from gateway.console.policy.api import policy_api
from gateway.console.policy.life_pages import policy_life_pages
from gateway.console.policy.pages import policy_pages
from gateway.console.queue.api import queue_api
from gateway.console.queue.pages import queue_pages
from gateway.console.queue.service import QueueService
from gateway.console.records.api import records_api
from gateway.console.records.pages import records_pages
from gateway.console.reports.api import report_api
from gateway.console.reports.pages import report_pages
from gateway.console.services import Services, build_services
from gateway.console.templating import Pages
from gateway.console.tools.api import tool_api
from gateway.console.tools.pages import tool_pages
from gateway.console.trace.api import trace_api
from gateway.console.trace.pages import trace_pages
from gateway.console.urgency.api import urgency_api
from gateway.console.urgency.pages import urgency_pages
from gateway.console.web.api_page import api_page
from gateway.console.web.errors import Problem
from gateway.console.web.middleware import SecurityMiddleware
from gateway.console.web.sse import StreamLimiter
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.policy import Policy
from gateway.observability.events import EventLog
from gateway.ports.content import ContentParser
from gateway.ports.directory_accounts import RosterAdministration
from gateway.ports.messages import StoreDown
from gateway.ports.store import Store

_ROUTERS = (
    queue_api, message_api, decision_api, bulk_api, help_api, flag_api, shadow_api, urgency_api, look_api, mine_api,
    administration_api, account_administration_api, trace_api, audit_api, case_api, report_api, overview_api,
    overview_pages, records_api, records_pages, policy_api, policy_life_pages, grant_api, personal_account_api,
    people_api, tool_api, account_api, queue_pages, message_pages, list_pages, decision_pages, bulk_pages, help_pages,
    flag_pages, shadow_pages, urgency_pages, look_pages, mine_pages, administration_pages, account_administration_pages,
    roster_pages, trace_pages, audit_pages, policy_pages, case_pages, report_pages, grant_pages, personal_account_pages,
    people_pages, tool_pages, account_pages, passkey_pages, token_pages, sign_in_pages, oidc_pages, api_page,
)  # fmt: skip
_ROUTES = [route for router in _ROUTERS for route in router.routes]  # analyzed once, not for each application
_STATIC = Path(__file__).parent / "static"
_SHUTDOWN_SECONDS = 3
_SIGN_IN_SERVICE_TIMEOUT = 10.0
_MAX_FAULTS = 20
_WARM_EVERY = 30.0


def console_app(
    services: Services, authenticator: Authenticator, sign_in_service: SignInService | None = None
) -> ASGIApp:
    """Pages and API over services; `sign_in_service` is the district's own."""
    config = services.config
    app = FastAPI(
        title="Chaperone",
        version="1",
        description="Held messages of a school district: look up, read, decide. Every view of content and every "
        "decision is in the audit log.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        routes=[*_ROUTES],
        redirect_slashes=False,  # a redirect would go to whatever host a request names
    )
    app.state.services = services
    app.state.authenticator = authenticator
    app.state.sign_in_service = sign_in_service
    app.state.streams = StreamLimiter()
    app.state.pages = Pages(config, services.policy)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(StoreDown, _store_down)
    app.add_exception_handler(Exception, _unexpected_error)  # Starlette logs it too
    return SecurityMiddleware(app, config.https, proxies=config.proxies)


def build_authenticator(
    store: Store, directory: ConsoleDirectory, event_log: EventLog, config: ConsoleConfig
) -> Authenticator:  # fmt: skip
    """The authenticator of a console."""
    role_lifetime = config.provider.trusted if config.provider else float("inf")
    rules = SignInRules(config.https, config.second_step == "required", role_lifetime)
    relying_party = RelyingParty.at(config.public_url)
    return Authenticator(SignInStores.of(store), directory, event_log, rules, relying_party)


def _respond(request: Request, problem: Problem) -> Response:
    """A problem as JSON for the API, as a page for browsers."""
    if request.url.path.startswith("/api/"):
        return problem.response()
    pages: Pages = request.app.state.pages
    return pages.problem(request, problem)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _respond(request, error)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"where": [str(step) for step in fault["loc"]], "what": str(fault["msg"])}
        for fault in error.errors()[:_MAX_FAULTS]
    ]
    return _respond(request, Problem(422, "The request is not valid: `faults` says where.", faults=faults))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _respond(request, Problem(error.status_code, detail, headers=error.headers))


async def _store_down(request: Request, error: Exception) -> Response:
    services: Services = request.app.state.services
    services.event_log.store_lost("console")
    return _respond(request, Problem(503, "The store does not answer, and nothing was changed. Try again in a moment."))


async def _unexpected_error(request: Request, error: Exception) -> Response:
    return _respond(request, Problem(500, "Something failed here, and it was logged. Try again in a moment."))


class _Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: the gateway stops its parts itself."""
        yield


async def _keep_warm(queues: Sequence[QueueService], stopping: asyncio.Event) -> None:
    """Read the queues before the first request needs them, and follow their changes while nobody looks."""
    while not stopping.is_set():
        for queue in queues:
            with contextlib.suppress(StoreDown):
                await queue.warm_up()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _WARM_EVERY)


@asynccontextmanager
async def console(
    bound: socket.socket, store: Store, directory: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog,
    config: ConsoleConfig, decided: Callable[[], None], files: AttachmentReader | None = None,
    reader: ContentParser | None = None, roster: RosterAdministration | None = None,
) -> AsyncIterator[None]:  # fmt: skip
    """Serve the console on a bound socket. On exit, requests that are in progress are finished."""
    authenticator = build_authenticator(store, directory, event_log, config)
    services = build_services(
        store, directory, policy, event_log, config, authenticator, decided, files, reader, roster
    )  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(services.roster.close)
        sign_in_service = None
        if config.provider is not None:  # its client follows no redirect
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=_SIGN_IN_SERVICE_TIMEOUT))
            sign_in_service = SignInService(config.provider, client)
        server = _Server(_server_config(console_app(services, authenticator, sign_in_service)))
        serving = asyncio.create_task(server.serve([bound]), name="console")
        queues = [services.queue, *services.flags.queues]
        background = [asyncio.create_task(_keep_warm(queues, services.stopping), name="console-queue")]
        if sign_in_service is not None:
            groups = GroupSync(SignInStores.of(store), directory, sign_in_service, event_log)
            background.append(asyncio.create_task(groups.run(services.stopping), name="console-groups"))
        try:
            yield  # the socket listens already: connections wait until the server accepts them
        finally:
            services.stopping.set()
            await services.records.close()
            server.should_exit = True
            await serving
            await asyncio.wait(background, timeout=_SHUTDOWN_SECONDS)  # a refresh token that works once must be stored
            for task in background:
                task.cancel()
            await asyncio.wait(background)


def _server_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, http="h11", proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS, timeout_keep_alive=30, h11_max_incomplete_event_size=65536,
    )  # fmt: skip
