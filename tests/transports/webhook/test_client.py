"""The webhook: signed requests to a real receiver, which may be down, slow, or refuse."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.observability.events import EventLog
from gateway.ports.store import Store
from gateway.ports.urgency import WebhookNotice
from gateway.stages.urgency.webhooks import Webhooks, retry_delay
from gateway.store import open_store
from gateway.transports.webhook.client import WebhookClient
from tests.contracts.messages import Clock

SECRET = "a secret of the district"
Request = tuple[dict[str, str], bytes]


class Receiver:
    """A receiver of webhooks. `status` is its answer; `requests` are those that it has read."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status, self.port = 204, 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Its URL, while it listens: on the same port every time."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self.url
        finally:
            server.close()
            await server.wait_closed()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        self.requests.append((fields, body))
        writer.write(f"HTTP/1.1 {self.status} Done\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


async def test_request_is_signed_over_timestamp_and_body(receiver: Receiver) -> None:
    async with receiver.listening() as url, WebhookClient(url, SECRET) as client:
        assert await client.send(WebhookNotice("n1", "m1", '{"v":1}'), 1.9e9) == ""
    ((fields, body),) = receiver.requests
    signed = fields["x-chaperone-timestamp"].encode() + b"." + body
    expected = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert (fields["x-chaperone-signature"], fields["x-chaperone-timestamp"]) == (expected, "1900000000")
    assert (fields["x-chaperone-notice"], body) == ("n1", b'{"v":1}')


@pytest.mark.parametrize("status", [301, 400, 404, 410, 500, 503])
async def test_only_success_takes_a_notice(receiver: Receiver, status: int) -> None:
    receiver.status = status
    async with receiver.listening() as url, WebhookClient(url, SECRET) as client:
        assert await client.send(WebhookNotice("n1", "m1", "{}"), 1.9e9) == f"status_{status}"


async def test_silent_receiver_is_given_up() -> None:
    over, ended = asyncio.Event(), asyncio.Event()

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with WebhookClient(url, SECRET, seconds=0.5) as client:
        assert await client.send(WebhookNotice("n1", "m1", "{}"), 1.9e9) == "timeout"
    over.set()
    await ended.wait()
    server.close()
    await server.wait_closed()


async def test_receiver_that_is_down_for_five_minutes_gets_everything_once(receiver: Receiver, tmp_path: Path) -> None:
    clock, count = Clock(), 20
    async with receiver.listening():
        pass  # it has a port now, and does not listen
    async with open_store(f"sqlite:///{tmp_path}/store.db", clock=clock) as store:
        hook = WebhookClient(receiver.url, SECRET)
        async with hook as client:
            senders = [Webhooks(store.webhooks, store.clock, client, EventLog(CollectorRegistry())) for _ in range(2)]

            async def turn(seconds: float) -> None:
                clock.now += seconds
                while any(await asyncio.gather(*(sender.step() for sender in senders))):
                    pass

            for number in range(count):
                await _write(store, number)
                await turn(15)
            assert clock.now - Clock().now >= 300
            assert not receiver.requests
            async with receiver.listening():
                for _ in range(5):
                    await turn(61)
            got = [fields["x-chaperone-notice"] for fields, _ in receiver.requests]
            assert sorted(got) == sorted(f"n{number}" for number in range(count)), "each exactly once"


async def _write(store: Store, number: int) -> None:
    followup = Followup(FollowupKind.URGENT, "m", {})
    await store.reminders.remind([("m", str(number))], lambda _: ([followup], ()))
    ids = [followup.id for followup in await store.followups.claim_due(10, 60)]
    body = json.dumps({"v": 1, "id": number})
    await store.followups.complete(ids, webhooks=[WebhookNotice(f"n{number}", "m", body)])


def test_delays_grow_to_a_minute() -> None:
    delays = [retry_delay(attempts) for attempts in range(1, 12)]
    assert delays[:3] == [2, 4, 8]
    assert delays == sorted(delays)
    assert delays[-1] == 60
