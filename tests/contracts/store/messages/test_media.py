"""Media of texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages.media import (
    MAX_FILE_SIZE,
    MAX_FILES,
    MAX_TOTAL_SIZE,
    MAX_WAIT,
    MediaFile,
    MediaRequest,
    MediaResult,
)
from gateway.core.messages.message import Message, sha256_of
from gateway.ports.content import ReadHere, read_detail
from gateway.ports.store import Store
from tests.contracts.messages import Clock, text

PICTURE = b"\x89PNG picture"


def pictured(*urls: str) -> Message:
    """A text over Twilio with pictures."""
    made = text()
    return replace(made, envelope=replace(made.envelope, options=("form", "Body", *(f"MediaUrl={u}" for u in urls))))


async def taken(store: Store, *urls: str) -> tuple[Message, list[MediaRequest]]:
    message = pictured(*urls)
    await store.intake.accept(message)
    return message, list(await store.media.claim_due(10, 30.0))


async def published(store: Store) -> list[str]:
    return [outgoing.message.id for outgoing in await store.outbox.claim_unpublished(10, 1.0)]


async def test_text_is_published_after_its_last_medium(store: Store) -> None:
    message, (first, second) = await taken(store, "https://a.example/1", "https://a.example/2")
    assert [(message.message_id, message.number, message.url, message.attempts) for message in (first, second)] == [
        (message.id, 1, "https://a.example/1", 1), (message.id, 2, "https://a.example/2", 1),
    ]  # fmt: skip
    assert await published(store) == []
    await store.media.record_result(first, MediaResult("image/png", PICTURE), None)
    assert await published(store) == []
    await store.media.record_result(second, MediaResult(failed="too_large"), None)
    (outgoing,) = await store.outbox.claim_unpublished(10, 1.0)
    facts = MediaFile(1, "image/png", len(PICTURE), sha256_of(PICTURE))
    assert outgoing.media == (facts, MediaFile(2, failed="too_large"))
    assert list(await store.media.files_of(message.id)) == [
        replace(facts, content=PICTURE),
        MediaFile(2, failed="too_large"),
    ]
    explained = await store.lookups.detail(message.id)
    assert explained is not None
    explained = await read_detail(ReadHere(), explained)
    assert [(part.number, part.data) for part in explained.parts()] == [("1", b"ok"), ("2", PICTURE), ("3", b"")]


async def test_text_waits_for_media_for_a_limited_time(store: Store, clock: Clock) -> None:
    message, (wanted,) = await taken(store, "https://a.example/1")
    clock.now += MAX_WAIT - 1
    assert await published(store) == []
    clock.now += 2
    (outgoing,) = await store.outbox.claim_unpublished(10, 60.0)
    assert outgoing.media == (MediaFile(1, failed="timeout"),)
    await store.outbox.mark_published({message.id: "0:1"})
    await store.media.record_result(wanted, MediaResult("image/png", PICTURE), None)
    assert await published(store) == [], "what is published is not published again for a picture that comes late"
    assert [medium.content for medium in await store.media.files_of(message.id)] == [PICTURE], "yet a reviewer sees it"


async def test_failed_fetch_and_lost_claim_are_due_again(store: Store, clock: Clock) -> None:
    _, (wanted,) = await taken(store, "https://a.example/1")
    assert list(await store.media.claim_due(10, 30.0)) == [], "it is claimed"
    await store.media.record_result(wanted, MediaResult(failed="timeout", again=True), 4.0)
    assert list(await store.media.claim_due(10, 30.0)) == []
    clock.now += 4
    (again,) = await store.media.claim_due(10, 30.0)
    assert again == replace(wanted, attempts=2)
    clock.now += 31
    (after_a_crash,) = await store.media.claim_due(10, 30.0)
    assert after_a_crash.attempts == 3


async def test_final_result_is_not_changed(store: Store) -> None:
    message, (wanted,) = await taken(store, "https://a.example/1")
    await store.media.record_result(wanted, MediaResult("image/png", PICTURE), None)
    await store.media.record_result(wanted, MediaResult(failed="unreadable"), None)
    await store.media.record_result(wanted, MediaResult(failed="timeout", again=True), 1.0)
    assert [medium.content for medium in await store.media.files_of(message.id)] == [PICTURE]


async def test_total_size_of_the_media_of_a_text_is_limited(store: Store) -> None:
    message, wanted = await taken(store, *(f"https://a.example/{number}" for number in range(MAX_FILES + 5)))
    assert len(wanted) == MAX_FILES
    for request in wanted:
        await store.media.record_result(request, MediaResult("image/png", bytes(MAX_FILE_SIZE)), None)
    kept = await store.media.files_of(message.id)
    assert sum(len(item.content) for item in kept) == MAX_TOTAL_SIZE
    assert {item.failed for item in kept if not item.content} == {"too_large"}


async def test_media_count_as_waiting_bytes(store: Store) -> None:
    _, (wanted,) = await taken(store, "https://a.example/1")
    await store.media.record_result(wanted, MediaResult("image/png", PICTURE), None)
    assert await store.intake.waiting_bytes() == len(b"ok") + len(PICTURE)


@pytest.mark.parametrize("options", [("form", "Body"), ("smpp", "MediaUrl=https://a.example/1")])
async def test_texts_without_media_are_published_at_once(store: Store, options: tuple[str, ...]) -> None:
    made = pictured()
    await store.intake.accept(replace(made, envelope=replace(made.envelope, options=options)))
    assert await published(store) == [made.id]
    assert list(await store.media.claim_due(10, 30.0)) == []
