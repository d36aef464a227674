"""XCLIENT from mail proxies (Postfix, XCLIENT_README)."""

from __future__ import annotations

import contextlib
import random

import pytest

from gateway.core.messages.refusal import Refused
from gateway.relays.smtp.xclient import parse_xclient
from tests.relays.smtp.harness import AVERY, TEACHER, VENDOR, mail_content, running_relay

PROXY = {"proxies": ("127.0.0.0/8",), "relay_from": ("127.0.0.0/8", "198.51.100.0/24")}


@pytest.mark.parametrize(
    ("argument", "said"),
    [("NAME=a.example ADDR=192.0.2.7 PORT=4444 PROTO=ESMTP HELO=b.example", ("192.0.2.7", "b.example", None, "ESMTP")),
     ("addr=IPV6:2001:db8::7", ("2001:db8::7", None, None, None)),
     ("ADDR=2001:db8::7", ("2001:db8::7", None, None, None)),
     ("ADDR=[UNAVAILABLE] LOGIN=[UNAVAILABLE]", ("", None, "", None)), ("NAME=[TEMPUNAVAIL]", (None, None, None, None)),
     ("LOGIN=a+2Bb+3Dc", (None, None, "a+b=c", None)), ("HELO=+5B192.0.2.7+5D", (None, "[192.0.2.7]", None, None))],
)  # fmt: skip
def test_attributes(argument: str, said: tuple[str | None, ...]) -> None:
    got = parse_xclient(argument)
    assert (got.address, got.helo, got.login, got.protocol) == said


@pytest.mark.parametrize(
    "argument",
    ["", "ADDR", "ADDR=300.1.1.1", "ADDR=a.example", "PORT=x", "PORT=70000", "PROTO=LMTP", "COLOR=red",
     "ADDR=1.2.3.4 ADDR=1.2.3.4",
     "HELO=a+0Db", "HELO=a+00b", "LOGIN=a+20b", "HELO=+Z", "HELO=a=b", "HELO=" + "h" * 300],
)  # fmt: skip
def test_malformed_attributes(argument: str) -> None:
    with pytest.raises(Refused):
        parse_xclient(argument)


def test_any_bytes_are_parsed_or_refused() -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    pieces = ["ADDR", "=", "+", "2B", " ", "IPV6:", "1.2.3.4", "HELO", "\r", "\u00e9", "[UNAVAILABLE]"]
    for _ in range(3000):
        argument = "".join(dice.choices(pieces, k=dice.randrange(9)))
        with contextlib.suppress(Refused):
            said = parse_xclient(argument)
            assert "\r" not in (said.helo or ""), (seed, argument)


async def test_client_behind_a_proxy_counts_as_itself() -> None:
    async with running_relay(**PROXY) as relay:
        client = await relay.client()
        assert "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN" in (await client.say("EHLO proxy")).splitlines()
        assert (await client.say("XCLIENT ADDR=203.0.113.5 NAME=mx.elsewhere.example")).startswith(
            "220 gateway.riverbend"
        )
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503")  # as after the greeting
        await client.say("EHLO mx.elsewhere.example")
        assert (await client.mail("a@b.example", [VENDOR]))[1].startswith("550 5.7.1")  # it may not send to anybody
        await client.say("RSET")
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
        (message,) = relay.store.messages
        assert all(pair.claimed for pair in message.relation.pairs)  # an outside client in the district's name
        assert b"from mx.elsewhere.example ([203.0.113.5])" in message.prefix
        assert (await client.say("XCLIENT ADDR=198.51.100.8")).startswith("220")
        await client.say("EHLO inside.example")
        assert (await client.mail("a@b.example", [VENDOR], mail_content()))[-1].startswith("250")


async def test_login_of_a_proxy_counts_as_authenticated() -> None:
    async with running_relay(**PROXY) as relay:
        client = await relay.client()
        await client.say("XCLIENT ADDR=203.0.113.5 LOGIN=teacher PROTO=ESMTP HELO=laptop")
        assert (await client.mail("a@b.example", [VENDOR], mail_content()))[-1].startswith("250")
        assert b"from laptop ([203.0.113.5])" in relay.outside.taken[0].content
        assert b"with ESMTPA" in relay.outside.taken[0].content


async def test_others_may_not_say_who_they_are() -> None:
    async with running_relay(relay_from=("127.0.0.0/8",), proxies=("192.0.2.0/24",)) as relay:
        client = await relay.client()
        assert "XCLIENT" not in await client.say("EHLO client.example")
        assert (await client.say("XCLIENT ADDR=198.51.100.8")).startswith("550 5.7.0")
        assert relay.count("smtp_refusals_total", reason="sequence") == 1
    # a client behind a load balancer is not the balancer
    async with running_relay(relay_from=(), proxies=("127.0.0.0/8",), proxy_protocol=True) as relay:
        client = await relay.connected()
        client.send(b"PROXY TCP4 203.0.113.9 192.0.2.1 5000 25\r\n")
        await client.reply()
        assert "XCLIENT" not in await client.say("EHLO client.example")
        assert (await client.say("XCLIENT ADDR=127.0.0.1")).startswith("550 5.7.0")


async def test_not_within_a_transaction_and_session_limits_follow_the_client() -> None:
    async with running_relay(max_sessions_per_client=2, **PROXY) as relay:
        client = await relay.client()
        await client.mail(TEACHER, [VENDOR])
        assert (await client.say("XCLIENT ADDR=203.0.113.5")).startswith("503")
        clients = [await relay.client() for _ in range(3)]
        replies = [await client.say("XCLIENT ADDR=203.0.113.5") for client in clients]
        assert [reply[:3] for reply in replies] == ["220", "220", "421"]
        assert (await clients[0].say("XCLIENT ADDR=203.0.113.6")).startswith("220")
        fourth = await relay.client()
        assert (await fourth.say("XCLIENT ADDR=203.0.113.5")).startswith("220")
