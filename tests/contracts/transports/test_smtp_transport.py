"""What every transport does, on real SMTP and on the in-memory twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from gateway.assembly.factories import mail_next_hops
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Sent
from gateway.core.messages.message import Recipient
from gateway.ports.channels import Transport
from gateway.settings.smtp import SmtpSettings
from gateway.transports.scripted import EXTENSIONS, ScriptedTransport
from gateway.transports.smtp.pool import SmtpPool
from gateway.transports.smtp.transport import SmtpTransport
from tests.core.samples import CONTENT, message
from tests.transports.smtp.fake_hop import accept_all, fake_hop

AVERY, JO = "avery@students.riverbend.example", "jo@students.riverbend.example"


@dataclass
class World:
    """A transport, its next hop, and what arrived there as (mail, rcpts, content)."""

    transport: Transport
    hop: NextHop
    arrived: Callable[[], list[tuple[str, tuple[str, ...], bytes]]]

    async def deliver(self, claim, holds_claim=None):
        async def yes() -> bool:
            return True

        return await self.transport.deliver(self.hop, claim, holds_claim or yes)


@asynccontextmanager
async def real(says, extensions) -> AsyncIterator[World]:
    async with fake_hop(says, extensions=extensions) as there, SmtpPool("gateway.riverbend.example") as pool:
        yield World(
            SmtpTransport(pool),
            NextHop("mail", there.target, frozenset(), True),
            lambda: [(item.mail, item.rcpts, item.content) for item in there.taken],
        )


@asynccontextmanager
async def twin(says, extensions) -> AsyncIterator[World]:
    scripted = ScriptedTransport(says, extensions)
    yield World(
        scripted,
        NextHop("mail", "127.0.0.1:1", frozenset(), True),
        lambda: [(item.mail, item.rcpts, item.content) for item in scripted.handed],
    )


@pytest.fixture(params=[real, twin], ids=["smtp", "scripted"])
def world(request):
    return lambda says=accept_all, extensions=EXTENSIONS: request.param(says, extensions)


def script(**replies: str):
    """Replies by the first word of a command; `dot` is the end of the content."""
    said = {("." if name == "dot" else name): reply for name, reply in replies.items()}

    def says(command: str) -> str:
        found = next((reply for name, reply in said.items() if command.startswith(name)), None)
        return accept_all(command) if found is None else found

    return says


def refusing(**by_address: str):
    def says(command: str) -> str:
        found = next((reply for name, reply in by_address.items() if f"TO:<{name}@" in command), None)
        return found or accept_all(command)

    return says


BOTH = (Recipient(AVERY), Recipient(JO))


def claim(recipients=BOTH, **more) -> Claim:
    made = message(**{"recipients": tuple(recipients), **more})
    return Claim("token", made, tuple(Claimed(recipient, 0, 0.0) for recipient in recipients))


async def test_all_recipients_go_in_one_transaction_with_the_exact_bytes(world) -> None:
    async with world() as w:
        outcomes = await w.deliver(claim())
        assert outcomes == {AVERY: Sent("250 2.0.0 Ok", True), JO: Sent("250 2.0.0 Ok", True)}
        [(mail, rcpts, content)] = w.arrived()
        assert mail.startswith("MAIL FROM:<dwhitfield@riverbend.example>")
        assert rcpts == (f"RCPT TO:<{AVERY}>", f"RCPT TO:<{JO}>")
        assert content == CONTENT


async def test_prefix_goes_before_the_content(world) -> None:
    async with world() as w:
        made = claim()
        made = replace(made, message=replace(made.message, prefix=b"Received: by us\r\n"))
        await w.deliver(made)
        assert w.arrived()[0][2] == b"Received: by us\r\n" + CONTENT
        assert f"SIZE={len(CONTENT) + 17}" in w.arrived()[0][0]


async def test_parameters_are_passed_on(world) -> None:
    async with world() as w:
        to = Recipient(AVERY, ("NOTIFY=SUCCESS,Delay", "ORCPT=rfc822;Avery+2Bx@Riverbend.example"))
        await w.deliver(claim([to], options=("BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=Ab+2Bc")))
        [(mail, rcpts, _)] = w.arrived()
        assert mail.split()[2:6] == ["BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=Ab+2Bc"]
        assert rcpts == (f"RCPT TO:<{AVERY}> NOTIFY=SUCCESS,Delay ORCPT=rfc822;Avery+2Bx@Riverbend.example",)


async def test_next_hop_without_dsn_gets_no_dsn_parameters(world) -> None:
    async with world(extensions=("8BITMIME",)) as w:
        outcomes = await w.deliver(
            claim([Recipient(AVERY, ("NOTIFY=NEVER",))], options=("RET=FULL", "ENVID=x", "BODY=8BITMIME"))
        )
        assert outcomes == {AVERY: Sent("250 2.0.0 Ok", False)}
        assert w.arrived()[0][:2] == (
            "MAIL FROM:<dwhitfield@riverbend.example> BODY=8BITMIME",
            (f"RCPT TO:<{AVERY}>",),
        )


async def test_null_sender(world) -> None:
    async with world() as w:
        await w.deliver(claim(sender=""))
        assert w.arrived()[0][0].startswith("MAIL FROM:<>")


@pytest.mark.parametrize(
    ("said", "kind"),
    [("550 5.1.1 no such user", Bounced), ("450 4.2.1 greylisted", Deferred), ("552 5.2.2 full", Bounced),
     ("452 4.2.2 full", Deferred), ("252 2.1.5 cannot verify", Sent)],
)  # fmt: skip
async def test_each_recipient_has_its_own_outcome(world, said, kind) -> None:
    async with world(refusing(jo=said)) as w:
        outcomes = await w.deliver(claim())
        assert outcomes[AVERY] == Sent("250 2.0.0 Ok", True)
        assert isinstance(outcomes[JO], kind)
        assert kind is Sent or outcomes[JO].reply == said
        assert len(w.arrived()) == 1


async def test_no_content_is_sent_without_accepted_recipients(world) -> None:
    async with world(script(RCPT="550 5.1.1 no such user")) as w:
        outcomes = await w.deliver(claim())
        assert set(outcomes.values()) == {Bounced("550 5.1.1 no such user")}
        assert not w.arrived()


@pytest.mark.parametrize("at", ["MAIL", "DATA", "dot"])
@pytest.mark.parametrize(("said", "kind"), [("554 5.7.1 no", Bounced), ("451 4.3.0 later", Deferred)])
async def test_refusal_applies_to_every_recipient(world, at, said, kind) -> None:
    async with world(script(**{at: said})) as w:
        assert await w.deliver(claim()) == {AVERY: kind(said), JO: kind(said)}
        assert not w.arrived()


async def test_malformed_reply_defers(world) -> None:
    for at, strange in (("MAIL", "354 go on"), ("RCPT", "354 go on"), ("DATA", "250 fine"), ("dot", "354 more")):
        async with world(script(**{at: strange})) as w:
            outcomes = await w.deliver(claim())
            assert {type(outcome) for outcome in outcomes.values()} == {Deferred}
            assert {outcome.reply[:9] for outcome in outcomes.values()} == {"451 4.5.0"}
            assert not w.arrived()


@pytest.mark.parametrize("at", ["CONNECT", "MAIL", "RCPT", "DATA", "dot"])
async def test_lost_connection_defers(world, at) -> None:
    async with world(script(**{at: ""})) as w:
        outcomes = await w.deliver(claim())
        assert {type(outcome) for outcome in outcomes.values()} == {Deferred}
        assert set(outcomes) == {AVERY, JO}
        assert all(outcome.reply.startswith("451 4.4.") for outcome in outcomes.values())


async def test_nothing_is_delivered_if_the_claim_is_lost(world) -> None:
    async with world() as w:
        asked = []

        async def holds_claim() -> bool:
            asked.append(len(w.arrived()))
            return False

        assert await w.deliver(claim(), holds_claim) == {}
        assert asked == [0]
        assert not w.arrived()


async def test_8bit_content_is_not_converted_for_an_old_hop(world) -> None:
    async with world(extensions=("DSN",)) as w:
        outcomes = await w.deliver(claim([Recipient(AVERY)], options=("BODY=8BITMIME",)))
        assert isinstance(outcomes[AVERY], Bounced)
        assert "5.6.3" in outcomes[AVERY].reply
        plain = claim([Recipient(AVERY)], options=("BODY=8BITMIME", "SMTPUTF8"), content=b"Subject: x\r\n\r\nhello\r\n")
        assert isinstance((await w.deliver(plain))[AVERY], Sent)
        assert [mail for mail, _, _ in w.arrived()] == ["MAIL FROM:<dwhitfield@riverbend.example>"]


async def test_internationalized_addresses_need_smtputf8(world) -> None:
    jose = "josé@students.riverbend.example"
    async with world(extensions=("8BITMIME",)) as w:
        outcomes = await w.deliver(claim([Recipient(jose)], options=("SMTPUTF8",)))
        assert isinstance(outcomes[jose], Bounced)
        assert "5.6.7" in outcomes[jose].reply
    async with world() as w:
        assert isinstance((await w.deliver(claim([Recipient(jose)], options=("SMTPUTF8",))))[jose], Sent)
        assert w.arrived()[0][1] == (f"RCPT TO:<{jose}>",)


async def test_domain_without_a_next_hop_is_refused() -> None:
    settings = SmtpSettings(next_hop={"riverbend.example": "127.0.0.1:2600"})
    inside, nowhere = mail_next_hops(settings, {})
    assert (inside.target, nowhere.target) == ("riverbend.example", "")
    assert (nowhere.default, nowhere.others) == (True, frozenset({"riverbend.example"}))
    async with SmtpPool("gateway.riverbend.example") as pool:
        outcomes = await World(SmtpTransport(pool), nowhere, list).deliver(claim())
        assert outcomes == {item: Bounced("550 5.4.4 No next hop serves this domain") for item in (AVERY, JO)}
    (everywhere,) = mail_next_hops(SmtpSettings(next_hop={"*": "127.0.0.1:2601"}), {})
    assert everywhere.default
    assert everywhere.serves("any.example")
