"""Texts over SMPP as messages of ours: what they keep beside their content, their ids, and the receipts for them.

An application knows each part of a text by an id of its own, made of the message's; the SMSC knows the same part by an
id that it gave. Receipts come with the one and go on with the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.smpp_pdu import Address, Command, Pdu, SmppText, Tag, optional
from gateway.core.channels.text_routing import named, via
from gateway.core.channels.twilio import derived_id
from gateway.core.messages.message import Envelope, Message, Recipient, number_of_id, sha256_of
from gateway.core.messages.parties import Relation

SMPP, RECEIPT = "smpp", "receipt"
"""The first options of an envelope: it came over SMPP; it is a receipt of ours, its content whole PDUs."""
SMSC, ESME = "smsc", "esme"
"""The ways out of such a text: to the provider's SMSC, and to the district's application."""
INCOMPLETE, UNREADABLE = "incomplete", "unreadable"

_TYPE = 0x3C
_RECEIPTS = frozenset({0x04, 0x08, 0x10, 0x20})  # of delivery, by the phone, by its owner; an intermediate notification
_ID = re.compile(rb"(?<![A-Za-z])id:\s*([^\s]{1,64})", re.IGNORECASE)
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
    """One PDU of a text as it came: the request it came by, its body, and the application it came from ("": the SMSC).

    `number` of `total`, from 1.
    """

    number: int
    total: int
    command: int
    body: bytes
    account: str = ""


@dataclass(frozen=True, slots=True)
class PartialText:
    """The parts of one long text that are there, by number; `id` is the message's once it is made.

    `done`: it was made before, so this part came late or again.
    """

    id: str
    total: int
    parts: tuple[SmsPart, ...]
    done: bool = False

    @property
    def whole(self) -> bool:
        """Whether all parts are there."""
        return len(self.parts) == self.total


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of a text of ours that the SMSC knows, by the id that it gave: what a receipt is about."""

    message: str
    number: int
    total: int
    account: str


# --- ways ---------------------------------------------------------------------------------------------------------


def esme_way(account: str) -> str:
    """The way out to one application, wherever it is bound; "": to any that is."""
    return f"{ESME}:{account}" if account else ESME


# --- ids -----------------------------------------------------------------------------------------------------------


def part_id(message: str, number: int, total: int) -> str:
    """By what an application knows one part of a text of ours."""
    return message if total == 1 else f"{message}{number:02x}"


def named_part(id_: str) -> tuple[str, int] | None:
    """The message and the number of the part of an id that an application says; None where it is none of ours."""
    name, number = id_[:26], id_[26:]
    if number_of_id(name) is None or len(name) != 26 or not re.fullmatch(r"(?:[0-9a-f]{2})?", number):
        return None
    return name, int(number, 16) if number else 1


