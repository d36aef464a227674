"""One SMPP session after another, against the tests' own SMPP peer, which must not lose anything itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.channels.smpp_pdu import Command, Pdu, Status
from gateway.ports.channels import HopDown
from gateway.smpp.connection import SmppConnection, SmppLimits
from tests.peers.smpp_ends import body, esme
from tests.relays.sms_gateway import OUTSIDE_PHONE, TEACHER_LINE

SESSIONS = 60


@pytest.mark.parametrize("secured", [True, False], ids=["tls", "plain"])
def test_consecutive_sessions_lose_nothing(tmp_path: Path, secured: bool) -> None:
    """Each session binds at once, sends and receives at the same time, and is cut while its peer still reads.

    Regression test of the peer: two threads on one TLS session lost one bind of a hundred, and a socket that was closed
    while its reader still ran, so that the next connection got its number, lost one of four.
    """
    ours, theirs = _tls_contexts(tmp_path) if secured else (None, None)
    with _gateway(ours) as port:
        for _ in range(SESSIONS):
            with esme(port, tls=theirs) as app:
                for _ in range(3):
                    assert app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"x")).status == Status.OK


def _tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(cert, key)
    return ours, ssl.create_default_context(cafile=str(cert))


@contextlib.contextmanager
def _gateway(tls: ssl.SSLContext | None) -> Iterator[int]:
    """The gateway's side of sessions, which answers and delivers, in a separate thread. Yields the port."""
    ports: list[int] = []
    stops: list[Callable[[], object]] = []
    up = threading.Event()

    async def answer(request: Pdu) -> Pdu:
        return request.response(body=b"x\0")

    async def deliver(link: SmppConnection) -> None:
        with contextlib.suppress(HopDown):
            while True:
                await link.ask(Pdu(Command.DELIVER_SM, body(OUTSIDE_PHONE, TEACHER_LINE, b"y")))

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = SmppConnection(reader, writer, answer, SmppLimits())
        await asyncio.gather(link.run(), deliver(link))

    async def serve() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(session, "127.0.0.1", 0, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
        stops.append(lambda: loop.call_soon_threadsafe(stopped.set))
        up.set()
        await stopped.wait()
        server.close()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=30)

    running = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    running.start()
    assert up.wait(30)
    try:
        yield ports[0]
    finally:
        stops[0]()
        running.join(60)
