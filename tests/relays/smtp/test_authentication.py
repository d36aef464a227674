"""AUTH over TLS: PLAIN and LOGIN, implicit TLS, failures and their limit (RFC 4954)."""

from __future__ import annotations

import asyncio
import base64
import smtplib
import ssl
from collections.abc import Callable

import pytest

from tests.relays.smtp.harness import RelayHarness, SmtpClient, mail_content, running_relay

ACCOUNTS = {"scanner": "pass word ü", "ticket-system": "x" * 40}
SUBMIT = {"accounts": ACCOUNTS, "relay_from": ("192.0.2.0/24",), "hop_timeout": 5.0}
OUTSIDE = "vendor@paper.example"


def encoded(*words: str) -> str:
    return base64.b64encode("\0".join(words).encode()).decode()


async def secure(relay: RelayHarness) -> SmtpClient:
    client = await relay.client()
    assert (await client.say("STARTTLS")).startswith("220")
    await client.start_tls()
    client.hello = await client.say("EHLO scanner.example")  # type: ignore[attr-defined]
    return client


async def test_authenticated_client_may_send_anywhere(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        client = await secure(relay)
        assert "250-AUTH PLAIN LOGIN" in client.hello.splitlines()
        assert (await client.mail("a@b.example", [OUTSIDE]))[1].startswith("550 5.7.1")
        await client.say("RSET")
        assert await client.say(f"AUTH PLAIN {encoded('', 'scanner', ACCOUNTS['scanner'])}") == (
            "235 2.7.0 Authentication successful"
        )
        assert "AUTH" not in await client.say("EHLO scanner.example")
        assert (await client.say("AUTH PLAIN =")).startswith("503")
        assert (await client.mail("a@riverbend.example", [OUTSIDE], mail_content()))[-1].startswith("250")
        assert b"with ESMTPSA;" in relay.outside.taken[0].content.replace(b"\r\n\t", b" ").replace(b" (TLS", b";(TLS")


@pytest.mark.parametrize("user", list(ACCOUNTS))
async def test_both_mechanisms_with_and_without_initial_response(certificate, user: str) -> None:
    password = ACCOUNTS[user]
    talks = [
        [f"AUTH PLAIN {encoded('', user, password)}"],
        [f"AUTH PLAIN {encoded(user, user, password)}"],
        ["auth plain", encoded("", user, password)],
        ["AUTH LOGIN", encoded(user), encoded(password)],
        [f"AUTH LOGIN {encoded(user)}", encoded(password)],
    ]
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        for talk in talks:
            client = await secure(relay)
            replies = [await client.say(line) for line in talk]
            assert all(reply.startswith("334 ") for reply in replies[:-1])
            assert replies[-1].startswith("235 2.7.0")


@pytest.mark.parametrize(
    ("lines", "code"),
    [(["AUTH PLAIN !!!"], "501 5.5.2"), (["AUTH PLAIN", "*"], "501 5.7.0"), (["AUTH PLAIN ="], "501 5.5.2"),
     ([f"AUTH PLAIN {encoded('', 'scanner', 'wrong')}"], "535 5.7.8"),
     ([f"AUTH PLAIN {encoded('', 'nobody', 'wrong')}"], "535 5.7.8"),
     ([f"AUTH PLAIN {encoded('', 'nobody', 'no account')}"], "535 5.7.8"),
     ([f"AUTH PLAIN {encoded('principal', 'scanner', ACCOUNTS['scanner'])}"], "535 5.7.8"),
     ([f"AUTH PLAIN {encoded('', 'scanner', '')}"], "501 5.5.2"), (["AUTH CRAM-MD5"], "504 5.5.4"),
     (["AUTH"], "504 5.5.4"), (["AUTH LOGIN", encoded("scanner"), "*"], "501 5.7.0"),
     (["AUTH LOGIN", encoded("scanner"), encoded("")], "535 5.7.8")],
)  # fmt: skip
async def test_refused_authentication(certificate, lines: list[str], code: str) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        client = await secure(relay)
        replies = [await client.say(line) for line in lines]
        assert replies[-1].startswith(code)
        assert (await client.mail("a@b.example", [OUTSIDE]))[1].startswith("550 5.7.1")


async def test_no_authentication_in_clear_text_or_without_accounts(certificate) -> None:
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        client = await relay.client()
        assert "AUTH" not in await client.say("EHLO scanner.example")
        assert (await client.say(f"AUTH PLAIN {encoded('', 'scanner', ACCOUNTS['scanner'])}")).startswith("538 5.7.11")
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1]) as relay:
        client = await secure(relay)
        assert (await client.say("AUTH PLAIN =")).startswith("500 5.5.1")


async def test_failures_are_limited_by_session_and_by_client(certificate) -> None:
    wrong = f"AUTH PLAIN {encoded('', 'scanner', 'guess')}"
    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        failed = 0
        while failed < 10:
            client = await secure(relay)
            for _ in range(min(3, 10 - failed)):
                assert (await client.say(wrong)).startswith("535 5.7.8")
                failed += 1
            if failed < 10:
                assert await client.ended()
        client = await secure(relay)
        right = f"AUTH PLAIN {encoded('', 'scanner', ACCOUNTS['scanner'])}"
        assert (await client.say(right)).startswith("454 4.7.0")
        assert relay.count("smtp_refusals_total", reason="auth") == 10


def _with_smtplib(relay: RelayHarness, send: Callable[[smtplib.SMTP], object], *, implicit: bool) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = (
        smtplib.SMTP_SSL("127.0.0.1", relay.tls_port, timeout=10, context=context)
        if implicit
        else smtplib.SMTP("127.0.0.1", relay.port, timeout=10)
    )
    with client:
        if not implicit:
            client.starttls(context=context)
        send(client)


@pytest.mark.parametrize("implicit", [False, True])
async def test_python_smtplib_signs_in_and_sends(certificate, implicit: bool) -> None:
    def send(client: smtplib.SMTP) -> None:
        client.login("ticket-system", ACCOUNTS["ticket-system"])
        client.sendmail("a@riverbend.example", [OUTSIDE], mail_content())

    async with running_relay(tls_cert=certificate[0], tls_key=certificate[1], **SUBMIT) as relay:
        await asyncio.to_thread(_with_smtplib, relay, send, implicit=implicit)
        assert len(relay.outside.taken) == 1


async def test_implicit_tls_offers_no_starttls_and_hears_proxy(certificate) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with running_relay(
        tls_cert=certificate[0], tls_key=certificate[1], proxy_protocol=True, proxies=("127.0.0.0/8",), **SUBMIT
    ) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.tls_port)
        client = SmtpClient(reader, writer)
        relay.clients.append(client)
        client.send(b"PROXY TCP4 203.0.113.9 192.0.2.1 5000 465\r\n")
        await writer.start_tls(context)
        assert (await client.reply()).startswith("220 gateway.riverbend.example")
        assert "STARTTLS" not in await client.say("EHLO mail.example")
        assert (await client.mail("a@b.example", ["dwhitfield@riverbend.example"], mail_content()))[-1].startswith(
            "250"
        )
        assert b"([203.0.113.9])" in relay.inside.taken[0].content
