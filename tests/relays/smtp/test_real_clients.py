"""Programs that others wrote, as submitting systems and proxies: swaks and Postfix."""

from __future__ import annotations

import asyncio
import smtplib

import pytest

from tests.peers.postfix import running_postfix
from tests.relays.smtp.harness import PRINCIPAL, VENDOR, RelayHarness, mail_content, running_relay, wait_until

ACCOUNTS = {"scanner": "pass-word"}
SUBMIT = {"accounts": ACCOUNTS, "relay_from": ("192.0.2.0/24",), "proxies": ("127.0.0.0/8",)}


async def swaks(port: int, *options: str) -> tuple[int, str]:
    """Send a message to an address outside the district. Returns exit code and dialogue."""
    program = await asyncio.create_subprocess_exec(
        "swaks", "--server", f"127.0.0.1:{port}", "--from", "a@riverbend.example", "--to", VENDOR, "--timeout", "10",
        *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(program.communicate(), 30)
    return program.returncode or 0, output.decode(errors="replace")


@pytest.mark.peer("swaks")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit", [False, True])
async def test_swaks_signs_in(certificate, mechanism: str, implicit: bool) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        secure = ["--tls-on-connect"] if implicit else ["--tls"]
        port = relay.tls_port if implicit else relay.port
        account = ["--auth", mechanism, "--auth-user", "scanner", "--auth-password"]
        code, output = await swaks(port, *secure, *account, ACCOUNTS["scanner"])
        assert code == 0, output
        assert len(relay.outside.taken) == 1
        code, output = await swaks(port, *secure, *account, "wrong")
        assert code != 0
        assert "535 5.7.8" in output


@pytest.mark.peer("swaks")
async def test_swaks_speaks_for_a_client() -> None:
    async with running_relay(**SUBMIT) as relay:
        code, output = await swaks(relay.port, "--xclient-addr", "192.0.2.7", "--xclient-name", "inside.example")
        assert code == 0, output
        assert b"([192.0.2.7])" in relay.outside.taken[0].content
        code, output = await swaks(relay.port, "--xclient-addr", "203.0.113.7")
        assert code != 0
        assert "550 5.7.1 Relaying denied" in output


@pytest.mark.peer("swaks")
async def test_swaks_behind_a_load_balancer() -> None:
    async with running_relay(proxy_protocol=True, **SUBMIT) as relay:
        for version in ("1", "2"):
            code, output = await swaks(
                relay.port, "--proxy-version", version, "--proxy-family", "TCP4" if version == "1" else "AF_INET",
                *([] if version == "1" else ["--proxy-protocol", "STREAM", "--proxy-command", "PROXY"]),
                "--proxy-source", "192.0.2.9", "--proxy-source-port", "5000", "--proxy-dest", "192.0.2.1",
                "--proxy-dest-port", "25",
            )  # fmt: skip
            assert code == 0, output
        assert all(b"([192.0.2.9])" in mail.content for mail in relay.outside.taken)


def _submit(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("a@riverbend.example", [VENDOR], mail_content())
        client.sendmail("a@riverbend.example", [PRINCIPAL], mail_content())


@pytest.mark.peer("postfix")
async def test_postfix_signs_in_as_a_submitting_system(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        for wrapper in (False, True):
            await asyncio.to_thread(_through_postfix, relay, wrapper=wrapper)
            await wait_until(lambda: relay.outside.taken and relay.inside.taken, 30)
            assert b"with ESMTPSA" in relay.outside.taken[-1].content
            relay.outside.taken.clear()
            relay.inside.taken.clear()


def _through_postfix(relay: RelayHarness, *, wrapper: bool) -> None:
    port = relay.tls_port if wrapper else relay.port
    with running_postfix(
        f"127.0.0.1:{port}",
        parameters={
            "smtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": "static:scanner:pass-word",
            "smtp_sasl_security_options": "noanonymous",
            "smtp_tls_security_level": "encrypt",
            "smtp_tls_wrappermode": "yes" if wrapper else "no",
        },
    ) as postfix:
        _submit(postfix.port)
        postfix.flush()
        for _ in range(200):
            if relay.outside.taken and relay.inside.taken:
                return
            postfix.queued()
        raise AssertionError(postfix.log()[-3000:])
