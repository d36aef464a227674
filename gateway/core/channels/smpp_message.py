"""Texts over SMPP as messages: their envelopes, the ids of their parts, and receipts.

An application knows each part of a text by an id derived from the message id. The SMSC knows the same part by an id
that it assigned. Receipts arrive with one id and leave with the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_pdu import Command, Pdu, SmppAddress, SmppText, Tag, encode_optional
from gateway.core.channels.smpp_readings import is_call
from gateway.core.channels.text_routing import option_named, route_option
from gateway.core.messages.message import Envelope, Message, Recipient, derived_id, number_of_id, sha256_of
from gateway.core.messages.parties import Relation

SMPP, RECEIPT = "smpp", "receipt"
"""The first option of an envelope: a text that came over SMPP; our own receipt, whose content is whole PDUs."""
SMSC, ESME = "smsc", "esme"
"""Routes of such a text: to the provider's SMSC, and to the district's application."""
INCOMPLETE, UNREADABLE = "incomplete", "unreadable"

_MESSAGE_TYPE = 0x3C
_RECEIPT_TYPES = frozenset({0x04, 0x08, 0x10, 0x20})  # SMSC, ESME and manual receipts; intermediate notification
_ACKNOWLEDGMENTS = frozenset({0x08, 0x10})
_ID = re.compile(rb"(?<![A-Za-z])id:\s*([^\s]{1,64})", re.IGNORECASE)
_RECEIPT_FIELD = re.compile(
    r"\b(?:id|sub|dlvrd|(?:submit|done) date|stat|err):\s{0,3}[^\s]{0,64}|\btext:[^\r\n]{0,20}", re.IGNORECASE
)
_RECEIPT_MARK = re.compile(
    r"\b(?:(?:id|sub|dlvrd|(?:submit|done) date|stat|err):\s{0,3}[^\s]{0,64}|text:)", re.IGNORECASE
)
_LETTER = re.compile(r"[^\W\d_]")
_SIGN = re.compile(r"\w|[^\x00-\x7f]")
_MIN_LETTERS, _MAX_FIELDS = 3, 8
_STATES = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
_ALWAYS, _ON_FAILURE, _INTERMEDIATE = 1, 2, 0x10


@dataclass(frozen=True, slots=True)
class SmsPart:
    """One PDU of a text as received: its command, its body, and the application that sent it ("" for the SMSC).

    `number` counts from 1 to `total`.
    """

    number: int
    total: int
    command: int
    body: bytes
    account: str = ""


@dataclass(frozen=True, slots=True)
class PartialText:
    """The parts of one long text that have arrived, by number; `id` is the id of the message that they will form.

    `done`: the message was already made, so this part is late or a duplicate.
    """

    id: str
    total: int
    parts: tuple[SmsPart, ...]
    done: bool = False

    @property
    def whole(self) -> bool:
        """Whether all parts have arrived."""
        return len(self.parts) == self.total


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of one of our texts that the SMSC accepted: what a receipt refers to."""

    message: str
    number: int
    total: int
    account: str


# --- routes --------------------------------------------------------------------------------------------------------


def esme_route(account: str) -> str:
    """The route to one application, wherever it is bound; to any bound application if `account` is ""."""
    return f"{ESME}:{account}" if account else ESME


# --- ids -----------------------------------------------------------------------------------------------------------


def part_id(message: str, number: int, total: int) -> str:
    """The id by which an application knows one part of a text."""
    return message if total == 1 else f"{message}{number:02x}"


def parse_part_id(id_: str) -> tuple[str, int] | None:
    """The message id and part number in an id that an application sends; None if it is not one of ours."""
    name, number = id_[:26], id_[26:]
    if number_of_id(name) is None or len(name) != 26 or not re.fullmatch(r"(?:[0-9a-f]{2})?", number):
        return None
    return name, int(number, 16) if number else 1


