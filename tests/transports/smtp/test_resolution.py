"""Names of next hops: hosts with several addresses, and mail servers of a domain."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.messages.delivery import Bounced, Deferred, NextHop, Outcome, Sent
from gateway.core.messages.message import Recipient
from gateway.ports.channels import HopDown
from gateway.transports.smtp.destination import Destination, Endpoint, NoMailServer, TlsPolicy, split_address
from gateway.transports.smtp.dialing import tls_context
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.resolution import HopResolver
from gateway.transports.smtp.transport import SmtpTransport
from tests.contracts.transports.test_smtp_transport import claim
from tests.transports.smtp.fake_hop import accept_all, fake_hop
from tests.transports.smtp.name_server import name_server
from tests.transports.smtp.test_pool import holds_claim

BY_DOMAIN = Destination("*", mx=True)
RECORDS = {
    "one.example": ["10 127.0.0.1."],
    "order.example": ["20 127.0.0.3.", "10 127.0.0.2.", "10 127.0.0.1.", "30 127.0.0.4."],
    "null.example": ["0 ."],
    "localhost": [],
    "loop.example": ["10 gateway.example.", "20 127.0.0.9."],
    "backup.example": ["10 127.0.0.1.", "20 gateway.example.", "30 127.0.0.9."],
    "gone.example": ["10 no-such-host.invalid."],
    "half.example": ["10 no-such-host.invalid.", "20 127.0.0.1."],
    "fails.example": "SERVFAIL",
    "xn--bcher-kva.example": ["10 127.0.0.7."],
}


async def hosts(domain: str, destination: Destination = BY_DOMAIN) -> list[str]:
    async with name_server(RECORDS) as (address, _):
        resolver = HopResolver("gateway.example", nameservers=[address])
        return [endpoint.ip for endpoint in await resolver.endpoints(destination, domain)]


async def test_preference_decides_and_equal_servers_share() -> None:
    seen = Counter()
    async with name_server(RECORDS) as (address, _):
        resolver = HopResolver("gateway.example", nameservers=[address])
        for _ in range(200):
            seen[tuple(endpoint.ip for endpoint in await resolver.endpoints(BY_DOMAIN, "order.example"))] += 1
    rest = ("127.0.0.3", "127.0.0.4")
    assert set(seen) == {(*first, *rest) for first in itertools.permutations(("127.0.0.1", "127.0.0.2"))}
    assert min(seen.values()) > 50


@pytest.mark.parametrize(
    ("domain", "reply"),
    [("null.example", "556 5.1.10 "), ("no.example", "550 5.1.2 "), ("loop.example", "554 5.4.6 ")],
)
async def test_domain_without_mail_is_permanent(domain: str, reply: str) -> None:
    with pytest.raises(NoMailServer) as gone:
        await hosts(domain)
    assert gone.value.reply.text.startswith(reply)


@pytest.mark.parametrize("domain", ["fails.example", "gone.example"])
async def test_failed_look_up_is_temporary(domain: str) -> None:
    with pytest.raises(HopDown) as down:
        await hosts(domain)
    assert not isinstance(down.value, NoMailServer)
    assert down.value.reply.text.startswith("451 4.4.3 ")


async def test_other_domains() -> None:
    assert set(await hosts("localhost")) <= {"127.0.0.1", "::1"}  # no MX: the domain's own address
    assert await hosts("backup.example") == ["127.0.0.1"]  # only servers that are preferred to this gateway
    assert await hosts("half.example") == ["127.0.0.1"]
    assert await hosts("bücher.example") == ["127.0.0.7"]
    assert await hosts("[127.0.0.5]") == ["127.0.0.5"]
    assert await hosts("[IPv6:::1]") == ["::1"]


async def test_addresses_in_order() -> None:
    destination = Destination("hop", ("[2001:db8::1]:26", "127.0.0.2:27", "localhost:28", "no-such-host.invalid:29"))
    endpoints = await HopResolver().endpoints(destination, "")
    assert endpoints[:2] == (Endpoint("2001:db8::1", "2001:db8::1", 26), Endpoint("127.0.0.2", "127.0.0.2", 27))
    assert {(endpoint.host, endpoint.port) for endpoint in endpoints[2:]} == {("localhost", 28)}
    assert [split_address(str(endpoint)) for endpoint in endpoints[:2]] == [("2001:db8::1", 26), ("127.0.0.2", 27)]


async def test_delivery_by_domain() -> None:
    """One transaction goes to the servers of one domain, until one has taken the message; others are due at once."""
    hop = NextHop("mail", "*", frozenset(), True, by_domain=True)
    async with fake_hop() as server, name_server(RECORDS) as (address, _):
        resolver = HopResolver("gateway.example", mx_port=server.port, nameservers=[address])
        async with SmtpPool("gateway.example", {"*": BY_DOMAIN}, resolver=resolver) as pool:
            people = [Recipient(f"{n}@{domain}.example") for domain in ("one", "null", "fails", "half") for n in "ab"]
            transport = SmtpTransport(pool)
            assert list(await transport.deliver(hop, claim(people), holds_claim)) == ["a@one.example", "b@one.example"]
            outcomes = await transport.deliver(hop, claim(people[2:]), holds_claim)
        assert [type(outcomes[recipient.address]) for recipient in people[2:]] == [
            Bounced, Bounced, Deferred, Deferred, Sent, Sent
        ]  # fmt: skip
        assert sorted(message.rcpts for message in server.taken) == [
            ("RCPT TO:<a@half.example>", "RCPT TO:<b@half.example>"),
            ("RCPT TO:<a@one.example>", "RCPT TO:<b@one.example>"),
        ]


async def test_answers_are_remembered() -> None:
    hop = NextHop("mail", "*", frozenset(), True, by_domain=True)
    async with fake_hop() as server, name_server(RECORDS) as (address, names):
        resolver = HopResolver("gateway.example", mx_port=server.port, nameservers=[address])
        async with SmtpPool("gateway.example", {"*": BY_DOMAIN}, resolver=resolver) as pool:
            for _ in range(5):
                await SmtpTransport(pool).deliver(hop, claim([Recipient("a@one.example")]), holds_claim)
        assert len(server.taken) == 5
        assert names.asked == ["one.example"]


async def test_next_hop_is_down_when_no_domain_answers() -> None:
    """One domain whose servers are away says nothing about the others."""
    hop = NextHop("mail", "*", frozenset(), True, by_domain=True)
    records = {"one.example": ["10 127.0.0.1."], "two.example": ["10 127.0.0.1."], "three.example": ["10 127.0.0.2."]}
    said: list[str | None] = []
    up = True
    async with (
        fake_hop(lambda command: accept_all(command) if up else "") as server,
        name_server(records) as (address, _),
    ):
        resolver = HopResolver("gateway.example", mx_port=server.port, nameservers=[address])
        async with SmtpPool(
            "gateway.example", {"*": BY_DOMAIN}, resolver=resolver, report=lambda _, why: said.append(why)
        ) as pool:

            async def deliver(domain: str) -> Outcome:
                people = [Recipient(f"a@{domain}.example")]
                return (await SmtpTransport(pool).deliver(hop, claim(people), holds_claim))[people[0].address]

            assert isinstance(await deliver("three"), Deferred)  # nobody listens on its address
            assert isinstance(await deliver("one"), Sent)
            assert said == [""]
            up = False
            server.break_all()
            for domain in ("one", "two"):
                assert isinstance(await deliver(domain), Deferred)
            assert said == ["", "unreachable"]
            assert pool.reachable("*")  # a domain that was not tried yet may be well


def test_ways_of_a_destination_share_the_authorities(tmp_path: Path, certificate: tuple[str, str]) -> None:
    """A machine's authorities take long to read. A file that has changed is read again."""
    assert tls_context(BY_DOMAIN) is tls_context(BY_DOMAIN)
    assert tls_context(BY_DOMAIN) is not tls_context(replace(BY_DOMAIN, tls=TlsPolicy.VERIFY))
    file = tmp_path / "ca.pem"
    shutil.copy(certificate[0], file)
    own = replace(BY_DOMAIN, tls=TlsPolicy.VERIFY, ca_file=str(file))
    before = tls_context(own)
    assert tls_context(own) is before
    os.utime(file, ns=(1, 1))
    assert tls_context(own) is not before
    file.unlink()
    with pytest.raises(FileNotFoundError):
        tls_context(own)
