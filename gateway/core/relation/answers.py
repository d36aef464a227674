"""Answers: whose personal account an unknown outside address may be when it answers a message that was in scope.

A student who answers a teacher's mail from a private address goes on with the same conversation, and so does a student
who writes back to an address that was taken for a teacher's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Direction, Directory, Pair, Person, Relation
from gateway.core.relation.identities import Identity, can_pair
from gateway.core.relation.lookalikes import ANSWER, is_another_name


@dataclass(frozen=True, slots=True)
class Answered:
    """A message in scope that was answered: its envelope sender, recipients and relation."""

    sender: str
    recipients: Sequence[str]
    relation: Relation


def guess_sender(
    address: str, name: str, receiver: Person, answered: Sequence[Answered], directory: Directory
) -> Identity | None:
    """Who answers from an unknown address: the person that the receiver wrote to, if there was one."""
    for message in answered:
        if _is_among(address, message.recipients) and not _stands_for_somebody(address, message.relation):
            continue  # somebody else who got a copy: a parent
        people = {
            other
            for pair in message.relation.pairs
            if (other := _other_of(pair, receiver.id)) is not None and _author_of(pair) == receiver.id
        }
        found = _only(people, address, name, receiver, directory)
        if found is not None:
            return found
    return None


def guess_recipient(
    address: str, name: str, sender: Person, answered: Sequence[Answered], directory: Directory, *, alone: bool
) -> Identity | None:
    """Who is written back to at an unknown address: the person whose personal account wrote the answered message.

    `alone`: no other unknown address gets the answer, so that it is the author's even if Reply-To named another one.
    """
    for message in answered:
        wrote = canonical_address(address) == canonical_address(message.sender)
        if not (wrote or (alone and not _is_among(address, message.recipients))):
            continue
        people = {
            other
            for pair in message.relation.pairs
            if pair.outside
            and pair.claimed
            and (other := _other_of(pair, sender.id)) is not None
            and _author_of(pair) == other
        }
        found = _only(people, address, name, sender, directory)
        if found is not None:
            return found
    return None


def _only(people: set[str], address: str, name: str, other: Person, directory: Directory) -> Identity | None:
    """The only one of some people, unless the name beside the address is somebody else's."""
    if len(people) != 1:
        return None
    person = directory.by_id(next(iter(people)))
    if person is None or not can_pair(person, other) or directory.is_refused(address, person.id):
        return None
    if name and is_another_name([name], person):
        return None
    return Identity(person, AccountBasis.REPLY, ANSWER)


def _author_of(pair: Pair) -> str:
    return pair.staff if pair.direction is Direction.STAFF_TO_STUDENT else pair.student


def _other_of(pair: Pair, id_: str) -> str | None:
    return pair.student if pair.staff == id_ else pair.staff if pair.student == id_ else None


def _is_among(address: str, addresses: Sequence[str]) -> bool:
    wanted = canonical_address(address)
    return any(canonical_address(other) == wanted for other in addresses)


def _stands_for_somebody(address: str, relation: Relation) -> bool:
    wanted = canonical_address(address)
    return any(canonical_address(pair.recipient) == wanted for pair in relation.pairs)
