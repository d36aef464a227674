"""Requests to the provider's API and to the district's application, over pooled connections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from gateway.core.channels.twilio import FORM, JSON, SIGNATURE, encode_form, signature
from gateway.core.messages.reply import reply
from gateway.ports.channels import HopDown, HttpAnswer

_TOKEN = "I-Twilio-Idempotency-Token"
_MAX_ANSWER = 1 << 22  # bytes


class TwilioClient:
    """See gateway.ports.channels.SmsPeers. Use as a context manager. `seconds`: time-out of one request."""

    def __init__(
        self, *, account_sid: str, auth_token: str, api_base: str, app_url: str, seconds: float = 15.0
    ) -> None:
        self._login, self._auth_token = (account_sid, auth_token), auth_token
        self._api_base, self._app_url = api_base.rstrip("/"), app_url
        self.account_sid = account_sid
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, 5.0)),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            headers={"User-Agent": "chaperone"},
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def ask(self, method: str, target: str, content: bytes = b"", kind: str = "") -> HttpAnswer:
        """See gateway.ports.channels.SmsPeers."""
        headers = {"Content-Type": kind} if content else {}
        return await self._request(method, self._api_base + target, content, headers, self._login)

    async def hand(self, form: Sequence[tuple[str, str]], kind: str, url: str = "", token: str = "") -> HttpAnswer:
        """See gateway.ports.channels.SmsPeers."""
        url = url or self._app_url
        fields = tuple(form)
        if kind == "json":
            content, content_type = json.dumps(dict(fields)).encode(), JSON
            url = _add_query(url, bodySHA256=hashlib.sha256(content).hexdigest())
            signed = signature(self._auth_token, url)
        else:
            content, content_type = encode_form(fields), FORM
            signed = signature(self._auth_token, url, fields)
        headers = {"Content-Type": content_type, SIGNATURE: signed} | ({_TOKEN: token} if token else {})
        return await self._request("POST", url, content, headers, None)

    async def _request(
        self, method: str, url: str, content: bytes, headers: dict[str, str], login: tuple[str, str] | None
    ) -> HttpAnswer:
        try:
            async with self._http.stream(method, url, content=content, headers=headers, auth=login) as response:
                pieces, size = [], 0
                async for piece in response.aiter_bytes():
                    size += len(piece)
                    if size > _MAX_ANSWER:
                        raise HopDown(reply(451, "4.5.0", "The answer is too large"))
                    pieces.append(piece)
                return HttpAnswer(response.status_code, b"".join(pieces), response.headers.get("content-type", ""))
        except httpx.TimeoutException:
            raise HopDown(reply(451, "4.4.2", "The answer timed out")) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise HopDown(reply(451, "4.4.1", "The connection failed or was lost")) from None


def _add_query(url: str, **fields: str) -> str:
    """The URL with fields added to its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(fields))))))
