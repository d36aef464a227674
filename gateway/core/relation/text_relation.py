"""The relation of a text message: its staff-student pairs, from every number that its addresses may mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.core.messages.dialed_numbers import possible_numbers
from gateway.core.messages.parties import Directory, Pair, Relation
from gateway.core.relation.relate import relate


@dataclass(frozen=True, slots=True)
class TextAddress:
    """An address of a text. `number` is its canonical form: that of a known number in it, if there is one.

    `known` are the numbers in it that the directory knows.
    """

    number: str
    known: tuple[str, ...]


def text_address(written: str, canonical: str, directory: Directory, near: str = "") -> TextAddress:
    """Read an address. `canonical` is its form by the rules of its channel. `near` as in `possible_numbers`."""
    numbers = dict.fromkeys((canonical, *possible_numbers(written, near), *possible_numbers(canonical, near)))
    known = tuple(number for number in numbers if _is_known(number, directory))
    return TextAddress(known[0] if known else canonical, known)


def relate_text(sender: TextAddress, recipients: Sequence[TextAddress], directory: Directory) -> Relation:
    """Every staff-student pair of a text.

    An address that means several people grants no exception, because each of them may be the one.
    """
    pairs: dict[tuple[str, str, str, str], Pair] = {}
    for source in sender.known:
        for recipient in recipients:
            unclear = len(sender.known) > 1
            certain = len(sender.known) == len(recipient.known) == 1
            for pair in relate(source, (), recipient.known, directory).pairs:
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


def _is_known(number: str, directory: Directory) -> bool:
    return directory.person(number) is not None or directory.members(number) is not None