def id_variants(id_: str) -> tuple[str, ...]:
    """The forms of an id that an SMSC may use: as given, hex as decimal, and decimal as hex.

    Many answer a submit_sm in hex and send the receipt in decimal or the reverse, with or without leading zeros.
    """
    plain = id_.strip().lower().lstrip("0") or "0"
    found = {plain: None}
    if plain.isdecimal() and plain.isascii():
        found[f"{int(plain):x}"] = None
    if re.fullmatch(r"[0-9a-f]{1,32}", plain):
        found[str(int(plain, 16))] = None
    return tuple(found)


# --- receipts ------------------------------------------------------------------------------------------------------


def is_receipt(text: SmppText) -> bool:
    """Whether this is a receipt for another text."""
    return text.esm_class & _MESSAGE_TYPE in _RECEIPT_TYPES


def is_acknowledgment(text: SmppText) -> bool:
    """Whether this is a receipt of a phone or of the person with it, who may write in it."""
    return text.esm_class & _MESSAGE_TYPE in _ACKNOWLEDGMENTS


def carries_words(content: str, *, by_person: bool = False) -> bool:
    """Whether the content of a receipt says more than its fields. The start of the text that it is about is one.

    `by_person`: a person may have written it, so that a sign is enough.
    """
    rest = _RECEIPT_FIELD.sub("", content, count=_MAX_FIELDS)
    return len(_LETTER.findall(rest)) >= _MIN_LETTERS or is_call(rest) or (by_person and bool(_SIGN.search(rest)))


def words_of_receipt(content: str) -> str:
    """What a person wrote in a text that is marked as a receipt: what follows its fields."""
    return _RECEIPT_MARK.sub("", content, count=_MAX_FIELDS).strip()


def receipted_id(text: SmppText) -> str:
    """The id of the text that a receipt refers to; "" if it has none."""
    given = text.option(Tag.RECEIPTED_ID)
    if given:
        return given.rstrip(b"\0").decode("latin-1")
    found = _ID.search(text.short or text.option(Tag.PAYLOAD) or b"")
    return found[1].decode("latin-1") if found else ""


def receipt_with_id(text: SmppText, id_: str) -> bytes:
    """The body of a receipt with another id."""
    ours = id_.encode()

    def with_our_id(content: bytes) -> bytes:
        return _ID.sub(lambda found: found[0][: found.start(1) - found.start()] + ours, content, count=1)

    options = tuple(
        (tag, ours + b"\0" if tag == Tag.RECEIPTED_ID else with_our_id(value) if tag == Tag.PAYLOAD else value)
        for tag, value in text.options
    )
    return text.with_text(with_our_id(text.short)[:255], options)


def wants_failure_receipt(registered: int) -> bool:
    """Whether registered_delivery asks for a receipt on failure."""
    return registered & 3 in (_ALWAYS, _ON_FAILURE)


def wants_intermediate_receipt(registered: int) -> bool:
    """Whether registered_delivery asks for intermediate notifications."""
    return bool(registered & _INTERMEDIATE)


def make_receipt(
    id_: str, *, source: SmppAddress, to: SmppAddress, stat: str, error: int, at: float, since: float
) -> Pdu:
    """Our own receipt as a deliver_sm; `source` is the recipient of the text, `to` its sender."""
    final = stat != "ACCEPTD"
    done = 1 if stat == "DELIVRD" else 0
    short = (
        f"id:{id_} sub:001 dlvrd:{done:03d} submit date:{_date(since)} done date:{_date(at)} "
        f"stat:{stat} err:{error:03d} text:"
    ).encode()
    esm_class = 0x04 if final else 0x20
    fields = b"".join((bytes((esm_class, 0, 0)), b"\0\0", bytes((0, 0, 0, 0, len(short))), short))
    options = ((Tag.RECEIPTED_ID.value, id_.encode() + b"\0"), (Tag.STATE.value, bytes((_STATES[stat],))))
    return Pdu(Command.DELIVER_SM, b"\0" + source.encoded() + to.encoded() + fields + encode_optional(options))


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M")


