"""Two addresses with many open sessions do not stop others. `python -m tests.bench.bench_hostile` measures delays."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.relays.smtp.harness import AVERY, TEACHER, VENDOR, RelayHarness, SmtpClient, mail_content, running_relay

OFFICE = "office@riverbend.example"
HOSTILE = ("127.0.0.2", "127.0.0.3")
SESSIONS = 200
MAILS = 100
BOUND = 9.0
"""Seconds, far above the noise of a loaded machine. A client that waits for a slot in vain waits for ten."""


async def hostile_client(relay: RelayHarness, address: str) -> SmtpClient:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port, local_addr=(address, 0))
    client = SmtpClient(reader, writer)
    relay.clients.append(client)
    await client.reply()
    await client.say("EHLO x.example")
    return client


async def idle_after_rcpt(client: SmtpClient, stop: asyncio.Event) -> None:
    await client.mail("a@b.example", [OFFICE])
    await stop.wait()


async def idle_in_content(client: SmtpClient, stop: asyncio.Event) -> None:
    await client.mail("a@b.example", [OFFICE])
    await client.say("DATA")
    client.send(b"Subject: x\r\n\r\n")
    await stop.wait()


async def trickle(client: SmtpClient, stop: asyncio.Event) -> None:
    await client.mail("a@b.example", [OFFICE])
    await client.say("DATA")
    client.send(b"Subject: x\r\n\r\n")
    while not stop.is_set():
        client.send(b"x")
        await asyncio.sleep(0.5)


async def again_and_again(client: SmtpClient, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await client.mail("a@b.example", [OFFICE])
        await asyncio.sleep(random.random() * 2)
        await client.say("RSET")


async def large_start(client: SmtpClient, stop: asyncio.Event) -> None:
    """Enough content to be passed on, and then no more."""
    await client.mail("a@b.example", [OFFICE])
    await client.say("DATA")
    client.send(mail_content(text="x" * 70 + "\r\n" * 1200))
    await stop.wait()


async def announce_large(client: SmtpClient, stop: asyncio.Event) -> None:
    """Room for large messages in scope, which never come."""
    await client.mail(TEACHER, [AVERY], options="SIZE=30000000")
    await client.say("DATA")
    await stop.wait()


@pytest.mark.parametrize(
    "hostile", [announce_large, idle_after_rcpt, idle_in_content, trickle, again_and_again, large_start]
)
async def test_two_addresses_do_not_slow_others(hostile) -> None:
    """The next hop takes 20 connections at once; the sessions are 100 from each address."""
    config = {"relay_from": ("127.0.0.1/32",), "max_sessions_per_client": SESSIONS, "crowded": 10_000}
    async with running_relay(one_hop=True, **config) as relay:
        stop = asyncio.Event()
        clients = [await hostile_client(relay, HOSTILE[number % 2]) for number in range(SESSIONS)]
        attacks = [asyncio.create_task(hostile(client, stop)) for client in clients]
        await asyncio.sleep(0.3)
        took = []
        loop = asyncio.get_running_loop()
        good = await relay.client()
        outside = await hostile_client(relay, "127.0.0.4")  # neither trusted nor hostile
        for number in range(MAILS):
            began = loop.time()
            if number % 2:
                replies = await good.mail(TEACHER, [VENDOR], mail_content())
            else:
                replies = await outside.mail("c@d.example", [OFFICE], mail_content("c@d.example", OFFICE))
            took.append(loop.time() - began)
            assert replies[-1].startswith("250 "), replies
        took.sort()
        print(f"{hostile.__name__}: p50 {took[MAILS // 2] * 1000:.1f} ms, p99 {took[-MAILS // 100] * 1000:.1f} ms")
        assert took[-MAILS // 100] < BOUND
        stop.set()
        for attack in attacks:
            attack.cancel()
        await asyncio.gather(*attacks, return_exceptions=True)


async def test_many_commands_at_once_take_a_turn_each() -> None:
    """However many commands one client has sent, others are heard between any two of them."""
    async with running_relay() as relay:
        client, loop, turns = await relay.client(), asyncio.get_running_loop(), 0

        def count() -> None:
            nonlocal turns, ticking
            turns += 1
            ticking = loop.call_soon(count)

        await client.mail(TEACHER, [AVERY])
        ticking = loop.call_soon(count)
        client.send(f"RCPT TO:<{AVERY}>\r\n".encode() * 1000)
        for _ in range(1000):
            assert (await client.reply()).startswith("250")
        ticking.cancel()
        assert turns >= 1000


async def test_endless_header_section_is_refused() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        content = b"X-Pad: " + b"x" * (1 << 23) + b"\r\n" + mail_content()
        assert (await client.mail(TEACHER, [VENDOR], content))[-1].startswith("552 5.3.4")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1].startswith("250")
