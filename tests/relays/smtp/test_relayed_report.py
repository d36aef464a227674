"""NOTIFY=SUCCESS for mail that passes through to a next hop without DSN: the sender is told that it was relayed."""

from __future__ import annotations

import email.policy

from gateway.core.messages.delivery import State
from gateway.ports.messages import StoreDown
from tests.relays.smtp.harness import AVERY, TEACHER, VENDOR, mail_content, running_relay
from tests.relays.smtp.test_second_pass import NAME, sealed
from tests.relays.smtp.test_transaction import refusing

OTHER = "sales@paper.example"
NO_DSN = {"extensions": ("PIPELINING", "8BITMIME")}
NOTIFY = "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Vendor@Paper.example"


async def test_sender_is_told() -> None:
    async with running_relay(hop_more=NO_DSN) as relay:
        client = await relay.client()
        replies = await client.mail(TEACHER, [VENDOR], mail_content(), "RET=HDRS ENVID=Ab12", NOTIFY)
        assert replies[-1] == "250 2.0.0 Ok"
        (report,) = relay.store.messages
        assert (report.envelope.sender, [to.address for to in report.envelope.recipients]) == ("", [TEACHER])
        parsed = email.message_from_bytes(report.content, policy=email.policy.default)
        assert parsed["From"].addresses[0].addr_spec == "postmaster@riverbend.example"
        assert parsed.get_content_type() == "multipart/report"
        status = parsed.get_payload(1).as_string()
        for line in (
            "Original-Envelope-Id: Ab12", "Original-Recipient: rfc822; Vendor@Paper.example",
            f"Final-Recipient: rfc822; {VENDOR}", "Action: relayed", "Status: 2.1.9",
        ):  # fmt: skip
            assert line in status
        returned = parsed.get_payload(2)
        assert returned.get_content_type() == "text/rfc822-headers"
        assert "Subject: Order" in returned.as_string()
        assert "forty boxes" not in report.content.decode()
        assert relay.woken["due"] == 1


async def test_nobody_is_told_otherwise() -> None:
    async with running_relay(hop_more=NO_DSN) as relay:
        client = await relay.client()
        assert (await client.mail("", [VENDOR], mail_content(), "", NOTIFY))[-1].startswith("250")
        assert (await client.mail(TEACHER, [VENDOR], mail_content(), "", "NOTIFY=FAILURE"))[-1].startswith("250")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1].startswith("250")
        assert not relay.store.messages
    async with running_relay() as relay:  # the next hop tells the sender
        client = await relay.client()
        assert (await client.mail(TEACHER, [VENDOR], mail_content(), "", NOTIFY))[-1].startswith("250")
        assert relay.outside.taken[0].rcpts == (f"RCPT TO:<{VENDOR}> {NOTIFY}",)
        assert not relay.store.messages
    async with running_relay(outside=refusing((".", "554 5.7.1 no")), hop_more=NO_DSN) as relay:
        client = await relay.client()
        assert (await client.mail(TEACHER, [VENDOR], mail_content(), "", NOTIFY))[-1].startswith("554")
        assert not relay.store.messages


async def test_delivery_stands_while_the_store_is_down() -> None:
    async with running_relay(hop_more=NO_DSN) as relay:

        async def down(*_: object) -> None:
            raise StoreDown

        relay.store.accept = down
        client = await relay.client()
        assert (await client.mail(TEACHER, [VENDOR], mail_content(), "", NOTIFY))[-1].startswith("250 ")
        assert len(relay.outside.taken) == 1


async def test_sender_is_told_after_the_second_pass() -> None:
    async with running_relay(hop_more=NO_DSN) as relay:
        relay.store.known[NAME] = {AVERY: State.SENT}
        client = await relay.client()
        whole = sealed(mail_content(TEACHER, AVERY))
        assert (await client.mail(TEACHER, [AVERY], whole, "", "NOTIFY=SUCCESS"))[-1].startswith("250 ")
        (report,) = relay.store.messages
        assert [to.address for to in report.envelope.recipients] == [TEACHER]
        assert b"Action: relayed" in report.content