def written(id_: str) -> tuple[str, ...]:
    """The ways in which an SMSC may write the same id: as it is, and hex as decimal or decimal as hex.

    Many answer a submit_sm in hex and send the receipt in decimal, or the other way round, with zeros in front or none.
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
    """Whether it is about another text, rather than one."""
    return text.esm_class & _TYPE in _RECEIPTS


def receipted(text: SmppText) -> str:
    """The id of the text that a receipt is about, "" where it names none."""
    given = text.option(Tag.RECEIPTED_ID)
    if given:
        return given.rstrip(b"\0").decode("latin-1")
    found = _ID.search(text.short or text.option(Tag.PAYLOAD) or b"")
    return found[1].decode("latin-1") if found else ""


def about(text: SmppText, id_: str) -> bytes:
    """The body of a receipt under another id."""
    ours = id_.encode()

    def named_anew(content: bytes) -> bytes:
        return _ID.sub(lambda found: found[0][: found.start(1) - found.start()] + ours, content, count=1)

    options = tuple(
        (tag, ours + b"\0" if tag == Tag.RECEIPTED_ID else named_anew(value) if tag == Tag.PAYLOAD else value)
        for tag, value in text.options
    )
    return text.saying(named_anew(text.short)[:255], options)


def asks_on_failure(registered: int) -> bool:
    """Whether a receipt is asked for where a text was not delivered."""
    return registered & 3 in (_ALWAYS, _ON_FAILURE)


def asks_in_between(registered: int) -> bool:
    """Whether intermediate notifications are asked for."""
    return bool(registered & _INTERMEDIATE)


def receipt(id_: str, *, source: Address, to: Address, stat: str, error: int, at: float, since: float) -> Pdu:
    """A receipt of ours as a deliver_sm: `source` is where the text was to go, `to` where it came from."""
    final = stat != "ACCEPTD"
    done = 1 if stat == "DELIVRD" else 0
    short = (
        f"id:{id_} sub:001 dlvrd:{done:03d} submit date:{_date(since)} done date:{_date(at)} "
        f"stat:{stat} err:{error:03d} text:"
    ).encode()
    esm_class = 0x04 if final else 0x20
    fields = b"".join((bytes((esm_class, 0, 0)), b"\0\0", bytes((0, 0, 0, 0, len(short))), short))
    options = ((Tag.RECEIPTED_ID.value, id_.encode() + b"\0"), (Tag.STATE.value, bytes((_STATES[stat],))))
    return Pdu(Command.DELIVER_SM, b"\0" + source.encoded() + to.encoded() + fields + optional(options))


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M")


# --- what a message keeps ------------------------------------------------------------------------------------------


def envelope(
    sender: str, recipients: Sequence[Recipient], first: SmppText, *, account: str, total: int,
    receipts: Sequence[int] = (), lacking: Sequence[str] = (),
) -> Envelope:  # fmt: skip
    """The envelope of a text; `first` is its first part, `receipts` the parts whose failure is to be told."""
    options = [SMPP, f"account={account}", f"from={_kept(first.source)}", f"total={total}"]
    options += [f"receipts={','.join(map(str, receipts))}"] if receipts else []
    options += [f"failed={','.join(lacking)}"] if lacking else []
    return Envelope(sender, tuple(recipients), tuple(options))


def recipient(address: str, way: str, to: Address) -> Recipient:
    """A recipient of a text with its address as it was written."""
    return Recipient(address, (via(way), f"to={_kept(to)}"))


def to_of(recipient: Recipient) -> Address:
    """The address of a recipient as it was written."""
    return _restored(named(recipient.options, "to"))


def account_of(message: Message) -> str:
    """The application that a text is from, or that a receipt is for; "" for a text that came from the SMSC."""
    return named(message.envelope.options, "account")


def is_smpp(message: Message) -> bool:
    """Whether a message came over SMPP."""
    return message.envelope.options[:1] == (SMPP,)


def receipts_message(
    message: Message, stat: str, error: int, at: float, addresses: Collection[str] = ()
) -> Message | None:
    """Receipts of ours for the parts of a text that asked for them, as one message; None where none did.

    `addresses`: the recipients that it is about, all of them where none is given.
    """
    numbers = [int(each) for each in named(message.envelope.options, "receipts").split(",") if each]
    if not numbers:
        return None
    meant = [each for each in message.envelope.recipients if each.address in addresses or not addresses]
    content = b"".join(
        receipts(message.id, message.envelope, numbers, stat, error, at=at, since=message.received_at, copy=each)
        for each in meant
    )
    return Message(
        id=derived_id(RECEIPT, message.id, stat, *sorted(addresses)),
        channel=SMS,
        envelope=receipts_envelope(message.envelope),
        content=content,
        sha256=sha256_of(content),
        received_at=at,
        relation=Relation(),
    )


def receipts(
    id_: str, envelope: Envelope, numbers: Sequence[int], stat: str, error: int, *, at: float, since: float,
    copy: Recipient | None = None,
) -> bytes:  # fmt: skip
    """Receipts of ours for some parts of a text, one PDU behind the other; `copy`: whose, the first one's else."""
    total = int(named(envelope.options, "total") or 1)
    to, source = _restored(named(envelope.options, "from")), to_of(copy or envelope.recipients[0])
    pdus = [
        receipt(part_id(id_, each, total), source=source, to=to, stat=stat, error=error, at=at, since=since)
        for each in numbers
    ]
    return b"".join(each.encoded() for each in pdus)


def receipts_envelope(envelope: Envelope) -> Envelope:
    """Of receipts of ours on their way to the application that a text is from."""
    return receipt_envelope(named(envelope.options, "account"))


def receipt_envelope(account: str) -> Envelope:
    """Of receipts on their way to an application."""
    return Envelope("", (Recipient(ESME, (via(esme_way(account)),)),), (RECEIPT, f"account={account}"))


def _kept(address: Address) -> str:
    return f"{address.ton},{address.npi},{address.digits}"


def _restored(text: str) -> Address:
    ton, npi, digits = ([*text.split(",", 2), "", "", ""])[:3]
    return Address(int(ton or 0), int(npi or 0), digits)
