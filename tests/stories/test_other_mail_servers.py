"""Exim, OpenSMTPD and swaks as clients, Exim as the next hop: bytes and refusals pass unchanged."""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.exim import Exim, running_exim
from tests.peers.mail_servers import Arrived
from tests.peers.opensmtpd import OpenSmtpd, running_opensmtpd
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.prepended_fields import first_field, split_prepended
from tests.stories.sample_mails import STAFF_DOMAIN, STUDENT_DOMAIN, sample_mails
from tests.stories.smtp import submit

pytestmark = pytest.mark.peer("exim")
REFUSES = """\
deny local_parts = nobody
    message = 5.1.1 no such user
  defer local_parts = slow"""


@contextmanager
def _between(folder: Path, client: str, back: Exim) -> Iterator[tuple[Gateway, Exim | OpenSmtpd]]:
    """A gateway in front of `back`, and a server that sends through it."""
    run = {"exim": running_exim, "opensmtpd": running_opensmtpd}[client]
    with gateway_folder(folder, f"127.0.0.1:{back.port}") as gateway:
        gateway.start()
        with run(f"127.0.0.1:{gateway.smtp}", name="front") as front:
            yield gateway, front


@pytest.mark.parametrize("client", ["exim", pytest.param("opensmtpd", marks=pytest.mark.peer("opensmtpd"))])
def test_mail_between_other_servers(tmp_path: Path, client: str) -> None:
    sent = sample_mails(20, seed=2111)
    to_arrive = {mail.message_id: mail for mail in sent if mail.expected in ("clean", "out of scope")}
    with running_exim("maildir", name="back") as back, _between(tmp_path, client, back) as (gateway, front):
        with smtplib.SMTP("127.0.0.1", front.port) as session:
            for mail in sent:
                session.sendmail(mail.sender, [mail.recipient], mail.content)
        assert eventually(lambda: len(_mails(back)) >= len(to_arrive) and front.queued() == 0, 60), front.log()
        assert eventually(lambda: len(gateway.held()) == len(sent) - len(to_arrive))
        arrived = {(copy.sender, copy.recipient, _as_sent(copy.content)) for copy in _mails(back)}
    assert arrived == {(mail.sender, mail.recipient, mail.content) for mail in to_arrive.values()}


@pytest.mark.peer("swaks")
def test_exim_behind_swaks(tmp_path: Path) -> None:
    """Exim's refusals are the client's reply on the way through; a message in scope is delivered."""
    with (
        running_exim("maildir", name="back", recipient=REFUSES) as back,
        gateway_folder(tmp_path, f"127.0.0.1:{back.port}") as gateway,
    ):
        gateway.start()
        content = b"From: a@paper.example\r\nSubject: Order\r\n\r\nForty boxes, please.\r\n"
        assert submit(gateway.smtp, "a@paper.example", [f"nobody@{STAFF_DOMAIN}"], content) == 550
        assert submit(gateway.smtp, "a@paper.example", [f"slow@{STAFF_DOMAIN}"], content) // 100 == 4
        assert submit(gateway.smtp, "a@paper.example", [f"dana.okafor@{STAFF_DOMAIN}"], content) == 250
        student = f"maya.lindqvist@{STUDENT_DOMAIN}"
        done = subprocess.run(
            ["swaks", "--server", f"127.0.0.1:{gateway.smtp}", "--from", f"dana.okafor@{STAFF_DOMAIN}", "--to", student,
             "--body", "Quiz on Thursday.", "--silent", "1"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert eventually(lambda: len(back.arrived()) == 2)
        first, second = back.arrived()
        assert _as_sent(first.content) == content
        assert second.recipient == student


def _mails(back: Exim) -> list[Arrived]:
    """What arrived, without the gateway's own notices to people whose messages wait."""
    return [copy for copy in back.arrived() if copy.sender]


def _as_sent(content: bytes) -> bytes:
    """The content without the fields of the gateway and of the server in front of it."""
    _, rest = split_prepended(content)
    field, after = first_field(rest)
    return after if field.lower().startswith(b"received:") else rest
