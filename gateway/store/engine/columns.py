"""How values are stored in columns: envelopes, decisions and verdicts as JSON, and text that databases accept."""

from __future__ import annotations

import json
from typing import Any

from gateway.core.messages.message import Envelope, Message, Recipient
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, Decision
from gateway.core.serialization.wire import decode_verdict, encode_verdict
from gateway.store.engine.dialects import storable as storable

UNDECODABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What decoding a damaged row raises."""

_BASES = (
    AccountBasis.KNOWN, AccountBasis.NAME, AccountBasis.LOCAL_PART, AccountBasis.REPLY, AccountBasis.SIGNATURE,
)  # fmt: skip
"""In the order of their numbers in the store. New ones come last."""
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode  # ASCII: lone surrogates survive


def encode_json(value: object) -> str:
    """A value as compact JSON."""
    return _encode(value)


def encode_envelope(message: Message) -> str:
    """Sender, options, recipients and pairs of a message, without loss."""
    envelope = message.envelope
    places = {recipient.address: at for at, recipient in enumerate(envelope.recipients)}
    return _encode(
        [
            envelope.sender,
            envelope.options,
            [(recipient.address, *recipient.options) for recipient in envelope.recipients],
            [
                (
                    places.get(pair.recipient, pair.recipient),
                    pair.staff,
                    pair.student,
                    pair.direction,
                    pair.own_child
                    + 2 * pair.outside
                    + 4 * pair.claimed
                    + _encode_account(pair)
                    + _GUARDIAN * pair.guardian,
                )
                for pair in message.relation.pairs
            ],
        ]
    )


_GUARDIAN = 1 << 13  # above everything that `_encode_account` writes


def _encode_account(pair: Pair) -> int:
    """How a personal account was attributed, above the three flags that earlier versions read."""
    if pair.basis is None and pair.confidence == 1.0:
        return 0
    basis = 0 if pair.basis is None else 1 + _BASES.index(pair.basis)
    return 8 * basis + 64 * (100 - round(100 * pair.confidence))


def _decode_account(flags: int) -> tuple[AccountBasis | None, float]:
    basis = flags >> 3 & 7
    return (_BASES[basis - 1] if 0 < basis <= len(_BASES) else None), (100 - (flags >> 6)) / 100


def decode_envelope(text: str) -> tuple[Envelope, Relation]:
    """The inverse of `encode_envelope`."""
    sender, options, recipients, pairs = json.loads(text)
    return (
        Envelope(sender, tuple(Recipient(address, tuple(more)) for address, *more in recipients), tuple(options)),
        Relation(
            tuple(
                Pair(
                    recipients[at][0] if isinstance(at, int) else at,
                    staff,
                    student,
                    Direction(direction),
                    bool(flags & 1),
                    bool(flags & 2),
                    bool(flags & 4),
                    *_decode_account(flags % _GUARDIAN),
                    bool(flags & _GUARDIAN),
                )
                for at, staff, student, direction, flags in pairs
            )
        ),
    )


def encode_decision(decision: Decision) -> str:
    """A decision as JSON."""
    return _encode(
        [
            decision.action,
            decision.direction,
            decision.policy,
            decision.clauses,
            decision.reasons,
            decision.due_in,
        ]
    )


def decode_decision(text: str) -> Decision:
    """The inverse of `encode_decision`."""
    action, direction, policy, clauses, reasons, due_in = json.loads(text)
    return Decision(Action(action), Direction(direction), policy, tuple(clauses), tuple(reasons), due_in)


def encode_verdict_text(verdict: Verdict) -> str:
    """A verdict as its record on the bus. Every version of that record stays readable."""
    return encode_verdict(verdict).decode().replace("\x00", "\\u0000")


def decode_verdict_text(text: str) -> Verdict:
    """The inverse of `encode_verdict_text`."""
    return decode_verdict(text.encode())


MESSAGE_COLUMNS = "id channel received_at message_id sha256 tls prefix envelope subject excerpt content".split()


def read_message(row: tuple[Any, ...]) -> Message:
    """A message from the columns `MESSAGE_COLUMNS`. A null content (left in the store) becomes empty."""
    id_, channel, received_at, message_id, sha256, tls, prefix, envelope, subject, excerpt, content = row
    enveloped, relation = decode_envelope(envelope)
    return Message(
        id=id_,
        channel=channel,
        envelope=enveloped,
        content=bytes(content or b""),
        sha256=sha256,
        received_at=received_at,
        relation=relation,
        prefix=bytes(prefix),
        subject=subject,
        message_id=message_id,
        excerpt=excerpt,
        tls=bool(tls),
    )
