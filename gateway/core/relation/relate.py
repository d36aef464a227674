"""The relation of a message: its staff-student pairs, from the envelope and from what the header claims.

The envelope sender owns the message. Header fields may claim further identities. These widen the scope, so that a
forged or forwarded sender stays in scope, but they grant no exception. Names and answers may show whose personal
account an unknown outside address is (`gateway.core.relation.lookalikes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Directory, GuessedAccount, Pair, Person, Relation, Role
from gateway.core.mime.headers import Mailbox
from gateway.core.relation.answers import Answered, guess_recipient, guess_sender
from gateway.core.relation.identities import Identity, behind, identify, is_unknown_outside, pairs_of
from gateway.core.relation.lookalikes import (
    FULL_LOCAL_PART,
    FULL_NAME,
    Guess,
    guess_by_local_part,
    guess_by_name,
    narrowed,
)
from gateway.core.relation.mail_claims import MailClaims
from gateway.core.relation.notifications import is_notification, names_in

MAX_CLAIMED = 10
"""Staff members, and students, that a header can claim, at most. One is enough to hold the message."""
MAX_GUESSED = 50
"""Unknown outside recipients whose names are looked at, at most: a person's own mail has fewer."""

_PairKey = tuple[str, str, str, str]
_Receivers = Mapping[str, Collection[Identity]]


def relate(
    sender: str,
    claimed: Sequence[Mailbox],
    recipients: Sequence[str],
    directory: Directory,
    subject: str = "",
    networks: Collection[str] = (),
    verified: bool = True,
) -> Relation:
    """Every staff-student pair of a message of which only authors and subject are known. See `relate_mail`."""
    return relate_mail(sender, MailClaims(claimed, subject=subject), recipients, directory, networks, verified)


def relate_mail(
    sender: str,
    claims: MailClaims,
    recipients: Sequence[str],
    directory: Directory,
    networks: Collection[str] = (),
    verified: bool = True,
    answered: Sequence[Answered] = (),
) -> Relation:
    """Every staff-student pair of a mail.

    `sender` ("" is the null sender) and `recipients` are those of the envelope. `networks` are domains of social
    networks: a notification from one, or in the form of one, counts as the personal account of the person it names.
    `verified`: the client may speak for the district; otherwise a district account as sender is only claimed.
    `answered`: the messages in scope that it answers.
    """
    return _MailRelation(sender, claims, recipients, directory, networks, verified, answered).relation()


def envelope_relation(sender: str, recipients: Sequence[str], directory: Directory) -> Relation:
    """The pairs that follow from the envelope alone."""
    senders = identify(sender, directory)
    pairs: dict[_PairKey, Pair] = {}
    for recipient in dict.fromkeys(recipients):
        receivers = behind(recipient, directory)
        for identity in senders.values():
            found = pairs_of(identity, recipient, receivers, claimed=False, guardians=directory.reads_guardians)
            _add(pairs, found)
    return Relation(tuple(pairs.values()))


def may_answer_in_scope(sender: str, claims: MailClaims, recipients: Sequence[str], directory: Directory) -> bool:
    """Whether it matters which messages a mail answers: a person of the district and an unknown outside address."""
    if not claims.answers or claims.is_bulk:
        return False
    inside = any(map(directory.person, (sender, *(box.address for box in claims.authors))))
    if inside:
        return any(is_unknown_outside(address, directory) for address in recipients[:MAX_GUESSED])
    return any(behind(address, directory) for address in recipients[:MAX_GUESSED])


