"""Parts of texts over SMPP."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from gateway.core.channels.smpp_message import PartialText, SentPart, SmsPart, id_variants
from gateway.core.messages.delivery import Sent
from gateway.core.messages.message import new_id
from gateway.ports.store import Store
from gateway.store import StoreDown
from gateway.store.channels.sms_parts import REPEAT_SECONDS
from gateway.store.maintenance.retention import VERDICT_SECONDS
from tests.contracts.messages import NOON, PHONES, Clock, text

KEY = "smsc\ntexting\n8:42\n3"
_names = (new_id(NOON, number.to_bytes(10, "big")) for number in itertools.count(1))


def part(number: int, total: int = 3, body: bytes = b"") -> SmsPart:
    return SmsPart(number, total, 4, body or f"part {number}".encode(), "texting")


async def gather(store: Store, *numbers: int, key: str = KEY, body: bytes = b"") -> list[PartialText]:
    return [await store.sms_parts.add(key, next(_names), part(number, body=body)) for number in numbers]


async def make(store: Store, gathered: PartialText):
    made = replace(text(), id=gathered.id)
    await store.intake.accept(made, parts=gathered.parts)
    return made


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_parts_in_any_order_make_one_text(store: Store, order: tuple[int, ...]) -> None:
    found = await gather(store, *order)
    assert len({item.id for item in found}) == 1
    assert [item.whole for item in found] == [False, False, True]
    assert found[-1].parts == (part(1), part(2), part(3))
    assert not found[-1].done


async def test_repeated_part_changes_nothing(store: Store) -> None:
    first, again, *_, whole = await gather(store, 1, 1, 2, 2, 3)
    assert first == again
    assert whole.whole
    await make(store, whole)
    (late,) = await gather(store, 2)
    assert (late.id, late.done) == (whole.id, True)
    assert await store.sms_parts.parts_of(whole.id) == list(whole.parts)


async def test_part_that_comes_during_completion_is_not_sent_unclassified(store: Store) -> None:
    *_, incomplete = await gather(store, 1, 2)
    (whole,) = await gather(store, 3)
    with pytest.raises(StoreDown):
        await make(store, incomplete)
    assert await store.intake.states(incomplete.id) == {}
    await make(store, whole)
    assert await store.sms_parts.parts_of(whole.id) == list(whole.parts)


async def test_part_after_completion_starts_another_text(store: Store) -> None:
    *_, incomplete = await gather(store, 1, 2)
    await make(store, incomplete)
    (late,) = await gather(store, 3)
    assert late.id != incomplete.id
    assert await store.sms_parts.parts_of(incomplete.id) == [part(1), part(2)]


async def test_repeated_reference_starts_another_text(store: Store, clock: Clock) -> None:
    *_, whole = await gather(store, 1, 2, 3)
    await make(store, whole)
    (other,) = await gather(store, 1, body=b"something else")
    assert other.id != whole.id
    (same_words,) = await gather(store, 2)
    assert same_words.id == other.id, "what waits for a part goes before what is made"
    clock.now += REPEAT_SECONDS + 1
    *_, later = await gather(store, 1, 2, 3, key=KEY + "b")
    await make(store, later)
    clock.now += REPEAT_SECONDS + 1
    (anew,) = await gather(store, 1, key=KEY + "b")
    assert anew.id != later.id, "the same words much later are a text of their own"


async def test_texts_with_the_same_beginning_and_reference_stay_apart(store: Store) -> None:
    """The reference repeats within minutes, and only the last words differ."""
    *_, whole = await gather(store, 1, 2, 3)
    await make(store, whole)
    first, second = await gather(store, 1, 2)
    assert (first.id, first.done, second.id) == (whole.id, True, whole.id), "as far as anybody knows it came twice"
    (last,) = await gather(store, 3, body=b"other words at the end")
    assert last.id != whole.id
    assert last.whole
    assert [part.body for part in last.parts] == [b"part 1", b"part 2", b"other words at the end"]


async def test_text_that_comes_twice_is_stored_once(store: Store, clock: Clock) -> None:
    *_, whole = await gather(store, 1, 2, 3)
    await make(store, whole)
    for gathered in await gather(store, 3, 1, 1, 2, 2, 3):
        assert (gathered.id, gathered.done) == (whole.id, True)
    clock.now += REPEAT_SECONDS + 1
    assert await store.sms_parts.overdue(0, 10) == [], "copies are nobody's text, and wait for nothing"


async def test_different_part_with_the_same_number_starts_another_text(store: Store) -> None:
    (first,) = await gather(store, 1)
    (other,) = await gather(store, 1, body=b"another text under the same reference")
    assert first.id != other.id
    assert {item.id for item in await store.sms_parts.overdue(0, 10)} == {first.id, other.id}


async def test_incomplete_text_becomes_overdue(store: Store, clock: Clock) -> None:
    (waiting,) = await gather(store, 2)
    assert await store.sms_parts.overdue(10, 10) == []
    clock.now += 11
    assert list(await store.sms_parts.overdue(10, 10)) == [waiting]
    assert list(await store.sms_parts.overdue(10, 10, account=waiting.parts[0].account)) == [waiting]
    assert list(await store.sms_parts.overdue(10, 10, account="another")) == []
    (_, waiting) = await gather(store, 2, 3)
    assert list(await store.sms_parts.overdue(10, 10)) == [waiting]
    assert list(await store.sms_parts.overdue(10, 10, account=waiting.parts[0].account)) == [], "another part has come"
    await make(store, waiting)
    assert list(await store.sms_parts.overdue(10, 10)) == [], "even of a single part"


async def test_text_that_is_completed_twice_is_stored_once(store: Store) -> None:
    *_, whole = await gather(store, 1, 2, 3)
    await make(store, whole)
    await make(store, whole)
    assert len(await store.lookups.trace(id=whole.id)) == 1


async def test_smsc_ids_are_found_in_every_spelling(store: Store) -> None:
    made = text()
    await store.sms_parts.record_smsc_id(made.id, 0, part(2), "0A1B")
    assert await store.sms_parts.smsc_ids(made.id, 0) == {2: "0A1B"}
    assert await store.sms_parts.smsc_ids(made.id, 1) == {}
    for form in ("0A1B", "a1b", "2587", "0000002587"):
        assert await store.sms_parts.find_by_smsc_ids(id_variants(form)) == SentPart(made.id, 2, 3, "texting")
    assert await store.sms_parts.find_by_smsc_ids(id_variants("77")) is None


async def test_exact_smsc_id_goes_first(store: Store) -> None:
    one, other = text(), text()
    await store.sms_parts.record_smsc_id(one.id, 0, part(1), "10")
    await store.sms_parts.record_smsc_id(other.id, 0, part(1), "16")
    assert (await store.sms_parts.find_by_smsc_ids(id_variants("10"))).message == one.id
    assert (await store.sms_parts.find_by_smsc_ids(id_variants("16"))).message == other.id


async def test_parts_expire_with_content_and_ids_stay_for_late_receipts(store: Store, clock: Clock) -> None:
    made = text()
    await store.intake.accept(made, due=[made.envelope.recipients[0].address], parts=[part(1, 1)])
    await store.sms_parts.record_smsc_id(made.id, 0, part(1, 1), "77")
    for claim in await store.delivery_queue.claim(PHONES, 10, 60):
        outcomes = {recipient.recipient.address: (Sent("ok"), None) for recipient in claim.recipients}
        assert await store.delivery_queue.record_outcomes(claim, outcomes, ())
    clock.now += VERDICT_SECONDS + 2
    assert await store.retention.expire(1.0, 1.0, 100) == 1
    assert await store.sms_parts.parts_of(made.id) == []
    assert await store.sms_parts.find_by_smsc_ids(["77"]) is not None
    clock.now += 9 * 86400
    await store.retention.expire(1.0, 1.0, 100)
    assert await store.sms_parts.find_by_smsc_ids(["77"]) is None
