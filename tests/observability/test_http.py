"""The monitoring server: metrics of all processes, health and readiness."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from gateway.core.review.views import Backlog
from gateway.observability.events import EventLog
from gateway.observability.http import HealthCheck, MergedMetrics, merge_metrics, report_metrics, serve_monitoring
from gateway.ports.messages import StoreDown


def _values(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def _yes() -> bool:
    return True


async def _no() -> bool:
    return False


async def _store_down() -> bool:
    raise StoreDown


@contextlib.asynccontextmanager
async def _served(event_log: EventLog, **ready: HealthCheck) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve_monitoring("127.0.0.1:0", event_log.registry, ready) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client,
    ):
        yield client


@pytest.fixture
def event_log() -> EventLog:
    return EventLog(CollectorRegistry())


async def test_metrics_are_what_the_event_log_counted(event_log: EventLog) -> None:
    event_log.passed_through("mail")
    event_log.backlog_measured(Backlog(held=3))
    async with _served(event_log) as client:
        first = await client.get("/metrics")
        event_log.passed_through("mail")
        second = await client.get("/metrics")
    assert first.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert _values(first.text)["chaperone_messages_total[mail][out_of_scope]"] == 1
    assert _values(second.text)["chaperone_messages_total[mail][out_of_scope]"] == 2
    assert _values(second.text)["chaperone_held_messages"] == 3
    assert not [name for name in _values(second.text) if "_created" in name]


async def test_openmetrics_on_request(event_log: EventLog) -> None:
    event_log.classified("m1", 0.02, ())
    async with _served(event_log) as client:
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "chaperone_classify_seconds" in {family.name for family in read_openmetrics(answer.text)}


async def test_ready_names_every_part_that_is_down(event_log: EventLog) -> None:
    async with _served(event_log, smtp=_yes, store=_store_down, console=_no) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "not ready: store, console\n")
        assert (await client.get("/healthz")).status_code == 200
    async with _served(event_log, smtp=_yes) as client:
        assert (await client.get("/readyz")).status_code == 200


async def test_a_check_that_hangs_is_not_ready(event_log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.observability.http._CHECK_TIMEOUT", 0.01)

    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    async with _served(event_log, store=hangs) as client:
        assert (await client.get("/readyz")).status_code == 503


async def test_other_paths_and_methods(event_log: EventLog) -> None:
    async with _served(event_log) as client:
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/metrics", content=b"x" * 100_000)).status_code == 405
        head = await client.head("/healthz")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "3")
        assert (await client.get("/healthz?x=1")).status_code == 200


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 hello\r\n\r\n", b"GET /" + b"a" * 20_000, b"EHLO x\r\n\r\n"])
async def test_invalid_request_is_answered_and_closed(event_log: EventLog, sent: bytes) -> None:
    async with serve_monitoring("127.0.0.1:0", event_log.registry, {}) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        await writer.wait_closed()
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://{host}:{port}/healthz")).status_code == 200


async def test_server_stops_with_an_open_connection(event_log: EventLog) -> None:
    async with serve_monitoring("127.0.0.1:0", event_log.registry, {}) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")  # so that the server has taken the connection
        assert (await asyncio.wait_for(reader.readuntil(b"ok\n"), 30)).startswith(b"HTTP/1.1 200")
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    await writer.wait_closed()


async def test_bound_socket_and_address_in_use(event_log: EventLog) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        async with serve_monitoring(bound, event_log.registry, {}) as (_, served):
            assert served == port
            with pytest.raises(OSError, match="in use"):
                async with serve_monitoring(f"127.0.0.1:{port}", event_log.registry, {}):
                    pass


async def test_counts_of_children_are_added_and_kept_when_they_end(event_log: EventLog) -> None:
    parent_end, child_end = socket.socketpair()
    processes = MergedMetrics(event_log.registry)
    reader, parent_writer = await asyncio.open_connection(sock=parent_end)
    _, child_writer = await asyncio.open_connection(sock=child_end)
    child = EventLog(CollectorRegistry())

    def now() -> dict[str, float]:
        return _values(generate_latest(processes).decode())

    async def until(name: str, value: float) -> None:
        async with asyncio.timeout(30):
            while now().get(name) != value:
                await asyncio.sleep(0.005)

    event_log.passed_through("mail")
    event_log.session_opened()
    event_log.backlog_measured(Backlog(held=4))
    listening = asyncio.create_task(processes.listen(1, reader))
    reporting = asyncio.create_task(report_metrics(child.registry, child_writer, every=0.01))
    child.passed_through("mail")
    child.session_opened()
    await until("chaperone_messages_total[mail][out_of_scope]", 2)
    await until("chaperone_smtp_sessions", 2)
    assert now()["chaperone_held_messages"] == 4  # measured in the shared store by the parent only

    child.refused("size")
    reporting.cancel()  # the last counts are still reported
    await asyncio.gather(reporting, return_exceptions=True)
    child_writer.close()
    await child_writer.wait_closed()
    await listening
    assert now()["chaperone_smtp_refusals_total[][size]"] == 1
    assert now()["chaperone_messages_total[mail][out_of_scope]"] == 2
    assert now()["chaperone_smtp_sessions"] == 1
    parent_writer.close()
    await parent_writer.wait_closed()


async def test_child_ends_quietly_when_its_parent_is_gone() -> None:
    parent_end, child_end = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=child_end)
    parent_end.close()
    await asyncio.wait_for(report_metrics(CollectorRegistry(), writer, every=0.001), 30)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@given(st.lists(st.lists(st.sampled_from([0.001, 0.3, 40.0, 9000.0]), max_size=5), min_size=1, max_size=4))
def test_histograms_add_up_by_bucket(observed: list[list[float]]) -> None:
    event_logs = [EventLog(CollectorRegistry()) for _ in observed]
    whole = EventLog(CollectorRegistry())
    for each, seconds in zip(event_logs, observed, strict=True):
        for value in seconds:
            each.classified("m", value, ())
            whole.classified("m", value, ())
    own, *children = (each.registry.collect() for each in event_logs)

    def samples(metrics: object) -> dict[str, float]:
        text = generate_latest(type("Source", (), {"collect": lambda self: metrics})()).decode()
        return {name: pytest.approx(value) for name, value in _values(text).items()}

    assert samples(list(merge_metrics(own, children))) == samples(list(merge_metrics(whole.registry.collect())))
