"""Signatures of outsiders: a private letter to students that is signed with the name of a staff member.

The address tells nothing, and neither does the name beside it. The relation of such a letter is found from its text,
which is read only for an outsider's own mail to students.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Directory, GuessedAccount, Pair, Relation, Role
from gateway.core.relation.identities import behind, is_unknown_outside, pairs_of
from gateway.core.relation.lookalikes import INITIAL, PART_OF_NAME, Guess, guess_by_name, has_given_name, narrowed
from gateway.core.relation.mail_claims import MailClaims

MAX_READERS = 25
"""Recipients of a letter, at most. More get a circular."""


def may_be_signed(sender: str, claims: MailClaims, recipients: Sequence[str], directory: Directory) -> bool:
    """Whether a mail out of scope is an outsider's own, to a student: its text is looked at."""
    if not sender or claims.is_bulk or claims.is_automatic or len(recipients) > MAX_READERS:
        return False
    authors = {sender, *(box.address for box in claims.authors if box.address)}
    if not all(is_unknown_outside(author, directory) for author in authors) or any(
        map(directory.is_organization, authors)
    ):
        return False
    return any(Role.STUDENT in person.person.roles for address in recipients for person in behind(address, directory))


def signature_relation(
    sender: str, claims: MailClaims, recipients: Sequence[str], names: Sequence[str], directory: Directory
) -> Relation:
    """The pairs of the staff members whose names a letter is signed with, and its students."""
    author = next((box.address for box in claims.authors if box.address), sender)
    guesses = [guess for name in names for guess in _guess_staff(name, directory)]
    pairs: dict[tuple[str, str, str], Pair] = {}
    found: dict[str, GuessedAccount] = {}
    for recipient in dict.fromkeys(recipients) if guesses else ():
        receivers = behind(recipient, directory)
        others = [identity.person for identity in receivers if Role.STUDENT in identity.person.roles]
        for guess in guesses:
            for identity in narrowed(guess, author, others, directory):
                for pair in pairs_of(identity, recipient, receivers, claimed=True):
                    pairs.setdefault((pair.recipient, pair.staff, pair.student), pair)
                found.setdefault(
                    identity.person.id,
                    GuessedAccount(
                        canonical_address(author), identity.person.id, AccountBasis.SIGNATURE, identity.confidence
                    ),
                )
    return Relation(tuple(pairs.values()), tuple(found.values()))


def _guess_staff(name: str, directory: Directory) -> list[Guess]:
    found = []
    for guess in guess_by_name(name, directory):
        staff = tuple(person for person in guess.people if Role.STAFF in person.roles)
        if staff:
            confidence = PART_OF_NAME if has_given_name(name, staff) else INITIAL
            found.append(Guess(staff, AccountBasis.SIGNATURE, confidence, name, near_only=True))
    return found
