"""Postfix as the next hop of a whole gateway: a second address, TLS with a verified certificate, unknown recipients."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.postfix import running_postfix
from tests.stories.gateway import eventually, gateway_folder
from tests.stories.sample_mails import STAFF_DOMAIN, STUDENT_DOMAIN, STUDENTS, TEACHERS
from tests.stories.smtp import submit

pytestmark = pytest.mark.peer("postfix")
CONTENT = b"From: a@paper.example\r\nSubject: Order\r\n\r\nForty boxes, please.\r\n"


def test_second_address_over_verified_tls(tmp_path: Path, certificate: tuple[str, str]) -> None:
    """The first address is dead. The second demands TLS and knows one student only."""
    cert, key = certificate
    teacher, known, unknown = (
        f"{TEACHERS[0]}@{STAFF_DOMAIN}", f"{STUDENTS[0]}@{STUDENT_DOMAIN}", f"{STUDENTS[1]}@{STUDENT_DOMAIN}",
    )  # fmt: skip
    parameters = {
        "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": cert, "smtpd_tls_key_file": key,
        "smtpd_tls_loglevel": "1",
        "virtual_mailbox_maps": f"inline:{{ {{ {known} = mail/ }}, {{ office@{STAFF_DOMAIN} = mail/ }} }}",
    }  # fmt: skip
    with running_postfix("maildir", name="back", parameters=parameters) as back:
        hop = f'{{ address = ["127.0.0.1:1", "localhost:{back.port}"], tls = "verify", ca = "{cert}" }}'
        with gateway_folder(tmp_path, f"127.0.0.1:{back.port}") as gateway:
            text = gateway.config.read_text()
            gateway.config.write_text(text.replace(f'"127.0.0.1:{back.port}"', hop))
            gateway.start()
            assert gateway.metric("chaperone_next_hop_up", hop="*") == 1
            assert submit(gateway.smtp, "a@paper.example", [f"office@{STAFF_DOMAIN}"], CONTENT) == 250
            assert submit(gateway.smtp, "a@paper.example", [f"nobody@{STAFF_DOMAIN}"], CONTENT) == 550
            content = b"From: %b\r\nSubject: Homework\r\n\r\nPage nine for Monday, please.\r\n" % teacher.encode()
            assert submit(gateway.smtp, teacher, [unknown], content) == 550
            assert submit(gateway.smtp, teacher, [known], content) == 250
            assert eventually(lambda: len(back.arrived()) == 2, 30), back.log()
            assert "TLS connection established from" in back.log()
            assert gateway.metric("chaperone_next_hop_up", hop="*") == 1
