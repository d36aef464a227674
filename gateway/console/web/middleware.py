"""What every answer carries so that a browser does nothing with it that we did not mean; how large a request may be,
and how many one client may send."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.console.web.errors import Problem
from gateway.console.web.rate_limit import RateLimiter

LARGEST_REQUEST = 64 << 10
Network: TypeAlias = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FOREIGN = "default-src 'none'; sandbox; style-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
"""The policy of a page that shows what a message carries: it runs nothing, loads nothing and belongs to nobody."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # no-referrer would make browsers send forms with the origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Guarded:
    """The ASGI application around the console's own."""

    def __init__(
        self, app: ASGIApp, https: bool, pace: RateLimiter | None = None, proxies: Sequence[Network] = LOOPBACK
    ) -> None:  # fmt: skip
        self._app = app
        self._proxies = proxies
        self._pace = pace or RateLimiter()
        self._headers = {
            **_HEADERS,
            **({"Strict-Transport-Security": "max-age=31536000"} if https else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["client"] = self._client(scope)  # from here on everybody sees who really asks
        static = scope["path"].startswith("/static/")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", _PAGE)
                if static:  # the frame of a message's HTML, which belongs to nobody, takes its style from there
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                inside = "frame-ancestors 'self'" in headers["Content-Security-Policy"]
                headers["X-Frame-Options"] = "SAMEORIGIN" if inside else "DENY"
                headers.setdefault("Cache-Control", "public, max-age=3600" if static else "no-store")
            await send(message)

        if not static and (seconds := self._pace.wait(scope["client"][0])):
            await _too_many(seconds)(scope, receive, guarded)
            return
        if _length(scope["headers"]) > LARGEST_REQUEST:
            await _too_large()(scope, receive, guarded)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_REQUEST:
                raise Problem(413, "The request is too large.")
            return message

        await self._app(scope, bounded, guarded)

    def _client(self, scope: Scope) -> tuple[str, int]:
        """Where a request comes from: the last address that none of our proxies has, for they append who asked them."""
        host, port = scope.get("client") or ("", 0)
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        before = [each.strip() for each in ",".join(said).split(",") if each.strip()]
        while before and self._is_proxy(host):
            host = before.pop()[:64]
        return host, port

    def _is_proxy(self, host: str) -> bool:
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in each for each in self._proxies)


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    said = next((value for name, value in headers if name == b"content-length"), b"0")
    return int(said) if said.isdigit() else 0


def _too_many(seconds: float) -> ASGIApp:
    after = str(math.ceil(seconds))
    return Problem(429, "Too many requests: wait a moment.", headers={"Retry-After": after}).response()


def _too_large() -> ASGIApp:
    return Problem(413, "The request is too large.").response()
