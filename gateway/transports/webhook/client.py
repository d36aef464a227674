"""Signed requests to the receiver of the webhook."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import httpx

from gateway.core.notices.urgent_notice import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    webhook_signature,
)
from gateway.ports.urgency import WebhookNotice


class WebhookClient:
    """See gateway.ports.urgency.WebhookReceiver. Use as a context manager. `seconds`: time-out of one request."""

    def __init__(self, url: str, secret: str, *, seconds: float = 10.0) -> None:
        self._url, self._secret, self._seconds = url, secret, seconds
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, 5.0)),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=4),
            headers={"User-Agent": "chaperone", "Content-Type": "application/json"},
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, notice: WebhookNotice, now: float) -> str:
        """See gateway.ports.urgency.WebhookReceiver. A receiver takes a notice with a status from 200 to 299."""
        body, timestamp = notice.body.encode(), str(int(now))
        headers = {
            ID_HEADER: notice.id,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: webhook_signature(self._secret, timestamp, body),
        }
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._http.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return "" if answer.is_success else f"status_{answer.status_code}"
        except (httpx.TimeoutException, TimeoutError):
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"
