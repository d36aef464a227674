"""Sessions over SMPP: who may bind, what a session bears, and what ends it, while others go on undisturbed."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from gateway.core.channels.smpp_pdu import GENERIC_NACK, RESPONSE, Command, Frames, Pdu, Status, bind_body
from tests.peers.smpp_ends import body, connected, esme, smsc
from tests.stories.gateway import eventually
from tests.texts.town import LINE, OUTSIDE, Town
from tests.texts.town import town as town_of


def test_a_wrong_password_and_a_stranger_are_refused_alike(town: Town) -> None:
    for system_id, password in (("texting", "wrong"), ("nobody", "text-pw"), ("texting", "")):
        with pytest.raises(ConnectionRefusedError) as refused, esme(town.port, system_id, password):
            pass
        assert refused.value.args == (Status.INVALID_PASSWORD,)


def test_nothing_is_done_before_a_bind(town: Town) -> None:
    with connected(town.port) as raw:
        raw.sendall(Pdu(Command.SUBMIT_SM, body(LINE, OUTSIDE, b"x"), 0, 9).encoded())
        assert _read(raw) == Pdu(Command.SUBMIT_SM | RESPONSE, b"", Status.WRONG_STATE, 9)


def test_a_receiver_may_not_send_and_nobody_binds_twice(town: Town) -> None:
    with esme(town.port, command=Command.BIND_RECEIVER) as app:
        assert app.submit(body(LINE, OUTSIDE, b"x")).status == Status.WRONG_STATE
        assert app.end.ask(Command.BIND_RECEIVER, bind_body("texting", "text-pw")).status == Status.ALREADY_BOUND


def test_enquire_link_and_unbind_are_answered(town: Town) -> None:
    with esme(town.port) as app:
        assert app.end.ask(Command.ENQUIRE_LINK).status == Status.OK
        assert app.end.ask(Command.UNBIND).command == Command.UNBIND | RESPONSE
        assert app.end.closed.wait(10)


def test_what_is_unknown_or_cannot_be_read_is_refused_and_the_session_goes_on(town: Town) -> None:
    with esme(town.port) as app:
        assert app.end.ask(Command.SUBMIT_SM, b"\0\1").status == Status.INVALID_LENGTH
        assert app.submit(body(LINE, OUTSIDE, b"x") + b"\1\2\3").status == Status.INVALID_OPTIONAL
        app.end.send(Pdu(0x4711, b"what?", 0, 99).encoded())
        nack = eventually(lambda: app.end.odd)
        assert nack == [Pdu(GENERIC_NACK, b"", Status.INVALID_COMMAND, 99)]
        assert app.submit(body(LINE, OUTSIDE, b"and on it goes")).status == Status.OK


@pytest.mark.parametrize("length", [3, 15, 80_000, 2**32 - 1])
def test_a_length_that_no_pdu_has_ends_the_session_alone(town: Town, length: int) -> None:
    with esme(town.port) as other, esme(town.port) as app:
        app.end.send(struct.pack("!IIII", length, Command.SUBMIT_SM, 0, 5))
        assert app.end.closed.wait(10)
        assert [(each.command, each.status) for each in app.end.odd] == [(GENERIC_NACK, Status.INVALID_LENGTH)]
        assert other.submit(body(LINE, OUTSIDE, b"undisturbed")).status == Status.OK


def test_a_flood_that_nobody_reads_the_answers_of_is_bounded(town: Town) -> None:
    """Requests without end from one that reads nothing: the gateway stops reading, and others are served meanwhile."""
    flood = Pdu(Command.SUBMIT_SM, body(LINE, OUTSIDE, b"flood" * 40), 0, 7).encoded() * 100
    with connected(town.port) as raw, esme(town.port, "second", "other-pw") as other:
        raw.sendall(Pdu(Command.BIND_TRANSMITTER, bind_body("texting", "text-pw"), 0, 1).encoded())
        before = _resident(town)
        pouring = threading.Thread(target=_pour, args=(raw, flood, 60_000_000), daemon=True)
        pouring.start()
        for _ in range(20):
            assert other.submit(body(LINE, OUTSIDE, b"beside a flood")).status in (Status.OK, Status.SYSTEM_ERROR)
        assert _resident(town) - before < 100 << 20
        raw.shutdown(socket.SHUT_RDWR)
        pouring.join(30)
    with esme(town.port) as app:
        assert eventually(lambda: app.submit(body(LINE, OUTSIDE, b"after it")).status == Status.OK)


def test_each_session_is_counted_while_it_is_bound(town: Town) -> None:
    assert eventually(lambda: town.gateway.metric("chaperone_smpp_sessions") == 0)
    with esme(town.port), esme(town.port, "second", "other-pw", command=Command.BIND_TRANSMITTER):
        assert eventually(lambda: town.gateway.metric("chaperone_smpp_sessions") == 2)


def _read(raw: socket.socket) -> Pdu:
    frames = Frames()
    raw.settimeout(10)
    while content := raw.recv(4096):
        for pdu in frames.fed(content):
            return pdu
    raise ConnectionError("closed")


def _pour(raw: socket.socket, content: bytes, most: int) -> None:
    raw.settimeout(5)
    try:
        for _ in range(most // len(content)):
            raw.sendall(content)
    except OSError:
        return


def _resident(town: Town) -> int:
    (process,) = town.gateway.processes
    with open(f"/proc/{process.popen.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def test_check_says_whether_the_smsc_lets_us_bind(town: Town) -> None:
    said = town.gateway.cli("check", code=None)
    assert f"ok    smsc: 127.0.0.1:{town.smsc.port} lets us bind" in said
    assert f"ok    sms.smpp.listen: 127.0.0.1:{town.port} is held by this gateway" in said
    secret = town.gateway.folder / "smsc.secret"
    right = secret.read_text()
    secret.write_text("wrong")
    try:
        assert "refuses to bind (0x0000000e)" in town.gateway.cli("check", code=1)
    finally:
        secret.write_text(right)


def test_tls_on_both_sides_and_an_smsc_that_has_no_transceiver(tmp_path: Path) -> None:
    """Applications bind over TLS to our certificate, and we bind over TLS to the SMSC's, which we check.

    This SMSC takes texts from a transmitter and gives them to a receiver only.
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
            with town_of(tmp_path, upstream, settings=settings) as made, esme(made.port, tls=theirs) as app:
                bound = lambda way: made.gateway.metric("chaperone_smsc_bound", way=way) == 1  # noqa: E731
                assert eventually(lambda: bound("transmitter") and bound("receiver"))
                assert app.submit(body(LINE, OUTSIDE, b"over TLS on both sides")).status == Status.OK
                assert upstream.taken[-1][1].body == body(LINE, OUTSIDE, b"over TLS on both sides")
                assert upstream.deliver(body(OUTSIDE, LINE, b"and back")).status == Status.OK
                assert [pdu.body for pdu in app.came] == [body(OUTSIDE, LINE, b"and back")]
                upstream.end.cut()
                assert app.submit(body(LINE, OUTSIDE, b"the other one stays")).status == Status.OK
                assert upstream.deliver(body(OUTSIDE, LINE, b"bound again")).status == Status.OK
                assert "lets us bind" in made.gateway.cli("check", code=None)
        finally:
            os.environ.pop("SSL_CERT_FILE")
            if before is not None:
                os.environ["SSL_CERT_FILE"] = before
