"""Security headers of every response, the client's address behind proxies, and limits on requests."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.web.errors import Problem
from gateway.console.web.rate_limit import RateLimiter

MAX_REQUEST_BYTES = 64 << 10
MAX_UPLOAD_BYTES = 49 << 20
_UPLOADS = frozenset({"/administration/roster/upload", "/api/v1/roster/imports"})
"""Paths that take a file: their routes check who asks before they read it."""
Network: TypeAlias = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MESSAGE_CONTENT_POLICY = (
    "default-src 'none'; sandbox; style-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of pages that show message content: no scripts, nothing loaded, no origin."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send forms with the origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class SecurityMiddleware:
    """Wraps the console's ASGI application."""

    def __init__(
        self, app: ASGIApp, https: bool, rate_limiter: RateLimiter | None = None, proxies: Sequence[Network] = LOOPBACK
    ) -> None:  # fmt: skip
        self._app = app
        self._proxies = proxies
        self._rate_limiter = rate_limiter or RateLimiter()
        self._headers = {
            **_HEADERS,
            **({"Strict-Transport-Security": "max-age=31536000"} if https else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["client"] = self._client(scope)  # the real client, for everything behind this
        static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
                if static:  # the sandboxed frame of a message's HTML has no origin and loads its style from here
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                framed = "frame-ancestors 'self'" in headers["Content-Security-Policy"]
                headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
                headers.setdefault("Cache-Control", "public, max-age=3600" if static else "no-store")
            await send(message)

        if not static and (seconds := self._rate_limiter.wait(scope["client"][0])):
            await _too_many(seconds)(scope, receive, send_with_headers)
            return
        limit = MAX_UPLOAD_BYTES if scope["path"] in _UPLOADS and scope["method"] == "POST" else MAX_REQUEST_BYTES
        if _content_length(scope["headers"]) > limit:
            await _too_large().response()(scope, receive, send_with_headers)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large()
            return message

        await self._app(scope, receive_limited, send_with_headers)

    def _client(self, scope: Scope) -> tuple[str, int]:
        """The client's address: the last one in X-Forwarded-For that is not a trusted proxy's.

        Each proxy appends the address that connected to it.
        """
        host, port = scope.get("client") or ("", 0)
        values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        forwarded = [address.strip() for address in ",".join(values).split(",") if address.strip()]
        while forwarded and self._is_proxy(host):
            host = forwarded.pop()[:64]
        return host, port

    def _is_proxy(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _content_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    value = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(value) if value.isdigit() else 0


def _too_many(seconds: float) -> ASGIApp:
    retry_after = str(math.ceil(seconds))
    return Problem(429, "Too many requests: wait a moment.", headers={"Retry-After": retry_after}).response()


def _too_large() -> Problem:
    return Problem(413, "The request is too large.")
