"""Postfix as the next hop of a whole gateway: a second address, verified TLS, unknown recipients, and signing in."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.peers.postfix import running_postfix
from tests.stories.gateway import eventually, gateway_folder
from tests.stories.sample_mails import STAFF_DOMAIN, STUDENT_DOMAIN, STUDENTS, TEACHERS
from tests.stories.smtp import submit

pytestmark = pytest.mark.peer("postfix")
SASL_PASSWORDS = "/usr/sbin/saslpasswd2"
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


@pytest.mark.skipif(not Path(SASL_PASSWORDS).exists(), reason="saslpasswd2 is missing (make services, or sasl2-bin)")
@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN"])
def test_sign_in_at_postfix(tmp_path: Path, certificate: tuple[str, str], mechanisms: str) -> None:
    """Postfix takes mail from those who have signed in by TLS only. A wrong password defers, the right one delivers."""
    cert, key = certificate
    sasl = Path(tempfile.mkdtemp(prefix="sasl-"))  # Postfix must be able to reach it
    sasl.chmod(0o755)
    try:
        subprocess.run(
            [SASL_PASSWORDS, "-p", "-c", "-f", sasl / "passwords", "-u", "back.postfix.example", "gateway"],
            input=b"right", check=True, timeout=30,
        )  # fmt: skip
        (sasl / "passwords").chmod(0o644)
        conf = (
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {sasl}/passwords\nmech_list: {mechanisms}\n"
        )
        parameters = {
            "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": cert, "smtpd_tls_key_file": key,
            "smtpd_tls_auth_only": "yes", "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_local_domain": "back.postfix.example",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
        }  # fmt: skip
        with running_postfix("maildir", name="back", parameters=parameters, sasl=conf) as back:
            (tmp_path / "password").write_text("wrong")
            hop = (
                f'{{ address = "localhost:{back.port}", tls = "verify", ca = "{cert}", user = "gateway", '
                'password_file = "password" }'
            )
            with gateway_folder(tmp_path, f"127.0.0.1:{back.port}") as gateway:
                text = gateway.config.read_text()
                gateway.config.write_text(text.replace(f'"127.0.0.1:{back.port}"', hop))
                serving = gateway.start()
                teacher, student = f"{TEACHERS[0]}@{STAFF_DOMAIN}", f"{STUDENTS[0]}@{STUDENT_DOMAIN}"
                assert submit(gateway.smtp, "a@paper.example", [f"office@{STAFF_DOMAIN}"], CONTENT) == 451
                content = b"From: %b\r\nSubject: Homework\r\n\r\nPage nine, please.\r\n" % teacher.encode()
                assert submit(gateway.smtp, teacher, [student], content) == 250
                assert eventually(lambda: gateway.metric("chaperone_next_hop_up", hop="*") == 0)
                assert not back.arrived()
                (tmp_path / "password").write_text("right")
                serving.popen.send_signal(signal.SIGHUP)
                assert eventually(lambda: len(back.arrived()) == 1, 30), back.log()  # soon, not after a minute
                assert submit(gateway.smtp, "a@paper.example", [f"office@{STAFF_DOMAIN}"], CONTENT) == 250
                assert f"sasl_method={mechanisms}" in back.log()
                assert b"wrong" not in gateway.log
    finally:
        shutil.rmtree(sasl)
