"""Transactions that pass through: they leave their connection to others while their client is silent."""

from __future__ import annotations

import asyncio

import pytest

from gateway.core.messages.delivery import NextHop
from gateway.core.messages.message import Recipient
from gateway.ports.channels import HopDown
from gateway.transports.smtp.destination import Destination
from gateway.transports.smtp.pool import SmtpPool
from tests.relays.smtp.harness import wait_until
from tests.transports.smtp.fake_hop import FakeHop, accept_all, fake_hop

HOP = NextHop("mail", "hop", frozenset(), True)
CONTENT = b"Subject: x\r\n\r\nhello\r\n"


def pool_of(hop: FakeHop, connections: int = 1) -> SmtpPool:
    return SmtpPool("gateway.example", {"hop": Destination("hop", (hop.target,), connections=connections)})


async def begun(pool: SmtpPool, name: str, client: str = ""):
    transaction, reply = await pool.begin(
        HOP, f"{name}@x.example", (), Recipient("to@x.example"), size=None, tls=False, client=client
    )
    assert reply.accepted
    assert transaction is not None
    return transaction


async def finish(transaction) -> None:
    assert (await transaction.data()).code == 354
    await transaction.send(CONTENT)
    assert (await transaction.finish()).accepted


async def test_silent_client_makes_room_and_goes_on_later() -> None:
    async with fake_hop() as hop, pool_of(hop) as pool:
        silent = await begun(pool, "silent", "203.0.113.1")
        assert (await silent.recipient(Recipient("second@x.example"))).accepted
        for _ in range(3):
            await finish(await begun(pool, "other"))
        assert (await silent.recipient(Recipient("third@x.example"))).accepted
        await finish(await begun(pool, "other"))
        await finish(silent)
        assert hop.connections == 1
        last = hop.taken[-1]
        assert (last.mail, last.rcpts) == (
            "MAIL FROM:<silent@x.example>",
            ("RCPT TO:<to@x.example>", "RCPT TO:<second@x.example>", "RCPT TO:<third@x.example>"),
        )


async def test_next_hop_that_changes_its_mind_is_a_loss() -> None:
    refused = {"now": ""}

    def says(command: str) -> str:
        return refused["now"] or accept_all(command) if command.startswith("RCPT TO:<to@") else accept_all(command)

    async with fake_hop(says) as hop, pool_of(hop) as pool:
        silent = await begun(pool, "silent", "203.0.113.1")
        await finish(await begun(pool, "other"))
        refused["now"] = "550 5.1.1 gone"
        with pytest.raises(HopDown) as down:
            await silent.data()
        assert down.value.reply.text.startswith("451 4.4.2 ")
        await silent.abort()
        refused["now"] = ""
        await finish(await begun(pool, "other"))


async def test_connection_that_the_next_hop_closed_meanwhile_is_replaced() -> None:
    async with fake_hop() as hop, pool_of(hop) as pool:
        silent = await begun(pool, "silent")
        hop.break_all()
        await wait_until(lambda: not hop.open)
        await finish(silent)
        assert hop.connections == 2


async def test_content_that_was_begun_is_never_given_up_for_a_short_wait() -> None:
    async with fake_hop() as hop, pool_of(hop) as pool:
        sending = await begun(pool, "sending", "203.0.113.1")
        assert (await sending.data()).code == 354
        await sending.send(CONTENT)
        other = asyncio.create_task(begun(pool, "other"))
        await asyncio.sleep(0.1)
        assert not other.done()
        assert (await sending.finish()).accepted
        await finish(await other)
        assert [message.mail for message in hop.taken] == [
            "MAIL FROM:<sending@x.example>",
            "MAIL FROM:<other@x.example>",
        ]


async def test_many_silent_clients_of_one_small_next_hop() -> None:
    """Fifty open transactions over two connections: each one goes on where it was."""
    async with fake_hop() as hop, pool_of(hop, connections=2) as pool:
        open_ones = [await begun(pool, f"n{number}", f"203.0.113.{number % 3}") for number in range(50)]
        await asyncio.gather(*map(finish, open_ones))
        assert hop.connections == 2
        assert {message.mail for message in hop.taken} == {f"MAIL FROM:<n{number}@x.example>" for number in range(50)}
        assert all(message.rcpts == ("RCPT TO:<to@x.example>",) for message in hop.taken)


async def test_client_that_stops_in_its_content_loses_the_connection_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.transports.smtp.slots._STALL", 0.1)
    async with fake_hop() as hop, pool_of(hop) as pool:
        stopped = await begun(pool, "stopped", "203.0.113.1")
        assert (await stopped.data()).code == 354
        await finish(await begun(pool, "other"))
        with pytest.raises(HopDown):
            await stopped.finish(CONTENT)
        assert [message.mail for message in hop.taken] == ["MAIL FROM:<other@x.example>"]
