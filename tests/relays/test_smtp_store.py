"""What a client hears when the store is full or cannot be reached: nothing is taken that is not durable."""

from __future__ import annotations

from tests.relays.world import AVERY, PRINCIPAL, TEACHER, VENDOR, content, world


async def test_a_full_store_refuses_what_is_in_scope_and_passes_the_rest() -> None:
    async with world() as w:
        client = await w.client()
        w.kept.waiting = 1000
        said = await client.mail(TEACHER, [VENDOR, AVERY], content())
        assert said[2].startswith("452 4.3.1 ")
        assert said[-1] == "250 2.0.0 Ok"
        said = await client.mail("list@lists.example", [AVERY], content(TEACHER, AVERY))
        assert said[1] == "250 2.0.0 Ok"
        assert said[-1].startswith("452 4.3.1 ")
        assert not w.kept.accepted
        assert not w.inside.taken
        assert w.count("smtp_refusals_total", reason="store_full") == 2
        w.kept.waiting = 999
        assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")


async def test_a_store_that_is_down_refuses_for_now_and_passes_the_rest() -> None:
    async with world() as w:
        client = await w.client()
        w.kept.down = True
        assert (await client.mail(TEACHER, [AVERY]))[1].startswith("451 4.3.0 ")
        assert (await client.data(content()))[0].startswith("503")
        await client.say("RSET")
        assert (await client.mail(TEACHER, [VENDOR], content()))[-1] == "250 2.0.0 Ok"
        w.kept.down = False
        said = await client.mail(TEACHER, [AVERY, PRINCIPAL])
        w.kept.down = True
        said = await client.data(content(TEACHER, AVERY))
        assert said[-1].startswith("451 4.3.0 ")
        assert not w.kept.accepted
        w.kept.down = False
        assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")


async def test_no_more_content_is_held_in_memory_than_allowed() -> None:
    big = content(text="m" * 400_000)
    async with world(max_memory=300_000) as w:
        client = await w.client()
        for _ in range(2):  # what was held is given back
            assert (await client.mail(TEACHER, [AVERY], big))[-1].startswith("452 4.3.1 ")
            assert (await client.mail(TEACHER, [AVERY], content(TEACHER, AVERY)))[-1].startswith("250")
            assert (await client.mail(TEACHER, [VENDOR], big))[-1] == "250 2.0.0 Ok"
        assert len(w.kept.accepted) == 2
        assert w.count("smtp_refusals_total", reason="memory") == 2
