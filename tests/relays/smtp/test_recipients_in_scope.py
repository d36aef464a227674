"""Recipients of mail in scope: the next hop is asked, and refuses those it does not know."""

from __future__ import annotations

import pytest

from tests.relays.smtp.harness import AVERY, TEACHER, mail_content, running_relay
from tests.relays.smtp.test_transaction import refusing
from tests.transports.smtp.fake_hop import accept_all

GONE = "gone@students.riverbend.example"
UNKNOWN = "550-5.1.1 No such user here.\n550 5.1.1 Check the address"


async def test_unknown_recipient_is_refused_with_the_next_hops_words() -> None:
    async with running_relay(inside=refusing((f"RCPT TO:<{AVERY}", UNKNOWN)), verify_recipients=True) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [AVERY]))[-1] == UNKNOWN
        assert relay.count("smtp_refusals_total", reason="next_hop", hop=relay.inside.target) == 1
        assert (await client.say("DATA")).startswith("503 ")
        assert not relay.store.messages


async def test_known_recipient_is_taken_in_and_nothing_is_sent() -> None:
    async with running_relay(verify_recipients=True) as relay:
        client = await relay.client()
        for _ in range(3):
            replies = await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY))
            assert replies[-1].startswith("250 2.0.0 Ok: queued")
        assert not relay.inside.taken
        asked = [command for command in relay.inside.commands if command.startswith("RCPT")]
        assert asked == [f"RCPT TO:<{AVERY}>"]  # once: the answer is remembered


async def test_recipient_that_is_refused_for_now_is_taken_in() -> None:
    for at, words in (
        (f"RCPT TO:<{AVERY}", "450 4.2.1 greylisted"),
        (f"RCPT TO:<{AVERY}", "552 too many recipients"),
        ("MAIL", "550 5.7.1 not you"),
        ("CONNECT", "554 5.7.1 not you"),
        ("CONNECT", ""),
        ("RCPT", ""),
    ):
        async with running_relay(inside=refusing((at, words)), verify_recipients=True) as relay:
            client = await relay.client()
            replies = await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY))
            assert replies[-1].startswith("250 2.0.0 Ok: queued"), (at, words)


@pytest.mark.parametrize("at", ["CONNECT", "MAIL", "RCPT"])
async def test_silent_next_hop_costs_one_time_out(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.transports.smtp.questions._TIMEOUT", 0.2)
    async with running_relay(inside=refusing((at, "silence")), verify_recipients=True) as relay:
        client = await relay.client()
        for _ in range(20):
            replies = await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY))
            assert replies[-1].startswith("250 2.0.0 Ok: queued")
        assert relay.inside.connections == 1


async def test_refused_recipient_does_not_affect_others() -> None:
    async with running_relay(inside=refusing((f"RCPT TO:<{GONE}", UNKNOWN)), verify_recipients=True) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [AVERY, GONE], mail_content(TEACHER, AVERY))
        assert replies[1] == "250 2.1.5 Ok"
        assert replies[2] == UNKNOWN
        assert replies[-1].startswith("250 2.0.0 Ok: queued")
        (message,) = relay.store.messages
        assert [recipient.address for recipient in message.envelope.recipients] == [AVERY]


async def test_nobody_is_asked_unless_configured() -> None:
    async with running_relay(inside=accept_all) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
        assert relay.inside.connections == 0
