"""Records requests on pages and in the API: an export runs in the background, and its file can be fetched for a while.

A file stays with the process that wrote it: on disk, without a name. It is gone when the process ends.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

from gateway.console.auth.authorization import Authorization
from gateway.console.records.export import FinishedExport, PersonExport, Subject
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User
from gateway.core.fault import Refusal
from gateway.core.policy.decision import AuditEntry
from gateway.observability.events import EventLog
from gateway.ports.audit import AuditStore
from gateway.ports.clock import StoreClock
from gateway.ports.messages import StoreDown
from gateway.stages.guard import guarded

FILE_SECONDS = 1800.0
"""Seconds for which a finished file can be fetched."""
MAX_KEPT = 5
"""Exports that one process keeps at once."""
_REFUSAL = "Only technology directors answer records requests."
_OWN = "This is about you or your own child: another technology director must do it."

ExportState = Literal["running", "ready", "expired", "failed"]


@dataclass(slots=True)
class RecordsRequest:
    """One export. `done` of `total` messages are written; `expires_at` is None until the file is ready."""

    id: str
    person: str
    name: str
    redact: bool
    by: str
    at: float
    state: ExportState = "running"
    done: int = 0
    total: int = 0
    expires_at: float | None = None
    finished: FinishedExport | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class RecordsService:
    """Records requests for technology directors. Each export and each download is in the audit log."""

    def __init__(
        self, authorization: Authorization, export: PersonExport, clock: StoreClock, audit: AuditStore,
        event_log: EventLog,
    ) -> None:  # fmt: skip
        self._authorization, self._export, self._clock = authorization, export, clock
        self._audit, self._event_log = audit, event_log
        self._requests: dict[str, RecordsRequest] = {}
        self._one_at_a_time = asyncio.Lock()

    async def requests(self, user: User) -> list[RecordsRequest]:
        """The exports that this process has made, the newest first. Raises a Problem."""
        await self._require(user)
        await self._expire()
        return sorted(self._requests.values(), key=lambda request: -request.at)

    async def request(self, user: User, id_: str) -> RecordsRequest:
        """One export. Raises a Problem."""
        await self._require(user)
        await self._expire()
        if id_ not in self._requests:
            raise Problem(404, "There is no such export: it ended, or another process made it. Start a new one.")
        return self._requests[id_]

    async def start(self, user: User, written: str, *, redact: bool) -> RecordsRequest:
        """Start an export. Raises a Problem if nobody is known, or if too many exports are kept."""
        await self._require(user)
        await self._expire()
        if not written:
            raise Problem(422, "Say whose records: a sourcedId, an address or a number.")
        try:
            subject = await self._export.find(written)
        except Refusal:
            raise Problem(422, "Nobody is known by this: give a sourcedId, an address or a number.") from None
        if subject.person.id in self._authorization.family(user):
            raise Problem(403, _OWN)
        kept = [request for request in self._requests.values() if request.state in ("running", "ready")]
        if len(kept) >= MAX_KEPT:
            raise Problem(409, f"{MAX_KEPT} exports are kept already: wait until one of them ends.")
        request = RecordsRequest(
            secrets.token_urlsafe(16), subject.person.id, subject.person.name or written, redact, user.name,
            await self._clock.now(),
        )  # fmt: skip
        self._requests[request.id] = request
        request.task = asyncio.create_task(self._run(request, subject), name="records-export")
        return request

    async def _run(self, request: RecordsRequest, subject: Subject) -> None:
        def progress(done: int, total: int) -> None:
            request.done, request.total = done, total

        async def write() -> None:
            async with self._one_at_a_time:
                request.finished = await self._export.write(
                    subject, request.by, redact=request.redact, progress=progress
                )  # fmt: skip
            request.expires_at = await self._clock.now() + FILE_SECONDS
            request.state = "ready"

        try:
            await guarded("records", self._event_log, write())
        except StoreDown:
            self._event_log.store_lost("records")
        if request.state != "ready":
            request.state = "failed"

    async def download(self, user: User, id_: str) -> tuple[RecordsRequest, int, AsyncIterator[bytes]]:
        """The file of an export: its size, and its pieces. The download is in the audit log. Raises a Problem."""
        request = await self.request(user, id_)
        if request.state != "ready" or request.finished is None:
            raise Problem(409, "The file is not ready, or it has expired: start a new export.")
        detail = {"manifest": request.finished.manifest, "redacted": request.redact}
        entry = AuditEntry(await self._clock.now(), user.name, "records downloaded", request.person, detail)
        await self._audit.record([entry])
        pack = request.finished.pack
        return request, await asyncio.to_thread(pack.size), pack.pieces()

    async def _expire(self) -> None:
        now = await self._clock.now()
        for request in list(self._requests.values()):
            if request.expires_at is not None and request.expires_at <= now and request.finished is not None:
                request.finished.pack.close()
                request.finished, request.state = None, "expired"
            if request.state in ("expired", "failed") and now - request.at > 48 * FILE_SECONDS:
                del self._requests[request.id]

    async def _require(self, user: User) -> None:
        await self._authorization.require_director(user, "records request", _REFUSAL)

    async def close(self) -> None:
        """End exports that are being written, and discard all files."""
        for request in self._requests.values():
            if request.task is not None:
                request.task.cancel()
                await asyncio.wait([request.task])
            if request.finished is not None:
                request.finished.pack.close()