# --- envelopes and receipts as messages ----------------------------------------------------------------------------


def text_envelope(
    sender: str, recipients: Sequence[Recipient], first: SmppText, *, account: str, total: int,
    receipts: Sequence[int] = (), failures: Sequence[str] = (),
) -> Envelope:  # fmt: skip
    """The envelope of a text. `first` is its first part, `receipts` are the numbers of the parts that want a receipt.

    `failures`: words of a verdict's `failed`.
    """
    options = [SMPP, f"account={account}", f"from={_address_text(first.source)}", f"total={total}"]
    options += [f"receipts={','.join(map(str, receipts))}"] if receipts else []
    options += [f"failed={','.join(failures)}"] if failures else []
    return Envelope(sender, tuple(recipients), tuple(options))


def text_recipient(address: str, route: str, to: SmppAddress) -> Recipient:
    """A recipient of a text; `to` is its address as written in the PDU."""
    return Recipient(address, (route_option(route), f"to={_address_text(to)}"))


def written_address(recipient: Recipient) -> SmppAddress:
    """The address of a recipient as written in the PDU."""
    return _parse_address(option_named(recipient.options, "to"))


def account_of(message: Message) -> str:
    """The application that sent a text or gets a receipt; "" for a text from the SMSC."""
    return option_named(message.envelope.options, "account")


def is_smpp(message: Message) -> bool:
    """Whether a message came over SMPP."""
    return message.envelope.options[:1] == (SMPP,)


def receipts_message(
    message: Message, stat: str, error: int, at: float, addresses: Collection[str] = ()
) -> Message | None:
    """Receipts for the parts of a text that asked for them, as one message; None if none did.

    `addresses` are the recipients that they are about; all recipients if it is empty.
    """
    numbers = [int(number) for number in option_named(message.envelope.options, "receipts").split(",") if number]
    if not numbers:
        return None
    chosen = [to for to in message.envelope.recipients if to.address in addresses or not addresses]
    content = b"".join(
        receipt_pdus(message.id, message.envelope, numbers, stat, error, at=at, since=message.received_at, copy=to)
        for to in chosen
    )
    return Message(
        id=derived_id(RECEIPT, message.id, stat, *sorted(addresses)),
        channel=SMS,
        envelope=receipt_envelope_of(message.envelope),
        content=content,
        sha256=sha256_of(content),
        received_at=at,
        relation=Relation(),
    )


def receipt_pdus(
    id_: str, envelope: Envelope, numbers: Sequence[int], stat: str, error: int, *, at: float, since: float,
    copy: Recipient | None = None,
) -> bytes:  # fmt: skip
    """Receipts for some parts of a text as consecutive PDUs, about the recipient `copy` or the first one."""
    total = int(option_named(envelope.options, "total") or 1)
    to, source = _parse_address(option_named(envelope.options, "from")), written_address(copy or envelope.recipients[0])
    pdus = [
        make_receipt(part_id(id_, number, total), source=source, to=to, stat=stat, error=error, at=at, since=since)
        for number in numbers
    ]
    return b"".join(pdu.encoded() for pdu in pdus)


def receipt_envelope_of(envelope: Envelope) -> Envelope:
    """The envelope of receipts to the application that sent a text."""
    return receipt_envelope(option_named(envelope.options, "account"))


def receipt_envelope(account: str) -> Envelope:
    """The envelope of receipts to an application."""
    return Envelope("", (Recipient(ESME, (route_option(esme_route(account)),)),), (RECEIPT, f"account={account}"))


def _address_text(address: SmppAddress) -> str:
    return f"{address.ton},{address.npi},{address.digits}"


def _parse_address(text: str) -> SmppAddress:
    ton, npi, digits = ([*text.split(",", 2), "", "", ""])[:3]
    return SmppAddress(int(ton or 0), int(npi or 0), digits)
