"""The records on the bus, version 1: messages, verdicts and decisions as JSON, dead letters as headers.

Readers accept unknown fields and refuse an unknown `v`. Times are RFC 3339 in UTC with milliseconds; elsewhere they are
seconds since the epoch. `tests/core/serialization/golden/` holds every version that was ever written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gateway.core.channels.registry import CHANNELS, capabilities_of
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.media import MediaFile, media_failures
from gateway.core.messages.message import EarlierMessage, Message, OutgoingMessage
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.serialization.json_fields import JsonFields, WireError, from_rfc3339, rfc3339, to_json

__all__ = [
    "HEADER",
    "LETTER_HEADERS",
    "DecisionRecord",
    "MessageRecord",
    "PublishedMessage",
    "V",
    "WireError",
    "dead_letter_headers",
    "decision_body",
    "decode_decision",
    "decode_message",
    "decode_verdict",
    "encode_decision",
    "encode_verdict",
    "first_conversation",
    "first_pair",
    "from_rfc3339",
    "message_record",
    "rfc3339",
]

V = 1
HEADER = "chaperone"
"""The name of the record header that holds a message's envelope."""
LETTER_HEADERS = ("topic", "partition", "offset", "error")
"""The names of the headers that tell where a dead letter was, and what is wrong with it."""


class MessageRecord(NamedTuple):
    """A message as a record: `value` is the content or empty, `header` the envelope under the name HEADER."""

    key: bytes
    value: bytes
    header: bytes


