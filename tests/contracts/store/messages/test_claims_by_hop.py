"""Claims by next hop: with any table of next hops, every due recipient is claimed by exactly one hop."""

from __future__ import annotations

import random
from collections import Counter

from gateway.core.messages.addresses import domain_of
from gateway.core.messages.delivery import State, next_hops
from gateway.ports.store import Store
from tests.contracts.messages import becomes, contact, decision, mail

DOMAINS = ("a.example", "b.example", "c.example", "students.example")


async def test_every_recipient_is_claimed_by_exactly_one_hop(store: Store) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    tables: list[tuple[dict[str, str], str | None]] = [
        ({"students.example": "one"}, "one"),
        ({"a.example": "one"}, None),
    ]
    for _ in range(6):
        named = rng.sample(DOMAINS, rng.randrange(len(DOMAINS) + 1))
        tables.append(({domain: rng.choice(("one", "two")) for domain in named}, rng.choice(("one", "two", None))))
    for served, default in tables:
        message = mail(others=[f"x@{domain}" for domain in (*DOMAINS, "else.example", "A.example")])
        await store.intake.accept(message, contact(message))
        await store.dispositions.apply([(message.id, becomes(State.QUEUED, decision()))])
        claimed: Counter[str] = Counter()
        for hop in next_hops("mail", served, default):
            for claim in await store.delivery_queue.claim(hop, 10, 60):
                addresses = [each.recipient.address for each in claim.recipients]
                claimed.update(addresses)
                assert {served.get(domain_of(address), default or "") for address in addresses} == {hop.target}
        assert claimed == Counter(recipient.address for recipient in message.envelope.recipients), (served, default)
