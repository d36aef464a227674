"""The relation of a text message: its staff-student pairs, from every number that its addresses may mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from gateway.core.messages.dialed_numbers import possible_numbers
from gateway.core.messages.parties import Directory, Pair, Relation
from gateway.core.mime.headers import Mailbox
from gateway.core.relation.relate import relate

_MIN_NAME = 4
"""Letters that a name has at least; a number has more digits than that."""
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.]")
_NOT_IN_A_MAILBOX = re.compile(r"[^\w.-]+")
_NUMBERED = re.compile(r"\s{0,9}[(\[]?(\d{1,2})\s?(?:of|de|/)\s?(\d{1,2})[)\]]?[:.]?\s{1,3}", re.IGNORECASE)
"""How a text starts that is one of several without a header that says so, such as `1 of 2`."""
_MAILBOX = r"([\w.+%'-]{1,64}+[@\u00a1][\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
_MAILED_TO = re.compile(rf"\s{{0,9}}(?:(?:to|para)\s?:\s?)?{_MAILBOX}", re.IGNORECASE)
_MAILED_BY = re.compile(
    rf"\s{{0,9}}(?:(?:frm|from|fr|de)\s?:\s?<?{_MAILBOX}|<?{_MAILBOX}>?\s{{0,9}}(?:[/(|\n]|subj|asunto))", re.IGNORECASE
)
"""How a text starts that a carrier's gateway sends on as mail, and one that it made of mail."""
_SHORT_CODE = 6


@dataclass(frozen=True, slots=True)
class TextAddress:
    """An address of a text. `number` is its canonical form: that of a known number in it, if there is one.

    `known` are the numbers in it that the directory knows. `name`: a name in its place, such as a sender has.
    """

    number: str
    known: tuple[str, ...]
    name: str = ""


def text_address(written: str, canonical: str, directory: Directory, near: str = "") -> TextAddress:
    """Read an address. `canonical` is its form by the rules of its channel. `near` as in `possible_numbers`."""
    numbers = dict.fromkeys((canonical, *possible_numbers(written, near), *possible_numbers(canonical, near)))
    known = tuple(number for number in numbers if _is_known(number, directory))
    is_name = not known and sum(map(str.isalpha, written)) >= _MIN_NAME > sum(map(str.isdecimal, written))
    return TextAddress(known[0] if known else canonical, known, written.strip() if is_name else "")


Written = TypeVar("Written")


def text_addresses(
    source: Written, destinations: Sequence[Written], read: Callable[[Written, str], TextAddress]
) -> tuple[TextAddress, list[TextAddress]]:
    """Read both sides of a text. A local number on one side has the area code of the other side.

    `read` reads an address near the number of another.
    """
    sender = read(source, "")
    recipients = [read(destination, sender.number) for destination in destinations]
    near = next((recipient.known[0] for recipient in recipients if recipient.known), "")
    return (read(source, near) if near and not sender.known else sender), recipients


def relate_text(sender: TextAddress, recipients: Sequence[TextAddress], directory: Directory) -> Relation:
    """Every staff-student pair of a text.

    An address that means several people grants no exception, because each of them may be the one.
    """
    pairs: dict[tuple[str, str, str, str], Pair] = {}
    unclear = len(sender.known) > 1
    for recipient in recipients:
        found = [pair for source in sender.known for pair in relate(source, (), recipient.known, directory).pairs]
        if sender.name and recipient.known:
            found += _pairs_by_name(sender.name, recipient, directory)
        certain = len(sender.known) == len(recipient.known) == 1
        for pair in found:
            if pair.guardian:  # `policy.guardians` is about mail
                continue
            pair = replace(
                pair,
                recipient=recipient.number,
                own_child=pair.own_child and certain,
                claimed=pair.claimed or unclear,
            )
            pairs.setdefault((pair.recipient, pair.staff, pair.student, pair.direction), pair)
    return Relation(tuple(pairs.values()))


def relate_mailed(sender: TextAddress, recipients: Sequence[TextAddress], text: str, directory: Directory) -> Relation:
    """The pairs of a text that goes to a gateway between texts and mail, or comes from one. It starts with a mailbox.

    Whoever it says it comes from is only claimed to be its sender.
    """
    by_mail = _mailbox(_MAILED_BY, text, directory) if not sender.known else ""
    claimed = replace(sender, known=(by_mail,)) if by_mail else sender
    to_mail = _mailbox(_MAILED_TO, text, directory) if sender.known else ""
    given = [
        replace(to, known=(to_mail,)) if to_mail and not to.known and _is_short_code(to.number) else to
        for to in recipients
    ]
    if not (by_mail or to_mail):
        return Relation()
    pairs = relate_text(claimed, given, directory).pairs
    return Relation(tuple(replace(pair, claimed=pair.claimed or bool(by_mail), own_child=False) for pair in pairs))


def numbered_part(text: str) -> tuple[int, int] | None:
    """The number of a text and the count of texts that it is one of, if it starts with them."""
    found = _NUMBERED.match(text)
    number, total = (int(found[1]), int(found[2])) if found else (0, 0)
    return (number, total) if 1 <= number <= total > 1 else None


def _mailbox(start: re.Pattern[str], text: str, directory: Directory) -> str:
    numbered = _NUMBERED.match(text)
    found = start.match(text, numbered.end() if numbered else 0)
    address = next(filter(None, found.groups()), "") if found else ""
    address = address.replace("\u00a1", "@")  # the same byte in GSM 03.38 and in ASCII
    return address if address and _is_known(address, directory) else ""


def _is_short_code(number: str) -> bool:
    return sum(map(str.isdecimal, number)) <= _SHORT_CODE


def _pairs_by_name(name: str, recipient: TextAddress, directory: Directory) -> Sequence[Pair]:
    """The pairs of a sender without a number, who may be a person with that name."""
    local = _NOT_IN_A_MAILBOX.sub(".", name).strip(".")
    names = dict.fromkeys((name, _INNER_CAPITAL.sub(" ", name)))  # such a sender has no room for blanks
    mailboxes = tuple(Mailbox(f"{local}@name.invalid", written) for written in names)
    return relate("", mailboxes, recipient.known, directory).pairs


def _is_known(number: str, directory: Directory) -> bool:
    return directory.person(number) is not None or directory.members(number) is not None
