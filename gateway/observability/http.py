"""Serves /metrics, /healthz and /readyz for Prometheus and orchestrators.

When `serve` runs several processes, it shows the metrics of all of them as one. Children report their metrics to the
parent, and the counts of a child that has ended are kept.
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

_IDLE_TIMEOUT = 90.0  # seconds; Prometheus keeps a connection open between scrapes
_CHECK_TIMEOUT = 5.0  # seconds that a health check may take
_FRAME = struct.Struct("!I")
_SUMMED_GAUGES = frozenset({"chaperone_smtp_sessions"})  # other gauges measure what all processes share

HealthCheck = Callable[[], Awaitable[bool]]


class MetricSource(Protocol):
    """A source of metrics: a CollectorRegistry, or MergedMetrics over one."""

    def collect(self) -> Iterable[Metric]:
        """Every metric with its current value."""


def merge_metrics(own: Iterable[Metric], children: Iterable[Iterable[Metric]] = ()) -> Iterator[Metric]:
    """Add up counters and histograms of all processes. Of shared gauges, the own value wins."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for metric in chain(own, *children):
        families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
        known = values.setdefault(metric.name, {})
        is_summed = metric.type != "gauge" or metric.name in _SUMMED_GAUGES
        for sample in metric.samples:
            if sample.name.endswith("_created"):
                continue  # one more series per metric that nobody uses
            key = (sample.name, tuple(sample.labels.items()))
            if key not in known or is_summed:
                known[key] = known.get(key, 0.0) + sample.value
    for name, family in families.items():
        for (sample_name, labels), value in values[name].items():
            family.add_sample(sample_name, dict(labels), value)
        yield family


class MergedMetrics:
    """The metrics of this process and of its children."""

    def __init__(self, own: MetricSource) -> None:
        self._own = own
        self._children: dict[int, list[Metric]] = {}
        self._ended: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """Every metric with its current value, over all processes."""
        return merge_metrics(self._own.collect(), [*self._children.values(), self._ended])

    async def listen(self, child: int, reader: asyncio.StreamReader) -> None:
        """Read the reports of a child until its stream ends. Then its counts are kept and its gauges dropped."""
        try:
            while True:
                (size,) = _FRAME.unpack(await reader.readexactly(_FRAME.size))
                text = (await reader.readexactly(size)).decode()
                self._children[child] = list(text_string_to_metric_families(text))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            counts = [metric for metric in self._children.pop(child, []) if metric.type != "gauge"]
            self._ended = list(merge_metrics(self._ended, [counts]))


async def report_metrics(own: MetricSource, writer: asyncio.StreamWriter, every: float = 1.0) -> None:
    """Run in a child: send its metrics every `every` seconds, and once more when cancelled.

    Returns when the parent is gone.
    """

    async def send() -> None:
        text = generate_latest(MergedMetrics(own))
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
async def serve_monitoring(
    listen: str | socket, metrics: MetricSource, ready: Mapping[str, HealthCheck]
) -> AsyncIterator[tuple[str, int]]:
    """Serve on "host:port" or a bound socket; yields the address.

    `ready` has a check for each part that this process needs: its listeners, its store. A check that fails or takes
    longer than 5 s makes /readyz a 503 that names the part. Raises OSError if the address is in use.
    """
    connections: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):  # the peer is gone or idle, or we are stopping
            await _serve_connection(reader, writer, metrics, ready)
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


async def _serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, metrics: MetricSource, ready: Mapping[str, HealthCheck]
) -> None:
    """Answer the requests of one connection, one after the other."""
    http = h11.Connection(h11.SERVER, max_incomplete_event_size=16384)
    while True:
        request: h11.Request | None = None
        try:
            async with asyncio.timeout(_IDLE_TIMEOUT):
                request = await _read_request(http, reader)
            if request is None:
                return
            status, kind, content = await _answer(request, metrics, ready)
        except h11.RemoteProtocolError as error:
            if http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                return
            status, kind, content = error.error_status_hint, "text/plain; charset=utf-8", b"bad request\n"
        headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
        writer.write(http.send(h11.Response(status_code=status, headers=headers)) or b"")
        if request is None or request.method != b"HEAD":
            writer.write(http.send(h11.Data(data=content)) or b"")
        writer.write(http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        if http.our_state is h11.MUST_CLOSE or http.their_state is not h11.DONE:
            return
        http.start_next_cycle()


async def _read_request(http: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """The next request without its body; None when the peer closes the connection."""
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


async def _answer(
    request: h11.Request, metrics: MetricSource, ready: Mapping[str, HealthCheck]
) -> tuple[int, str, bytes]:
    """Status, content type and body for a request."""
    text = "text/plain; charset=utf-8"
    if request.method not in (b"GET", b"HEAD"):
        return 405, text, b"only GET\n"
    match request.target.partition(b"?")[0]:
        case b"/metrics":
            accept = next((value for name, value in request.headers if name == b"accept"), b"")
            encode, kind = choose_encoder(accept.decode("latin-1"))
            return 200, kind, encode(MergedMetrics(metrics))
        case b"/healthz":
            return 200, text, b"ok\n"
        case b"/readyz":
            up = await asyncio.gather(*(_is_up(check) for check in ready.values()))
            missing = [part for part, is_up in zip(ready, up, strict=True) if not is_up]
            return (503, text, f"not ready: {', '.join(missing)}\n".encode()) if missing else (200, text, b"ready\n")
        case _:
            return 404, text, b"see /metrics, /healthz and /readyz\n"


async def _is_up(check: HealthCheck) -> bool:
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT):
            return await check()
    except (OSError, StoreDown, BusDown):  # TimeoutError is an OSError
        return False
