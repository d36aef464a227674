"""No byte of content is lost or changed, and nothing hidden in content becomes a separate message."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.relays.smtp.harness import (
    AVERY,
    OURS,
    TEACHER,
    VENDOR,
    dot_stuffed,
    mail_content,
    running_relay,
    without_trace,
)
from tests.relays.smtp.test_content import SMUGGLED, canonical, nasty

bodies = st.one_of(st.binary(max_size=400), nasty)
heads = st.sampled_from(
    [b"", b"\r\n", b"Subject: x\r\n\r\n", b"From: a@b\r\nSubject: =?x?q?=FF?=\r\n folded\r\n\r\n", b"no header\r\n",
     b"From:\xff\xfe\r\n\r\n", b".From: a@b\r\n..\r\n\r\n"]
)  # fmt: skip


async def test_any_content_is_passed_through_and_stored_unchanged() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        sent: list[bytes] = []
        taken: list[bytes] = []
        loop = asyncio.get_running_loop()

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(heads, bodies)
        def collect(head: bytes, body: bytes) -> None:
            sent.append(canonical(head + body))

        collect()
        for whole in sent:
            assert (await client.mail("x@elsewhere.example", [VENDOR], whole))[-1] == "250 2.0.0 Ok"
            assert (await client.mail(TEACHER, [AVERY], whole))[-1].startswith("250 2.0.0 Ok: queued")
        taken = [without_trace(message.content) for message in relay.outside.taken]
        assert taken == sent
        assert [message.content for message in relay.store.messages] == sent
        assert loop is asyncio.get_running_loop()


@pytest.mark.parametrize("size", [1, 3, 1460])
async def test_packet_boundaries_do_not_matter(size: int) -> None:
    whole = mail_content(text=".\r\n..\r\n.x\r\n\r\n" + "\u2713 \x00 \x7f" + "\r\n.")
    wire = dot_stuffed(whole) + b".\r\n"
    async with running_relay() as relay:
        client = await relay.client()
        for sender, to in (("x@elsewhere.example", VENDOR), (TEACHER, AVERY)):
            await client.mail(sender, [to])
            await client.say("DATA")
            for at in range(0, len(wire), size):
                client.send(wire[at : at + size])
                await asyncio.sleep(0)
            assert (await client.reply()).startswith("250")
        assert without_trace(relay.outside.taken[0].content) == whole
        assert relay.store.messages[0].content == whole


@pytest.mark.parametrize("lax", [False, True], ids=["strict hop", "lax hop"])
@pytest.mark.parametrize("end", SMUGGLED)
async def test_nothing_is_smuggled(end: bytes, lax: bool) -> None:
    smuggled = b"MAIL FROM:<boss@riverbend.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\nSubject: evil\r\n\r\n"
    wire = mail_content() + b"a" + end + smuggled + b".\r\n"
    async with running_relay(hop_more={"lax": lax}) as relay:
        client = await relay.client()
        for sender, to in (("x@elsewhere.example", VENDOR), (TEACHER, AVERY)):
            await client.mail(sender, [to])
            await client.say("DATA")
            assert (await client.say(wire)).startswith("250")
        assert [message.mail.split()[1] for message in relay.outside.taken] == ["FROM:<x@elsewhere.example>"]
        assert smuggled in relay.outside.taken[0].content
        assert smuggled in relay.store.messages[0].content
        assert await client.say("NOOP") == "250 2.0.0 Ok"


async def test_bare_newlines_may_be_refused_in_and_out_of_scope() -> None:
    async with running_relay(refuse_bare_newline=True) as relay:
        client = await relay.client()
        for sender, to in (("x@elsewhere.example", VENDOR), (TEACHER, AVERY)):
            await client.mail(sender, [to])
            await client.say("DATA")
            assert (await client.say(mail_content() + b"a\nb\r\n.\r\n")).startswith("550 5.5.2 ")
        assert not relay.outside.taken
        assert not relay.store.accepted
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"


@pytest.mark.parametrize("length", [998, 1001, 70_000, 3_000_000])
async def test_very_long_lines(length: int) -> None:
    async with running_relay() as relay:
        client = await relay.client()
        for whole in (
            mail_content(text="z" * length),
            b"z" * length + b"\r\n",
            b"Subject: " + b"z" * length + b"\r\n\r\nx\r\n",
        ):
            assert (await client.mail("x@elsewhere.example", [VENDOR], whole))[-1] == "250 2.0.0 Ok"
            assert (await client.mail(TEACHER, [AVERY], whole))[-1].startswith("250")
            assert without_trace(relay.outside.taken[-1].content) == whole
            assert relay.store.messages[-1].content == whole


async def test_too_large_message_is_refused_and_the_session_goes_on() -> None:
    async with running_relay(max_size=5000) as relay:
        client = await relay.client()
        assert "SIZE 5000" in await client.say("EHLO client.example")
        assert (await client.say("MAIL FROM:<x@y.example> SIZE=5001")).startswith("552 5.3.4 ")
        big = mail_content(text="b" * 78 + "\r\n" + ("b" * 78 + "\r\n") * 99)
        for sender, to in (("x@elsewhere.example", VENDOR), (TEACHER, AVERY)):
            assert (await client.mail(sender, [to], big))[-1].startswith("552 5.3.4 ")
        assert not relay.outside.taken
        assert not relay.store.accepted
        assert relay.count("smtp_refusals_total", reason="too_large") == 3
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        assert OURS in relay.outside.taken[0].content


async def test_large_message_does_not_block_others() -> None:
    async with running_relay() as relay:
        large = mail_content(text=("A" * 76 + "\r\n") * (20 * 1024 * 1024 // 78))
        loop = asyncio.get_running_loop()
        longest = 0.0
        done = asyncio.Event()

        async def watch() -> None:
            """The CPU time of this thread between two turns of its loop, at most."""
            nonlocal longest
            while not done.is_set():
                before = time.thread_time()
                await asyncio.sleep(0.001)
                longest = max(longest, time.thread_time() - before)

        client = await relay.client()
        await client.mail(TEACHER, [AVERY])
        await client.say("DATA")
        watching = loop.create_task(watch())
        began = time.thread_time()
        wire = memoryview(large + b".\r\n")
        for at in range(0, len(wire), 1 << 16):
            client.send(bytes(wire[at : at + (1 << 16)]))
            await client.writer.drain()
        assert (await client.reply()).startswith("250")
        took = time.thread_time() - began
        done.set()
        await watching
        assert relay.store.messages[0].content == large
        print(f"longest turn {longest:.3f} s of {took:.3f} s")
        assert longest < took / 2, "others wait for most of the work"
