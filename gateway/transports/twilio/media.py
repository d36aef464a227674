"""Pictures and files of text messages, downloaded over HTTP from the URLs in a message.

A message may name any URL, so it must never reach anything inside the network. The first URL must be of a configured
host. Every URL other than the provider's and the application's must be https and resolve to public addresses, and the
connection goes to the address that was checked. The account's credentials go only to the provider's media.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Self

import httpx

from gateway.core.messages.media import MAX_FILE_SIZE, TIMEOUT, TOO_LARGE, UNREADABLE, MediaResult

REDIRECTS = 3
_REFUSED = MediaResult(failed=UNREADABLE)
_LATER = MediaResult(failed=UNREADABLE, again=True)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_RETRY_STATUSES = frozenset({404, 408, 409, 425, 429})  # the message may arrive before its picture is available
_TRANSLATED = ip_network("64:ff9b::/32")  # NAT64 addresses, which contain an arbitrary IPv4 address
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host. Raises OSError."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, from the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, proto=6)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def is_public(address: str) -> bool:
    """Whether an address is on the public internet and contains no other address."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in _TRANSLATED):
        return False
    return ip.is_global and not ip.is_multicast


class MediaClient:
    """See gateway.ports.channels.MediaFetcher. Use as a context manager.

    `api_base`: the provider, which gets the credentials; `app_url`: the application; `hosts`: other hosts that may
    hold media of the district's messages; `seconds`: time-out of one download, redirects included.
    """

    def __init__(
        self, *, account_sid: str, auth_token: str, api_base: str, app_url: str, hosts: Sequence[str] = (),
        seconds: float = 12.0, resolve: Resolve = resolve_host, public: Callable[[str], bool] = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._login = (account_sid, auth_token)
        self._provider = _origin(httpx.URL(api_base))
        self._own = {self._provider} | ({_origin(httpx.URL(app_url))} if app_url else set())
        self._hosts = frozenset(host.lower() for host in hosts)
        self._seconds, self._resolve, self._public = seconds, resolve, public
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, 5.0)), verify=tls or True, trust_env=False,
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=4),
            headers={"User-Agent": "chaperone", "Accept-Encoding": "identity"},
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def fetch(self, url: str) -> MediaResult:
        """See gateway.ports.channels.MediaFetcher."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetch(httpx.URL(url))
        except (TimeoutError, httpx.TimeoutException):
            return MediaResult(failed=TIMEOUT, again=True)
        except httpx.InvalidURL:
            return _REFUSED
        except (OSError, httpx.HTTPError):
            return _LATER

    async def _fetch(self, url: httpx.URL) -> MediaResult:
        if _origin(url) not in self._own and url.host.lower() not in self._hosts:
            return _REFUSED
        for _ in range(1 + REDIRECTS):
            request = await self._request(url)
            if request is None:
                return _REFUSED
            response = await self._http.send(request, stream=True)
            try:
                if response.status_code not in _REDIRECT_STATUSES:
                    return await _read(response)
                url = url.join(response.headers.get("location", ""))
            finally:
                await response.aclose()
        return _REFUSED

    async def _request(self, url: httpx.URL) -> httpx.Request | None:
        """The request for a URL, None if it must not be made."""
        if not url.host or url.userinfo:
            return None
        own = _origin(url)
        if own in self._own:
            request = self._http.build_request("GET", url)
            if own == self._provider and "/Media/" in url.path and "/.." not in url.path:
                return next(httpx.BasicAuth(*self._login).auth_flow(request))
            return request
        if url.scheme != "https":
            return None
        addresses = await self._resolve(url.host, url.port or 443)
        if not addresses or not all(map(self._public, addresses)):
            return None
        return self._http.build_request(
            "GET", url.copy_with(host=addresses[0]), headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )  # fmt: skip


async def _read(response: httpx.Response) -> MediaResult:
    if response.status_code != 200:
        retry = response.status_code >= 500 or response.status_code in _RETRY_STATUSES
        return _LATER if retry else _REFUSED
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return _REFUSED  # compressed although not requested: it may expand to any size
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > MAX_FILE_SIZE:
            return MediaResult(failed=TOO_LARGE)
    if not content:
        return _LATER
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return MediaResult(kind if _TYPE.fullmatch(kind) else "application/octet-stream", bytes(content))


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host.lower(), url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