@dataclass(frozen=True, slots=True)
class PublishedMessage:
    """A message as read from the topic.

    `truncated`: `content` is empty, there is no context, and the members of groups are not among the pairs; the store
    has all of it. `direction` is that of the first pair. `failed`: words for the verdict that the relay already knows
    (a part of a text is missing or unreadable). `media`: the media files of a text; their contents are in the store.
    """

    id: str
    channel: str
    direction: Direction
    received_at: float
    sender: str
    recipients: tuple[str, ...]
    relation: Relation
    sha256: str
    content: bytes
    truncated: bool = False
    context: tuple[EarlierMessage, ...] = ()
    failed: tuple[str, ...] = ()
    media: tuple[MediaFile, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A record of the topic decisions; `action` is that of the policy, or release, reject or discard by a person."""

    id: str
    at: float
    action: str
    by: str
    clauses: tuple[str, ...]
    recipients: tuple[str, ...]
    policy: str
    reason: str = ""
    conversation: str = ""


class Placed(Protocol):
    """The position of a record on the bus, which its dead letter tells."""

    @property
    def topic(self) -> str:
        """The topic's name."""

    @property
    def partition(self) -> int:
        """The partition's number."""

    @property
    def offset(self) -> int:
        """The record's offset."""


# --- messages ------------------------------------------------------------------------------------------------------


_SMALL_HEADER = 64 << 10
"""Bytes of a header that every topic takes, however small `max_inline` is."""


def first_pair(pairs: Iterable[Pair]) -> Pair:
    """The pair whose conversation is the key of a message on the bus: the first by staff id, then student id."""
    return min(pairs, key=lambda pair: (pair.staff, pair.student, pair.direction))


def first_conversation(pairs: Iterable[Pair]) -> str:
    """The key of a message's records on every topic."""
    first = first_pair(pairs)
    return conversation_id(first.staff, first.student)


def message_record(outgoing: OutgoingMessage, *, max_inline: int) -> MessageRecord:
    """The record of a message in scope; the content stays in the store if it exceeds `max_inline` with the header."""
    message = outgoing.message
    first = first_pair(message.relation.pairs)
    key = first_conversation(message.relation.pairs).encode()
    context = [
        {"id": earlier.id, "from": earlier.sender, "at": rfc3339(earlier.at), "text": earlier.text}
        for earlier in outgoing.context
    ]
    more: dict[str, object] = {"context": context} if context else {}
    channel, options = capabilities_of(message.channel), message.envelope.options
    known: dict[str, object] = {"media": [_media_file(file) for file in outgoing.media]} if outgoing.media else {}
    if words := (*channel.known_failures(options), *media_failures(outgoing.media, len(channel.media_urls(options)))):
        known["failed"] = list(dict.fromkeys(words))
    header = _envelope(message, first.direction, message.relation.pairs, more | known)
    if not outgoing.left and len(header) + len(message.content) <= max_inline:
        return MessageRecord(key, message.content, header)
    truncated = {"truncated": True, **known}
    header = _envelope(message, first.direction, _without_members(message.relation), truncated)
    if len(header) > max(max_inline, _SMALL_HEADER):  # many recipients: these too are read from the store
        header = _envelope(message, first.direction, (), {**truncated, "recipients": []})
    return MessageRecord(key, b"", header)


def _envelope(message: Message, direction: Direction, pairs: tuple[Pair, ...], more: dict[str, object]) -> bytes:
    fields: dict[str, object] = {
        "v": V,
        "id": message.id,
        "channel": message.channel,
        "direction": direction,
        "received_at": rfc3339(message.received_at),
        "sender": message.envelope.sender,
        "recipients": [recipient.address for recipient in message.envelope.recipients],
        "relation": {"pairs": [_pair(pair) for pair in pairs]},
        "sha256": message.sha256,
        "truncated": False,
    }
    return to_json(fields | more)


def _media_file(file: MediaFile) -> dict[str, object]:
    fields: dict[str, object] = {
        "number": file.number, "media_type": file.media_type, "size": file.size, "sha256": file.sha256,
    }  # fmt: skip
    return fields | ({"failed": file.failed} if file.failed else {})


def _pair(pair: Pair) -> dict[str, object]:
    more: dict[str, object] = {"claimed": True} if pair.claimed else {}
    if pair.guardian:
        more |= {"guardian": True}
    if pair.basis is not None:
        more |= {"account": pair.basis, "confidence": pair.confidence}
    return more | {
        "recipient": pair.recipient,
        "staff": pair.staff,
        "student": pair.student,
        "direction": pair.direction,
        "own_child": pair.own_child,
    }


def _without_members(relation: Relation) -> tuple[Pair, ...]:
    """The pairs except those of recipients that stand for several people."""
    people: dict[tuple[str, Direction], set[str]] = {}
    for pair in relation.pairs:
        person = pair.student if pair.direction is Direction.STAFF_TO_STUDENT else pair.staff
        people.setdefault((pair.recipient, pair.direction), set()).add(person)
    return tuple(pair for pair in relation.pairs if len(people[pair.recipient, pair.direction]) == 1)


def decode_message(value: bytes, header: bytes) -> PublishedMessage:
    """A published message. Raises WireError."""
    fields = JsonFields.of(header, V)
    channel = fields.text("channel")
    if channel not in CHANNELS:
        raise WireError("channel")
    return PublishedMessage(
        id=fields.text("id", empty=False),
        channel=channel,
        direction=fields.one_of("direction", Direction),
        received_at=fields.time("received_at"),
        sender=fields.text("sender"),
        recipients=fields.texts("recipients"),
        relation=Relation(tuple(_read_pair(pair) for pair in fields.inner("relation").objects("pairs"))),
        sha256=fields.text("sha256", empty=False),
        content=value,
        truncated=fields.true("truncated"),
        context=tuple(
            EarlierMessage(earlier.text("id"), earlier.text("from"), earlier.time("at"), earlier.text("text"))
            for earlier in fields.objects("context", [])
        ),
        failed=fields.texts("failed", []),
        media=tuple(
            MediaFile(
                file.whole("number"),
                file.text("media_type"),
                file.whole("size"),
                file.text("sha256"),
                file.text("failed", ""),
            )
            for file in fields.objects("media", [])
        ),
    )


def _read_pair(fields: JsonFields) -> Pair:
    return Pair(
        recipient=fields.text("recipient"),
        staff=fields.text("staff"),
        student=fields.text("student"),
        direction=fields.one_of("direction", Direction),
        own_child=fields.true("own_child"),
        claimed=fields.true("claimed"),
        basis=_read_basis(fields.text("account", "")),
        confidence=fields.number("confidence", 1.0),
        guardian=fields.true("guardian"),
    )


def _read_basis(word: str) -> AccountBasis | None:
    """How a personal account was attributed. A word of a later version is left out."""
    return AccountBasis(word) if word in set(AccountBasis) else None


# --- verdicts ------------------------------------------------------------------------------------------------------


def encode_verdict(verdict: Verdict) -> bytes:
    """The value of a record of the topic verdicts."""
    return to_json(
        {
            "v": V,
            "id": verdict.id,
            "sha256": verdict.sha256,
            "model": verdict.model,
            "language": verdict.language,
            "findings": [_finding(finding) for finding in verdict.findings],
            "purpose": dict(verdict.purpose),
            "help": verdict.help,
            **({"distress": verdict.distress} if verdict.distress is not None else {}),
            "failed": list(verdict.failed),
            "took_ms": verdict.took_ms,
            **({"first_look": True} if verdict.first_look else {}),
        }
    )


def _finding(finding: Finding) -> dict[str, object]:
    fields: dict[str, object] = {
        "clause": finding.clause,
        "score": finding.score,
        "spans": [{"part": span.part, "start": span.start, "end": span.end} for span in finding.spans],
        "by": finding.by,
    }
    optional = {
        "cue": finding.cue, "quoted": finding.quoted, "about": finding.about, "people": finding.people,
    }  # fmt: skip
    return fields | {name: value for name, value in optional.items() if value}


def decode_verdict(value: bytes) -> Verdict:
    """A verdict. Raises WireError. Unknown clauses and unknown words of `failed` are kept; the policy handles them."""
    fields = JsonFields.of(value, V)
    return Verdict(
        id=fields.text("id", empty=False),
        sha256=fields.text("sha256", empty=False),
        model=fields.text("model"),
        language=fields.text("language", ""),
        findings=tuple(_read_finding(finding) for finding in fields.objects("findings")),
        purpose=fields.scores("purpose"),
        help=fields.score("help"),
        failed=fields.texts("failed", []),
        took_ms=fields.number("took_ms", 0.0),
        first_look=fields.true("first_look"),
        distress=fields.score("distress") if fields.has("distress") else None,
    )


def _read_finding(fields: JsonFields) -> Finding:
    return Finding(
        clause=fields.text("clause", empty=False),
        score=fields.score("score"),
        by=fields.text("by", ""),
        spans=tuple(_read_span(span) for span in fields.objects("spans", [])),
        cue=fields.text("cue", ""),
        quoted=fields.true("quoted"),
        about=fields.text("about", ""),
        people=int(fields.number("people", 0)),
    )


def _read_span(fields: JsonFields) -> Span:
    span = Span(fields.label("part"), fields.whole("start"), fields.whole("end"))
    if span.end < span.start:
        raise WireError("end")
    return span


# --- decisions and dead letters ------------------------------------------------------------------------------------


def decision_body(decided: DecisionRecord) -> dict[str, object]:
    """A record of the topic decisions as JSON values; reason and conversation (its key) only if present."""
    body: dict[str, object] = {
        "v": V,
        "id": decided.id,
        "at": rfc3339(decided.at),
        "action": decided.action,
        "by": decided.by,
        "clauses": list(decided.clauses),
        "recipients": list(decided.recipients),
        "policy": decided.policy,
    }
    optional = {"reason": decided.reason, "conversation": decided.conversation}
    return body | {name: value for name, value in optional.items() if value}


def encode_decision(decided: DecisionRecord) -> bytes:
    """The value of a record of the topic decisions."""
    return to_json(decision_body(decided))


def decode_decision(value: bytes) -> DecisionRecord:
    """A decision. Raises WireError."""
    fields = JsonFields.of(value, V)
    return DecisionRecord(
        id=fields.text("id", empty=False),
        at=fields.time("at"),
        action=fields.text("action", empty=False),
        by=fields.text("by"),
        clauses=fields.texts("clauses"),
        recipients=fields.texts("recipients"),
        policy=fields.text("policy"),
        reason=fields.text("reason", ""),
        conversation=fields.text("conversation", ""),
    )


def dead_letter_headers(record: Placed, error: str) -> tuple[tuple[str, bytes], ...]:
    """The additional headers of a dead letter: the position of the record, and a word for the error."""
    values = (record.topic, str(record.partition), str(record.offset), error)
    return tuple((name, value.encode()) for name, value in zip(LETTER_HEADERS, values, strict=True))
