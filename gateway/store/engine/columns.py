"""How values are kept in columns: envelopes, decisions and verdicts as JSON, texts without what databases refuse."""

from __future__ import annotations

import json
import re
from typing import Any

from gateway.core.messages.message import Envelope, Message, Recipient
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action, Decision
from gateway.core.serialization.wire import decode_verdict, encode_verdict

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode  # ASCII: lone surrogates survive
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def json_text(value: object) -> str:
    """JSON as it is kept."""
    return _encode(value)


def fit(text: str) -> str:
    """A text as a database takes it: NUL and lone surrogates replaced."""
    return text if text.isascii() and "\x00" not in text else _UNFIT.sub("\ufffd", text)


def envelope_text(message: Message) -> str:
    """Sender, options, recipients and pairs of a message, exactly."""
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
                    pair.own_child + 2 * pair.outside,
                )
                for pair in message.relation.pairs
            ],
        ]
    )


def read_envelope(text: str) -> tuple[Envelope, Relation]:
    """The inverse of `envelope_text`."""
    sender, options, recipients, pairs = json.loads(text)
    return (
        Envelope(sender, tuple(Recipient(each[0], tuple(each[1:])) for each in recipients), tuple(options)),
        Relation(
            tuple(
                Pair(
                    recipients[at][0] if isinstance(at, int) else at,
                    staff,
                    student,
                    Direction(direction),
                    bool(flags & 1),
                    bool(flags & 2),
                )
                for at, staff, student, direction, flags in pairs
            )
        ),
    )


def decision_text(decision: Decision) -> str:
    """A decision as it is kept."""
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


def read_decision(text: str) -> Decision:
    """The inverse of `decision_text`."""
    action, direction, policy, clauses, reasons, due_in = json.loads(text)
    return Decision(Action(action), Direction(direction), policy, tuple(clauses), tuple(reasons), due_in)


def verdict_text(verdict: Verdict) -> str:
    """A verdict as it is kept: its record on the bus, whose every version stays readable."""
    return encode_verdict(verdict).decode().replace("\x00", "\\u0000")


def read_verdict(text: str) -> Verdict:
    """The inverse of `verdict_text`."""
    return decode_verdict(text.encode())


MESSAGE_COLUMNS = "id channel received_at message_id sha256 tls prefix envelope subject excerpt content".split()


def read_message(row: tuple[Any, ...]) -> Message:
    """A message from the columns `MESSAGE_COLUMNS`; a content that was left where it is, as null, is empty."""
    id_, channel, received_at, message_id, sha256, tls, prefix, envelope, subject, excerpt, content = row
    enveloped, relation = read_envelope(envelope)
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
