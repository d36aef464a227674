"""The twins of SMPP themselves: what they say of a gateway under load is the gateway's doing, not theirs."""

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
from tests.texts.town import LINE, OUTSIDE

SESSIONS = 60


@pytest.mark.parametrize("secured", [True, False], ids=["tls", "plain"])
def test_one_session_after_another_loses_nothing_of_what_is_said(tmp_path: Path, secured: bool) -> None:
    """Each binds at once, is spoken to while it speaks, and is cut while its end still reads.

    Two threads that used one session of TLS lost the bind in one of a hundred; a socket closed beside its reader, whose
    number the next connection then had, lost the bind in one of four.
    """
    ours, theirs = _certified(tmp_path) if secured else (None, None)
    with _gateway(ours) as port:
        for _ in range(SESSIONS):
            with esme(port, tls=theirs) as app:
                for _ in range(3):
                    assert app.submit(body(LINE, OUTSIDE, b"x")).status == Status.OK


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
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
    """The gateway's own end of sessions, which answers and delivers, in a thread of its own; the port."""
    ports: list[int] = []
    stops: list[Callable[[], object]] = []
    up = threading.Event()

    async def answer(request: Pdu) -> Pdu:
        return request.answered(body=b"x\0")

    async def deliver(link: SmppConnection) -> None:
        with contextlib.suppress(HopDown):
            while True:
                await link.ask(Pdu(Command.DELIVER_SM, body(OUTSIDE, LINE, b"y")))

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
