"""SMPP sessions: who may bind, what a session tolerates, and what ends it without disturbing others."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from gateway.core.channels.smpp_pdu import GENERIC_NACK, RESPONSE, Command, Pdu, PduDecoder, Status, bind_body
from gateway.ports.channels import HopDown
from gateway.relays.smpp.relay import EsmeSessions
from tests.peers.smpp_ends import body, connected, esme, smsc
from tests.relays.sms_gateway import OUTSIDE_PHONE, TEACHER_LINE, SmsGateway, run_sms_gateway
from tests.stories.gateway import eventually


def test_wrong_password_and_unknown_account_get_the_same_refusal(sms: SmsGateway) -> None:
    for system_id, password in (("texting", "wrong"), ("nobody", "text-pw"), ("texting", "")):
        with pytest.raises(ConnectionRefusedError) as refused, esme(sms.port, system_id, password):
            pass
        assert refused.value.args == (Status.INVALID_PASSWORD,)


def test_request_before_bind_is_refused(sms: SmsGateway) -> None:
    with connected(sms.port) as raw:
        raw.sendall(Pdu(Command.SUBMIT_SM, body(TEACHER_LINE, OUTSIDE_PHONE, b"x"), 0, 9).encoded())
        assert _read(raw) == Pdu(Command.SUBMIT_SM | RESPONSE, b"", Status.WRONG_STATE, 9)


def test_receiver_cannot_send_and_second_bind_is_refused(sms: SmsGateway) -> None:
    with esme(sms.port, command=Command.BIND_RECEIVER) as app:
        assert app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"x")).status == Status.WRONG_STATE
        assert app.end.ask(Command.BIND_RECEIVER, bind_body("texting", "text-pw")).status == Status.ALREADY_BOUND


def test_enquire_link_and_unbind_are_answered(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        assert app.end.ask(Command.ENQUIRE_LINK).status == Status.OK
        assert app.end.ask(Command.UNBIND).command == Command.UNBIND | RESPONSE
        assert app.end.closed.wait(10)


def test_unknown_or_malformed_request_does_not_end_the_session(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        assert app.end.ask(Command.SUBMIT_SM, b"\0\1").status == Status.INVALID_LENGTH
        damaged = body(TEACHER_LINE, OUTSIDE_PHONE, b"x") + b"\1\2\3"
        assert app.submit(damaged).status == Status.OK  # the SMSC decides
        assert sms.sent(OUTSIDE_PHONE)[-1] == damaged
        app.end.send(Pdu(0x4711, b"what?", 0, 99).encoded())
        nack = eventually(lambda: app.end.unexpected)
        assert nack == [Pdu(GENERIC_NACK, b"", Status.INVALID_COMMAND, 99)]
        assert app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"and on it goes")).status == Status.OK


@pytest.mark.parametrize("length", [3, 15, 80_000, 2**32 - 1])
def test_impossible_length_ends_only_this_session(sms: SmsGateway, length: int) -> None:
    with esme(sms.port) as other, esme(sms.port) as app:
        app.end.send(struct.pack("!IIII", length, Command.SUBMIT_SM, 0, 5))
        assert app.end.closed.wait(10)
        assert [(pdu.command, pdu.status) for pdu in app.end.unexpected] == [(GENERIC_NACK, Status.INVALID_LENGTH)]
        assert other.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"undisturbed")).status == Status.OK


def test_flood_from_a_peer_that_reads_nothing_is_bounded(sms: SmsGateway) -> None:
    """The gateway stops reading from a peer that floods it and reads no answers. Other peers are still served."""
    flood = Pdu(Command.SUBMIT_SM, body(TEACHER_LINE, OUTSIDE_PHONE, b"flood" * 40), 0, 7).encoded() * 100
    with connected(sms.port) as raw, esme(sms.port, "second", "other-pw") as other:
        raw.sendall(Pdu(Command.BIND_TRANSMITTER, bind_body("texting", "text-pw"), 0, 1).encoded())
        before = _resident_bytes(sms)
        pouring = threading.Thread(target=_pour, args=(raw, flood, 60_000_000), daemon=True)
        pouring.start()
        for _ in range(20):
            assert other.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"beside a flood")).status in (
                Status.OK,
                Status.SYSTEM_ERROR,
            )
        assert _resident_bytes(sms) - before < 100 << 20
        raw.shutdown(socket.SHUT_RDWR)
        pouring.join(30)
    with esme(sms.port) as app:
        assert eventually(lambda: app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"after it")).status == Status.OK)


def test_bound_sessions_are_counted(sms: SmsGateway) -> None:
    assert eventually(lambda: sms.gateway.metric("chaperone_smpp_sessions") == 0)
    with esme(sms.port), esme(sms.port, "second", "other-pw", command=Command.BIND_TRANSMITTER):
        assert eventually(lambda: sms.gateway.metric("chaperone_smpp_sessions") == 2)


def _read(raw: socket.socket) -> Pdu:
    frames = PduDecoder()
    raw.settimeout(10)
    while content := raw.recv(4096):
        for pdu in frames.feed(content):
            return pdu
    raise ConnectionError("closed")


def _pour(raw: socket.socket, content: bytes, total: int) -> None:
    raw.settimeout(5)
    try:
        for _ in range(total // len(content)):
            raw.sendall(content)
    except OSError:
        return


def _resident_bytes(sms: SmsGateway) -> int:
    (process,) = sms.gateway.processes
    with open(f"/proc/{process.popen.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def test_check_reports_whether_the_smsc_accepts_our_bind(sms: SmsGateway) -> None:
    output = sms.gateway.cli("check", code=None)
    assert f"ok    smsc: 127.0.0.1:{sms.smsc.port} accepts our bind" in output
    assert f"ok    sms.smpp.listen: 127.0.0.1:{sms.port} is held by this gateway" in output
    secret = sms.gateway.folder / "smsc.secret"
    right = secret.read_text()
    secret.write_text("wrong")
    try:
        assert "refuses to bind (0x0000000e)" in sms.gateway.cli("check", code=1)
    finally:
        secret.write_text(right)


def test_tls_on_both_sides_and_an_smsc_without_transceiver(tmp_path: Path) -> None:
    """Applications bind over TLS to our certificate; we bind over TLS to the SMSC and verify its certificate.

    This SMSC accepts messages from a transmitter and delivers them to a receiver only.
    """
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(cert, key)
    theirs = ssl.create_default_context(cafile=str(cert))
    with smsc(tls=ours) as upstream:
        upstream.offers = (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER)
        settings = [
            'sms.smpp.upstream_bind = "separate"',
            f'sms.smpp.tls_cert = "{cert}"', f'sms.smpp.tls_key = "{key}"',
            f'sms.smpp.upstream = "smpps://us@127.0.0.1:{upstream.port}"',
        ]  # fmt: skip
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(cert)
        try:
            with run_sms_gateway(tmp_path, upstream, settings=settings) as made, esme(made.port, tls=theirs) as app:
                bound = lambda way: made.gateway.metric("chaperone_smsc_bound", way=way) == 1  # noqa: E731
                assert eventually(lambda: bound("transmitter") and bound("receiver"))
                assert app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"over TLS on both sides")).status == Status.OK
                assert upstream.accepted[-1][1].body == body(TEACHER_LINE, OUTSIDE_PHONE, b"over TLS on both sides")
                assert upstream.deliver(body(OUTSIDE_PHONE, TEACHER_LINE, b"and back")).status == Status.OK
                assert [pdu.body for pdu in app.received] == [body(OUTSIDE_PHONE, TEACHER_LINE, b"and back")]
                upstream.end.cut()
                assert app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"the other one stays")).status == Status.OK
                assert upstream.deliver(body(OUTSIDE_PHONE, TEACHER_LINE, b"bound again")).status == Status.OK
                assert "accepts our bind" in made.gateway.cli("check", code=None)
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if before is not None:
                os.environ["SSL_CERT_FILE"] = before


class _Link:
    """A session of an application that answers everything, unless it was lost."""

    def __init__(self, *, is_open: bool) -> None:
        self.open, self.asked = is_open, 0

    async def ask(self, request: Pdu, *, urgent: bool = False) -> Pdu:
        self.asked += 1
        return request.response()


@pytest.mark.parametrize("lost", [["one"], ["two"], ["one", "one"], ["one", "two"], []])
@pytest.mark.parametrize("account", ["", "one", "two"])
async def test_a_text_goes_to_a_session_that_is_open(lost: list[str], account: str) -> None:
    """Lost ones stay among the others while what they asked for is being answered."""
    sessions = EsmeSessions(["one", "two"])
    closed, usable = [_Link(is_open=False) for _ in lost], _Link(is_open=True)
    for name, link in zip([*lost, "two"], [*closed, usable], strict=True):
        sessions.join(name, link)  # type: ignore[arg-type]
    assert sessions.returns() == len(lost) + 1
    for _ in range(3):
        if account == "one":
            assert not sessions.bound(account)
            with pytest.raises(HopDown):
                await sessions.ask(Pdu(Command.DELIVER_SM), account)
        else:
            assert sessions.bound(account)
            assert (await sessions.ask(Pdu(Command.DELIVER_SM), account)).status == 0
    assert usable.asked == (0 if account == "one" else 3)
    assert not any(link.asked for link in closed)