class _MailRelation:
    """One mail while its relation is found."""

    def __init__(
        self, sender: str, claims: MailClaims, recipients: Sequence[str], directory: Directory,
        networks: Collection[str], verified: bool, answered: Sequence[Answered],
    ) -> None:  # fmt: skip
        self._sender, self._claims, self._directory = sender, claims, directory
        self._networks, self._verified, self._answered = networks, verified, answered
        self._recipients = tuple(dict.fromkeys(recipients))
        self._senders = identify(sender, directory)
        self._claimed = self._claimed_people()
        self._guesses: dict[tuple[str, str], GuessedAccount] = {}

    def relation(self) -> Relation:
        """Every pair."""
        receivers = {recipient: behind(recipient, self._directory) for recipient in self._recipients}
        guardians = self._directory.reads_guardians
        pairs: dict[_PairKey, Pair] = {}
        for recipient, people in receivers.items():
            for identity in self._senders.values():
                uncertain = not (self._verified or identity.is_personal)
                _add(pairs, pairs_of(identity, recipient, people, claimed=uncertain, guardians=guardians))
            for identity in self._claimed.values():
                _add(pairs, pairs_of(identity, recipient, people, claimed=True, guardians=guardians))
        if any(receivers.values()):
            self._add_guessed_senders(pairs, receivers)
        if self._senders or self._claimed:
            self._add_guessed_recipients(pairs, receivers)
        return Relation(tuple(pairs.values()), tuple(self._guesses.values()))

    def _guess(self, made: dict[str, Identity], address: str, identity: Identity) -> None:
        """Add what an address was taken for."""
        made[identity.person.id] = identity.merged(made.get(identity.person.id))
        known = self._guesses.get((address, identity.person.id))
        if identity.basis is not None and (known is None or known.confidence < identity.confidence):
            self._guesses[address, identity.person.id] = GuessedAccount(
                address, identity.person.id, identity.basis, identity.confidence
            )

    def _claimed_people(self) -> dict[str, Identity]:
        """The people whose addresses the header claims. Adds to the senders what is known of their accounts."""
        claimed: dict[str, Identity] = {}
        personal_answers = (  # answers that go to a known personal account
            identity
            for mailbox in self._claims.answer_to
            for identity in identify(mailbox.address, self._directory).values()
            if identity.is_personal
        )
        authors = (
            identity
            for mailbox in self._claims.authors
            for identity in identify(mailbox.address, self._directory).values()
        )
        for identity in (*authors, *personal_answers):
            id_ = identity.person.id
            group = self._senders if id_ in self._senders else claimed
            if group is self._senders or id_ in claimed or _has_room(claimed, identity.person):
                group[id_] = identity.merged(group.get(id_))
        return claimed

    # guessed senders

    def _add_guessed_senders(self, pairs: dict[_PairKey, Pair], receivers: _Receivers) -> None:
        guesses = [*self._sender_guesses()]
        if not guesses and not self._answered:
            return
        for recipient, people in receivers.items():
            others = [identity.person for identity in people]
            made: dict[str, Identity] = {}
            for address, guess in guesses:
                for identity in narrowed(guess, address, others, self._directory):
                    self._guess(made, address, identity)
            for address, name in self._unknown_authors():
                for person in others:
                    guessed = guess_sender(address, name, person, self._answered, self._directory)
                    if guessed is not None:
                        self._guess(made, address, guessed)
            for identity in made.values():
                _add(pairs, pairs_of(identity, recipient, people, claimed=True))

    def _sender_guesses(self) -> Iterator[tuple[str, Guess]]:
        """What the names of the authors say, with the address that each belongs to."""
        claims, directory = self._claims, self._directory
        if is_notification(claims, self._sender, self._networks):
            yield from self._notification_guesses()
            return
        for address, names in self._unknown_addresses().items():
            if directory.is_organization(address):
                continue
            guesses = [guess for name in names for guess in guess_by_name(name, directory)]
            guesses += guess_by_local_part(address, names, directory) if address else ()
            for guess in guesses:
                if not claims.is_bulk:
                    yield address, guess
                elif not guess.near_only:  # lists bring mail of strangers, some with the name of somebody far away
                    yield address, replace(guess, near_only=True)

    def _notification_guesses(self) -> Iterator[tuple[str, Guess]]:
        claims, directory = self._claims, self._directory
        address = claims.authors[0].address if claims.authors else self._sender
        text = " | ".join([claims.subject, *(box.name for box in claims.authors)])
        for box in claims.authors:
            for guess in guess_by_name(box.name, directory):
                yield address, guess
        for name in dict.fromkeys(names_in(text)):
            people = directory.namesakes(name)
            if people:
                yield address, Guess(people, AccountBasis.NAME, FULL_NAME, name)
            elif " " not in name and len(name) > 5:
                handle = directory.local_part_namesakes(name.strip("@.'’"))
                if handle.full:
                    yield address, Guess(handle.full, AccountBasis.NAME, FULL_LOCAL_PART, name)

    def _unknown_addresses(self) -> dict[str, tuple[str, ...]]:
        """The unknown outside addresses of authors and Reply-To with the names beside them; the envelope sender's."""
        found: dict[str, tuple[str, ...]] = {}
        for box in (*self._claims.authors, *self._claims.answer_to)[: 2 * MAX_CLAIMED]:
            if is_unknown_outside(box.address, self._directory):
                found[box.address] = (*found.get(box.address, ()), *([box.name] if box.name else ()))
        if (
            self._sender
            and not self._senders
            and not any(_is_same(self._sender, address) for address in found)
            and is_unknown_outside(self._sender, self._directory)
        ):
            found[self._sender] = ()
        return found

    def _unknown_authors(self) -> Iterator[tuple[str, str]]:
        if self._answered:
            for address, names in self._unknown_addresses().items():
                if not self._directory.is_organization(address):
                    yield address, names[0] if names else ""

    # guessed recipients

    def _add_guessed_recipients(self, pairs: dict[_PairKey, Pair], receivers: _Receivers) -> None:
        directory = self._directory
        unknown = [
            recipient
            for recipient, people in receivers.items()
            if not people  # nobody in the directory
            and not directory.is_internal(recipient)
            and directory.members(recipient) is None
            and not directory.is_organization(recipient)
        ]
        if not unknown or len(unknown) > MAX_GUESSED:
            return
        senders = [*((identity, not (self._verified or identity.is_personal)) for identity in self._senders.values())]
        senders += [(identity, True) for identity in self._claimed.values()]
        others = [identity.person for identity, _ in senders]
        for recipient in unknown:
            names = self._claims.names.get(recipient.lower(), ())
            made: dict[str, Identity] = {}
            guesses = [guess for name in names for guess in guess_by_name(name, directory)]
            guesses += guess_by_local_part(recipient, names, directory)
            for guess in guesses:
                for identity in narrowed(guess, recipient, others, directory):
                    self._guess(made, recipient, identity)
            if self._answered:
                name = names[0] if names else ""
                for identity, _ in senders:
                    guessed = guess_recipient(
                        recipient, name, identity.person, self._answered, directory, alone=len(unknown) == 1
                    )
                    if guessed is not None:
                        self._guess(made, recipient, guessed)
            for identity, uncertain in senders if made else ():
                _add(pairs, pairs_of(identity, recipient, [*made.values()], claimed=uncertain))


def _has_room(claimed_people: Mapping[str, Identity], person: Person) -> bool:
    """Whether the header may claim one more person with a role of this one."""
    return any(
        role in person.roles and sum(role in claim.person.roles for claim in claimed_people.values()) < MAX_CLAIMED
        for role in (Role.STAFF, Role.STUDENT)
    )


def _is_same(one: str, other: str) -> bool:
    return canonical_address(one) == canonical_address(other)


def _add(pairs: dict[_PairKey, Pair], found: Iterable[Pair]) -> None:
    """Add pairs. A pair that is known already keeps its certainty, but a personal account beside it counts."""
    for pair in found:
        key = (pair.recipient, pair.staff, pair.student, pair.direction)
        known = pairs.setdefault(key, pair)
        if pair.outside and not known.outside:
            pairs[key] = replace(known, outside=True, basis=pair.basis, confidence=pair.confidence)
