"""The Twilio relay over HTTP: the provider's webhooks, and a compatible API for the district's applications."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.core.channels.twilio import (
    JSON,
    SETTINGS,
    SIGNATURE,
    FormKind,
    parse_form,
    parse_json_form,
    verify_signature,
)
from gateway.core.messages.refusal import Refused
from gateway.ports.channels import HopDown, HttpAnswer
from gateway.relays.twilio.answers import error_answer
from gateway.relays.twilio.api import ROOT, TwilioApi
from gateway.relays.twilio.context import TwilioConfig, TwilioContext
from gateway.relays.twilio.webhooks import TwilioWebhooks

__all__ = ["TwilioConfig", "TwilioContext", "TwilioRelay"]

MESSAGES, STATUS = "/webhooks/twilio/messages", "/webhooks/twilio/status"
_HEADERS = {401: {"WWW-Authenticate": 'Basic realm="Twilio API"'}, 503: {"Retry-After": "30"}}
_TOKENS = ("i-twilio-idempotency-token", "idempotency-key")


class TwilioRelay:
    """Listens on bound sockets while entered. On exit it accepts no new requests and finishes running ones."""

    def __init__(self, context: TwilioContext, sockets: Sequence[socket.socket]) -> None:
        config = context.config
        self._context, self._webhooks, self._api = context, TwilioWebhooks(context), TwilioApi(context)
        self._sockets = list(sockets)
        settings = uvicorn.Config(
            self._application, interface="asgi3", lifespan="off", log_config=None, access_log=False,
            server_header=False, limit_concurrency=config.max_requests, timeout_graceful_shutdown=int(config.drain),
        )  # fmt: skip
        self._server = _UvicornServer(settings)
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets))
        while not self._server.started:
            if self._serving.done():
                await self._serving
                raise RuntimeError("the server ended before it started to listen")
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. An unexpected error fails only this request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            self._context.event_log.request_refused(refused.reason)
            answer = error_answer(503)
        except HopDown:
            self._context.event_log.request_refused("next_hop_down")
            answer = error_answer(502)
        except ClientDisconnect:
            return
        except Exception:  # noqa: BLE001 - the relay's edge: an unexpected error is a temporary refusal
            self._context.event_log.unexpected_failure("sms")
            answer = error_answer(503)
        headers = _HEADERS.get(answer.status, {})
        await Response(answer.content, answer.status, headers, answer.kind or None)(scope, receive, send)

    async def _answer(self, request: Request) -> HttpAnswer:
        path = request.url.path
        if path in (MESSAGES, STATUS):
            return await self._webhook(request)
        if path.startswith(ROOT):
            if not self._api.is_authorized(request.headers.get("authorization", "")):
                self._context.event_log.request_refused("credentials")
                return error_answer(401)
            content = await self._content(request)
            if content is None:
                return error_answer(413)
            token = next((value for name in _TOKENS if (value := request.headers.get(name, ""))), "")
            kind = request.headers.get("content-type", "")
            return await self._api.answer(request.method, path, request.url.query, content, kind, token)
        return error_answer(404)

    async def _webhook(self, request: Request) -> HttpAnswer:
        if request.method != "POST":
            return error_answer(405)
        content = await self._content(request)
        if content is None:
            return error_answer(413)
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
        form = parse_json_form(content) if is_json else parse_form(content)
        query = request.url.query
        if form is None:
            self._context.event_log.request_refused("form")
            return error_answer(400)
        config = self._context.config
        settings = request.headers.get(SETTINGS, "")
        signed = verify_signature(
            (config.webhook_secret if settings else "") or config.auth_token,
            f"{config.public_url.rstrip('/')}{request.url.path}" + (f"?{query}" if query else ""),
            request.headers.get(SIGNATURE, ""), form=form, content=content if is_json else None, settings=settings,
        )  # fmt: skip
        if not signed:
            self._context.event_log.request_refused("signature")
            return error_answer(403, 20003, "Forbidden")
        kind: FormKind = "json" if is_json else "form"
        if request.url.path == STATUS:
            return await self._webhooks.status(form, kind, query)
        return await self._webhooks.message(form, kind)

    async def _content(self, request: Request) -> bytes | None:
        """The body of a request, None if it is too large or too slow."""
        pieces, size = [], 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._context.config.body_timeout):
                async for piece in request.stream():
                    size += len(piece)
                    if size > self._context.config.max_content:
                        return None
                    pieces.append(piece)
            return b"".join(pieces)
        return None


class _UvicornServer(uvicorn.Server):
    """A uvicorn server that does not handle signals: the process does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield
