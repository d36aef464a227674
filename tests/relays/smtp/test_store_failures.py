"""A store that is full or down: no message is accepted that cannot be stored."""

from __future__ import annotations

from tests.relays.smtp.harness import AVERY, PRINCIPAL, TEACHER, VENDOR, mail_content, running_relay


async def test_full_store_refuses_only_messages_in_scope() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        relay.store.waiting = 1000
        replies = await client.mail(TEACHER, [VENDOR, AVERY], mail_content())
        assert replies[2].startswith("452 4.3.1 ")
        assert replies[-1] == "250 2.0.0 Ok"
        replies = await client.mail("list@lists.example", [AVERY], mail_content(TEACHER, AVERY))
        assert replies[1] == "250 2.0.0 Ok"
        assert replies[-1].startswith("452 4.3.1 ")
        assert not relay.store.accepted
        assert not relay.inside.taken
        assert relay.count("smtp_refusals_total", reason="store_full") == 2
        relay.store.waiting = 999
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")


async def test_store_that_is_down_refuses_only_messages_in_scope() -> None:
    async with running_relay() as relay:
        client = await relay.client()
        relay.store.down = True
        assert (await client.mail(TEACHER, [AVERY]))[1].startswith("451 4.3.0 ")
        assert (await client.data(mail_content()))[0].startswith("503")
        await client.say("RSET")
        assert (await client.mail(TEACHER, [VENDOR], mail_content()))[-1] == "250 2.0.0 Ok"
        relay.store.down = False
        replies = await client.mail(TEACHER, [AVERY, PRINCIPAL])
        relay.store.down = True
        replies = await client.data(mail_content(TEACHER, AVERY))
        assert replies[-1].startswith("451 4.3.0 ")
        assert not relay.store.accepted
        relay.store.down = False
        assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")


async def test_content_in_memory_is_limited() -> None:
    big = mail_content(text="m" * 400_000)
    async with running_relay(max_in_flight=900_000) as relay:
        client = await relay.client()
        for _ in range(2):  # memory is released
            assert (await client.mail(TEACHER, [AVERY], big))[-1].startswith("451 4.3.1 ")
            assert (await client.mail(TEACHER, [AVERY], mail_content(TEACHER, AVERY)))[-1].startswith("250")
            assert (await client.mail(TEACHER, [VENDOR], big))[-1] == "250 2.0.0 Ok"
        assert len(relay.store.accepted) == 2
        assert relay.count("smtp_refusals_total", reason="memory") == 2
