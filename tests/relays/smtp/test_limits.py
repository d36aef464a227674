"""Limits of clients: rates, early talkers, addresses that do not exist."""

from __future__ import annotations

import random

from gateway.relays.smtp.limits import RateLimit
from tests.relays.smtp.harness import PRINCIPAL, VENDOR, mail_content, running_relay
from tests.relays.smtp.test_transaction import refusing

OUTSIDE = {"relay_from": ()}


def test_no_minute_has_more_than_allowed() -> None:
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    for _ in range(200):
        limit, now, times = RateLimit(rate := dice.randrange(1, 30)), 1e6 * dice.random(), []
        for _ in range(300):
            now += dice.expovariate(dice.choice([0.05, 1, 30]))
            if limit.allows("key", now):
                times.append(now)
        for start in times:  # a burst of one minute may come on top of what is allowed in a minute
            assert sum(start <= at < start + 60 for at in times) <= 2 * rate, seed
        assert len(times) >= min(300, rate), seed


def test_keys_do_not_share_and_are_forgotten() -> None:
    limit = RateLimit(1, keys=3)
    assert [limit.allows(key, 0.0) for key in ("a", "a", "b", "c", "d")] == [True, False, True, True, True]
    assert limit.allows("a", 1.0)  # forgotten: a bound on memory is more important
    assert all(RateLimit(0).allows("a", 0.0) for _ in range(100))


async def test_rates_of_outside_clients() -> None:
    async with running_relay(client_rate=3, sender_rate=2, **OUTSIDE) as relay:
        client = await relay.client()
        senders = ["a@b.example", "a@b.example", "A@B.EXAMPLE", "c@d.example", "e@f.example"]
        codes = []
        for sender in senders:
            codes.append((await client.say(f"MAIL FROM:<{sender}>"))[:9])
            await client.say("RSET")
        assert codes == ["250 2.1.0", "250 2.1.0", "450 4.7.1", "450 4.7.1", "450 4.7.1"]
        assert relay.count("smtp_refusals_total", reason="sender_rate") == 1
        assert relay.count("smtp_refusals_total", reason="client_rate") == 2


async def test_clients_inside_have_no_rate() -> None:
    async with running_relay(client_rate=1, sender_rate=1) as relay:
        client = await relay.client()
        for _ in range(5):
            assert (await client.mail("a@riverbend.example", [VENDOR], mail_content()))[-1].startswith("250")


async def test_early_talker_is_refused() -> None:
    async with running_relay(greeting_delay=30.0, **OUTSIDE) as relay:
        client = await relay.connected()
        client.send(b"EHLO spam.example\r\n")
        assert (await client.reply()).startswith("554 5.5.1")
        assert relay.count("smtp_refusals_total", reason="early_talker") == 1
    async with running_relay(greeting_delay=0.05, **OUTSIDE) as relay:
        assert await relay.client()  # waits
    async with running_relay(greeting_delay=30.0) as relay:
        assert await relay.client()  # inside


async def test_many_unknown_recipients_end_the_session() -> None:
    unknown = refusing(("RCPT", "550 5.1.1 no such user"))
    async with running_relay(unknown, max_errors=5, **OUTSIDE) as relay:
        client = await relay.client()
        await client.say("MAIL FROM:<a@b.example>")
        for _ in range(6):
            assert (await client.say(f"RCPT TO:<{PRINCIPAL}>")).startswith("550")
        assert (await client.say("NOPE")).startswith("421 4.7.0")
        assert await client.ended()
