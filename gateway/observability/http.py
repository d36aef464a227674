"""Monitoring: what Prometheus and an orchestrator ask of this process, at /metrics, /healthz and /readyz.

A `serve` that receives mail in several processes shows the metrics of all of them as one: its children report what they
counted, and what an ended child had counted stays counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import chain
from socket import socket
from typing import Protocol

import h11
from prometheus_client import Metric, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

from gateway.ports.bus import BusDown
from gateway.ports.messages import StoreDown

_IDLE = 90.0  # seconds; Prometheus keeps a connection open from one scrape to the next
_CHECK = 5.0  # seconds that a part has to say whether it is up
_FRAME = struct.Struct("!I")
_ADDED_UP = frozenset({"chaperone_smtp_sessions"})  # every other gauge measures what all processes share

Check = Callable[[], Awaitable[bool]]


class Source(Protocol):
    """Where metrics come from: a CollectorRegistry, or Processes over one."""

    def collect(self) -> Iterable[Metric]:
        """Every metric as it stands."""


def merged(own: Iterable[Metric], children: Iterable[Iterable[Metric]] = ()) -> Iterator[Metric]:
    """Counters and histograms of all processes added up; of shared gauges the own value, where there is one."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for metric in chain(own, *children):
        families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
        known = values.setdefault(metric.name, {})
        adds_up = metric.type != "gauge" or metric.name in _ADDED_UP
        for sample in metric.samples:
            if sample.name.endswith("_created"):
                continue  # one more series for each, and nobody asks for it
            key = (sample.name, tuple(sample.labels.items()))
            if key not in known or adds_up:
                known[key] = known.get(key, 0.0) + sample.value
    for name, family in families.items():
        for (sample_name, labels), value in values[name].items():
            family.add_sample(sample_name, dict(labels), value)
        yield family


class Processes:
    """The metrics of this process and of its children as one."""

    def __init__(self, own: Source) -> None:
        self._own = own
        self._children: dict[int, list[Metric]] = {}
        self._past: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """Every metric as it stands, over all processes."""
        return merged(self._own.collect(), [*self._children.values(), self._past])

    async def listen(self, child: int, reader: asyncio.StreamReader) -> None:
        """Take in what a child reports until its stream ends; then its counts stay and its gauges go."""
        try:
            while True:
                (size,) = _FRAME.unpack(await reader.readexactly(_FRAME.size))
                text = (await reader.readexactly(size)).decode()
                self._children[child] = list(text_string_to_metric_families(text))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            counted = [metric for metric in self._children.pop(child, []) if metric.type != "gauge"]
            self._past = list(merged(self._past, [counted]))


async def report(own: Source, writer: asyncio.StreamWriter, every: float = 1.0) -> None:
    """In a child: send what it has counted every so many seconds until cancelled, and a last time then.

    Returns when the parent is gone.
    """

    async def send() -> None:
        text = generate_latest(Processes(own))
        writer.write(_FRAME.pack(len(text)) + text)
        await writer.drain()

    with contextlib.suppress(ConnectionError):
        try:
            while True:
                await send()
                await asyncio.sleep(every)
        finally:
            await send()


@contextlib.asynccontextmanager
async def monitoring(
    listen: str | socket, metrics: Source, ready: Mapping[str, Check]
) -> AsyncIterator[tuple[str, int]]:
    """Serve /metrics, /healthz and /readyz on "host:port" or a bound socket; gives the address listened on.

    `ready` has a check for each part that this process needs (its listeners, its store); a check that fails, takes
    longer than 5 s or finds its peer down makes /readyz a 503 that names the part. Raises OSError when the address is
    taken.
    """
    connections: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):  # a peer that is gone or idle, or our own end
            await _converse(reader, writer, metrics, ready)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    if isinstance(listen, socket):
        server = await asyncio.start_server(answer, sock=listen)
    else:
        host, _, port = listen.rpartition(":")
        server = await asyncio.start_server(answer, host.strip("[]"), int(port))
    try:
        bound = server.sockets[0].getsockname()
        yield bound[0], bound[1]
    finally:
        server.close()
        for connection in tuple(connections):
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, metrics: Source, ready: Mapping[str, Check]
) -> None:
    """Answer one connection's requests, one after the other."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=16384)
    while True:
        request: h11.Request | None = None
        try:
            async with asyncio.timeout(_IDLE):
                request = await _request(http, reader)
            if request is None:
                return
            status, kind, content = await _answer(request, metrics, ready)
        except h11.RemoteProtocolError as error:
            if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return
            status, kind, content = error.error_status_hint, "text/plain; charset=utf-8", b"not understood\n"
        fields = [("Content-Type", kind), ("Content-Length", str(len(content)))]
        writer.write(http.send(h11.Response(status_code=status, headers=fields)) or b"")
        if request is None or request.method != b"HEAD":
            writer.write(http.send(h11.Data(data=content)) or b"")
        writer.write(http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        if http.our_state is h11.MUST_CLOSE or http.their_state is not h11.DONE:
            return
        http.start_next_cycle()


async def _request(http: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """The next request, what it carries thrown away; None when the peer is done."""
    request: h11.Request | None = None
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(4096))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.EndOfMessage):
            return request
        elif isinstance(event, h11.ConnectionClosed):
            return None


async def _answer(request: h11.Request, metrics: Source, ready: Mapping[str, Check]) -> tuple[int, str, bytes]:
    """Status, content type and content for a request."""
    text = "text/plain; charset=utf-8"
    if request.method not in (b"GET", b"HEAD"):
        return 405, text, b"only GET\n"
    match request.target.partition(b"?")[0]:
        case b"/metrics":
            accept = next((value for name, value in request.headers if name == b"accept"), b"")
            encode, kind = choose_encoder(accept.decode("latin-1"))
            return 200, kind, encode(Processes(metrics))
        case b"/healthz":
            return 200, text, b"ok\n"
        case b"/readyz":
            up = await asyncio.gather(*(_is_up(check) for check in ready.values()))
            missing = [part for part, is_up in zip(ready, up, strict=True) if not is_up]
            return (503, text, f"not ready: {', '.join(missing)}\n".encode()) if missing else (200, text, b"ready\n")
        case _:
            return 404, text, b"see /metrics, /healthz and /readyz\n"


async def _is_up(check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK):
            return await check()
    except (OSError, StoreDown, BusDown):  # TimeoutError is an OSError
        return False
