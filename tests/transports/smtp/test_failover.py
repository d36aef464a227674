"""Addresses of a next hop: the next one is tried, a dead one is left alone, and one that works again is used."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from gateway.core.messages.delivery import Deferred, NextHop, Sent
from gateway.ports.channels import HopDown
from gateway.transports.smtp.connection import SmtpTimeouts
from gateway.transports.smtp.destination import Destination, TlsPolicy
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport
from tests.relays.smtp.harness import wait_until
from tests.transports.smtp.fake_hop import FakeHop, accept_all, fake_hop
from tests.transports.smtp.test_pool import ONE, deliver_one

pytestmark = pytest.mark.slow

HOP = NextHop("mail", "hop", frozenset(), True)
_SHORT = SmtpTimeouts(connect=1.0, greeting=1.0, failover=1.0, begin=1.0)
"""For a next hop that hangs. The healthy one must answer within them too, on a busy machine."""


def timeouts_for(kind: str) -> SmtpTimeouts:
    """Short ones only where something may hang, as an address without a route does on some machines."""
    return _SHORT if kind.startswith(("hangs", "IPv6")) else SmtpTimeouts()


def refusing_at(at: str, words: str) -> Callable[[str], str]:
    return lambda command: words if command.startswith(at) else accept_all(command)


@asynccontextmanager
async def bad_address(kind: str) -> AsyncIterator[str]:
    """An address that does not work, in one of many ways."""
    async with AsyncExitStack() as stack:
        if kind == "refused":
            made = stack.enter_context(socket.socket())
            made.bind(("127.0.0.1", 0))  # bound, but not listening
            yield f"127.0.0.1:{made.getsockname()[1]}"
            return
        if kind == "unknown name":
            yield "no-such-host.invalid:25"
            return
        if kind == "IPv6 without route":
            yield "[2001:db8::1]:25"
            return
        at, words = {
            "hangs at connect": ("CONNECT", "silence"),
            "closes at connect": ("CONNECT", ""),
            "says 421": ("CONNECT", "421 4.3.2 busy"),
            "says 554": ("CONNECT", "554 5.7.1 not you"),
            "garbage": ("CONNECT", "SSH-2.0-hop"),
            "421 at EHLO": ("EHLO", "421 4.3.2 busy"),
            "hangs at EHLO": ("EHLO", "silence"),
            "closes at EHLO": ("EHLO", ""),
            "hangs at MAIL": ("MAIL", "silence"),
            "421 at MAIL": ("MAIL", "421 4.3.2 going down"),
            "421 at RCPT": ("RCPT", "421 4.3.2 going down"),
            "closes at MAIL": ("MAIL", ""),
            "no TLS": ("nothing", ""),
        }[kind]
        bad = await stack.enter_async_context(fake_hop(refusing_at(at, words)))
        yield bad.target


@pytest.mark.parametrize(
    "kind",
    ["refused", "unknown name", "IPv6 without route", "hangs at connect", "closes at connect", "says 421", "says 554",
     "garbage", "421 at EHLO", "hangs at EHLO", "closes at EHLO", "hangs at MAIL", "421 at MAIL", "421 at RCPT",
     "closes at MAIL"],
)  # fmt: skip
async def test_next_address_is_tried(kind: str) -> None:
    """For a delivery and for mail that passes through; afterwards the bad address costs nothing."""
    async with bad_address(kind) as bad, fake_hop() as good:
        destination = Destination("hop", (bad, good.target))
        async with SmtpPool("gateway.example", {"hop": destination}, timeouts=timeouts_for(kind)) as pool:
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Sent)
            transaction, reply = await pool.begin(HOP, "", (), ONE[0], size=None, tls=False)
            assert reply.accepted
            assert transaction is not None
            await transaction.abort()
            assert len(good.taken) == 1


async def test_second_address_is_used_where_the_first_cannot_do_tls(certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    for policy in (TlsPolicy.REQUIRED, TlsPolicy.VERIFY):
        async with fake_hop() as bad, fake_hop(tls=context) as good:
            addresses = (bad.target, f"localhost:{good.port}")
            destination = Destination("hop", addresses, policy, certificate[0])
            async with SmtpPool("gateway.example", {"hop": destination}) as pool:
                assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Sent)
                assert good.taken[0].secure
                assert not bad.taken


@pytest.mark.parametrize("kind", ["refused", "hangs at connect", "closes at connect", "garbage", "hangs at EHLO"])
async def test_dead_next_hop_costs_its_clients_nothing(kind: str) -> None:
    reports: list[tuple[str, str]] = []
    async with bad_address(kind) as bad:
        destinations = {"hop": Destination("hop", (bad,))}
        async with SmtpPool(
            "gateway.example", destinations, timeouts=timeouts_for(kind), report=lambda *report: reports.append(report)
        ) as pool:
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Deferred)
            assert reports == [("hop", ""), ("hop", "unreachable")]
            async with asyncio.timeout(60):  # none waits for the next hop, which would take a second or more
                for _ in range(300):
                    with pytest.raises(HopDown) as down:
                        await pool.begin(HOP, "", (), ONE[0], size=None, tls=False)
                    assert down.value.reply.text.startswith("451 4.4.1 ")


async def test_next_hop_that_comes_back_is_used_again() -> None:
    says = {"now": "silence"}
    reports: list[str] = []
    async with fake_hop(lambda command: says["now"] or accept_all(command)) as hop:
        destinations = {"hop": Destination("hop", (hop.target,))}
        async with SmtpPool(
            "gateway.example", destinations, timeouts=_SHORT, report=lambda _, why: reports.append(why)
        ) as pool:
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Deferred)
            says["now"] = ""
            await wait_until(lambda: reports[-1] == "")
            before = hop.connections
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Sent)
            assert hop.connections == before  # the connection of the probe
        assert reports == ["", "unreachable", ""]


async def test_next_hop_that_hangs_after_ehlo_is_dead_too() -> None:
    reports: list[str] = []
    async with fake_hop(refusing_at("MAIL", "silence")) as hop:
        destinations = {"hop": Destination("hop", (hop.target,))}
        timeouts = SmtpTimeouts(begin=0.1, command=0.2)
        async with SmtpPool(
            "gateway.example", destinations, timeouts=timeouts, report=lambda _, why: reports.append(why)
        ) as pool:
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Deferred)
            assert reports == ["", "unreachable"]
            hop.says = accept_all
            await wait_until(lambda: reports[-1] == "")


async def test_limit_of_the_next_hop_is_no_failure() -> None:
    """A next hop that takes three connections and says 421 to others gets three, and everything arrives."""
    hop: FakeHop

    def says(command: str) -> str:
        return "421 4.7.0 too many connections" if command == "CONNECT" and len(hop.open) > 3 else accept_all(command)

    reports: list[str] = []
    async with fake_hop(says) as hop:
        destinations = {"hop": Destination("hop", (hop.target,))}
        async with SmtpPool("gateway.example", destinations, report=lambda _, why: reports.append(why)) as pool:
            transport = SmtpTransport(pool)
            assert isinstance(await deliver_one(transport, HOP), Sent)
            outcomes = await asyncio.gather(*(deliver_one(transport, HOP) for _ in range(60)))
            assert {type(outcome) for outcome in outcomes} == {Sent}
            assert len(hop.taken) == 61
        assert reports == [""]


async def test_password_is_given_over_tls_only(certificate) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def says(command: str) -> str:
        if command.startswith("AUTH"):
            return "235 2.7.0 fine" if command == "AUTH PLAIN AGdhdGV3YXkAczNjcmV0" else "535 5.7.8 wrong"
        return accept_all(command)

    for policy, secure, password, sent in (
        (TlsPolicy.OPPORTUNISTIC, True, "s3cret", True),
        (TlsPolicy.OPPORTUNISTIC, False, "s3cret", False),
        (TlsPolicy.REQUIRED, True, "wrong", False),
        (TlsPolicy.NONE, False, "s3cret", True),
    ):
        tls = context if secure else None
        async with fake_hop(says, tls=tls, extensions=("AUTH LOGIN PLAIN",)) as hop:
            destination = Destination("hop", (hop.target,), policy, "", "gateway", password)
            async with SmtpPool("gateway.example", {"hop": destination}) as pool:
                outcome = await deliver_one(SmtpTransport(pool), HOP)
                assert isinstance(outcome, Sent if sent else Deferred)
                asked = [command for command in hop.commands if command.startswith("AUTH")]
                assert bool(asked) == (sent or secure)
                if not sent:
                    assert outcome.reply.startswith("451 4.7.8 " if secure else "451 4.7.4 ")


async def test_login_where_plain_is_not_offered() -> None:
    replies = iter(("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 fine"))

    def says(command: str) -> str:
        return next(replies) if command in ("AUTH LOGIN", "Z2F0ZXdheQ==", "czNjcmV0") else accept_all(command)

    async with fake_hop(says, extensions=("AUTH LOGIN",)) as hop:
        destination = Destination("hop", (hop.target,), TlsPolicy.NONE, "", "gateway", "s3cret")
        async with SmtpPool("gateway.example", {"hop": destination}) as pool:
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Sent)
            assert hop.commands[1:4] == ["AUTH LOGIN", "Z2F0ZXdheQ==", "czNjcmV0"]


async def test_changed_destinations_are_used_at_once() -> None:
    async with fake_hop() as old, fake_hop() as new:
        destinations = {"hop": Destination("hop", (old.target,))}
        async with SmtpPool("gateway.example", destinations) as pool:
            transport = SmtpTransport(pool)
            assert isinstance(await deliver_one(transport, HOP), Sent)
            assert pool.replace(destinations) == 0
            assert pool.replace({"hop": Destination("hop", (new.target,))}) == 2
            assert isinstance(await deliver_one(transport, HOP), Sent)
            assert (len(old.taken), len(new.taken)) == (1, 1)
            await wait_until(lambda: not old.open)


async def test_outage_is_known_and_its_end_is_counted() -> None:
    """Deliveries ask before they claim, and look again for what waited when the next hop is back."""
    up = False

    def says(command: str) -> str:
        return accept_all(command) if up else ""

    async with fake_hop(says) as hop:
        destination = Destination("hop", (hop.target,))
        async with SmtpPool("gateway.example", {"hop": destination}) as pool:
            assert pool.reachable("hop")
            before = pool.returns("hop")
            assert isinstance(await deliver_one(SmtpTransport(pool), HOP), Deferred)
            assert not pool.reachable("hop")
            assert pool.returns("hop") == before
            up = True
            await wait_until(lambda: pool.reachable("hop"), 10)
            assert pool.returns("hop") == before + 1


async def test_removed_next_hop_is_reported_gone_and_a_changed_one_counts_as_back() -> None:
    said: list[tuple[str, str | None]] = []
    first, second = Destination("a", ("127.0.0.1:1",)), Destination("b", ("127.0.0.1:1",))
    async with SmtpPool(
        "gateway.example", {"a": first, "b": second}, report=lambda name, why: said.append((name, why))
    ) as pool:
        before, told = pool.returns("a"), len(said)
        pool.replace({"a": Destination("a", ("127.0.0.1:1",), ca_hash="another")})
        assert said[told:] == [("b", None), ("a", "")]
        assert pool.returns("a") == before + 1


async def test_busy_next_hop_has_a_reason_of_its_own() -> None:
    async with fake_hop() as hop:
        destination = Destination("hop", (hop.target,), connections=1)
        timeouts = SmtpTimeouts(slot=0.05)
        async with SmtpPool("gateway.example", {"hop": destination}, timeouts=timeouts) as pool:
            lease = await pool.routes._route(HOP, "").borrow("", tls=False, wait=1.0)
            with pytest.raises(HopDown) as busy:
                await pool.begin(HOP, "", (), ONE[0], size=None, tls=False)
            assert busy.value.reason == "next_hop_busy"
            assert busy.value.reply.text.startswith("451 4.4.5")
            lease.give_back(clean=False)
