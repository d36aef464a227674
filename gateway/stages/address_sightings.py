"""Sightings of addresses: guessed accounts and unknown district addresses are counted, and written every second.

What only helps to guess never stops a message: without the store there are fewer guesses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Directory, Relation
from gateway.core.relation.answers import Answered
from gateway.core.relation.mail_claims import MailClaims
from gateway.core.relation.outsiders import WINDOW, OutsideLetter, is_finding, outsider_relation, read_outside_letter
from gateway.core.relation.personal_account import AccountStatus, StoredAccount
from gateway.core.relation.relate import may_answer_in_scope, relate_mail
from gateway.observability.events import EventLog
from gateway.ports.directory_accounts import DirectoryAccountStore, Sightings
from gateway.ports.messages import StoreDown
from gateway.stages.wakeup import Wakeup

EVERY = 1.0
"""Seconds between writes."""
_MAX_SEEN = 10_000
"""Addresses that wait to be written, at most."""
_MAX_RECIPIENTS = 100
_PATIENCE = 2.0
_MANY = 200
"""Authors times recipients from which people are compared outside the event loop, for one message at a time."""


class AddressDirectory(Directory, Protocol):
    """The directory, as it is used here."""

    def is_unknown_internal(self, address: str) -> bool:
        """Whether a mail address is in a district domain, and neither a person's nor a group's."""


class AddressSightings:
    """Finds the relation of mail with what the store knows of addresses, and counts what is seen."""

    def __init__(
        self, accounts: DirectoryAccountStore, directory: AddressDirectory, event_log: EventLog
    ) -> None:  # fmt: skip
        self._accounts, self._directory, self._event_log = accounts, directory, event_log
        self._guessed: dict[tuple[str, str], StoredAccount] = {}
        self._unknown: dict[str, int] = {}
        self._many = asyncio.Semaphore(1)

    async def relate(
        self,
        sender: str,
        claims: MailClaims,
        recipients: Sequence[str],
        networks: Collection[str],
        now: float,
        *,
        verified: bool = True,
    ) -> Relation:
        """The relation of a mail that arrives at `now`. The store is asked only where it matters."""
        answered: Sequence[Answered] = ()
        if may_answer_in_scope(sender, claims, recipients, self._directory):
            answered = await self._find_answered(claims.answers)

        def compare() -> tuple[Relation, OutsideLetter | None]:
            relation = relate_mail(sender, claims, recipients, self._directory, networks, verified, answered)
            return relation, read_outside_letter(sender, claims, recipients, self._directory)

        if len(claims.authors) * len(recipients) < _MANY:
            relation, letter = compare()
        else:
            async with self._many:
                relation, letter = await asyncio.to_thread(compare)
        if letter is not None:
            students = await self._students_of(letter.author, [person.id for person in letter.students], now)
            if not relation and is_finding(students, self._directory.by_id):
                return outsider_relation(letter, recipients, self._directory)
        return relation

    def note(self, sender: str, recipients: Sequence[str], relation: Relation) -> None:
        """Count the addresses of a message that was accepted."""
        for address in (sender, *recipients[:_MAX_RECIPIENTS]):
            if address and self._directory.is_unknown_internal(address) and len(self._unknown) < _MAX_SEEN:
                address = canonical_address(address)
                self._unknown[address] = self._unknown.get(address, 0) + 1
        for guess in relation.guesses:
            address = canonical_address(guess.address)
            if guess.basis is AccountBasis.SIGNATURE:  # a version beside this one may not know the word
                guess = replace(guess, basis=AccountBasis.NAME)
            key = (address, guess.person)
            known = self._guessed.get(key)
            if known is not None:
                better = max(known.confidence, guess.confidence)
                self._guessed[key] = replace(known, messages=known.messages + 1, confidence=better)
            elif len(self._guessed) < _MAX_SEEN:
                self._guessed[key] = StoredAccount(
                    address, guess.person, AccountStatus.GUESSED, guess.basis, guess.confidence, messages=1
                )

    async def run(self, wakeup: Wakeup) -> None:
        """Write what was seen until `wakeup` is stopped."""
        while True:
            stopped = wakeup.stopped
            try:
                await self.write()
            except StoreDown:
                self._event_log.store_lost("sightings")
            if stopped:
                return
            await wakeup.rest(EVERY)

    async def write(self) -> None:
        """Write what was seen. Raises StoreDown; it is kept then."""
        guessed, unknown = self._guessed, self._unknown
        if not guessed and not unknown:
            return
        self._guessed, self._unknown = {}, {}
        try:
            await self._accounts.record(Sightings(tuple(guessed.values()), unknown))
        except StoreDown:
            self._guessed = guessed | self._guessed
            for address, messages in unknown.items():
                self._unknown[address] = self._unknown.get(address, 0) + messages
            raise

    async def _find_answered(self, message_ids: Sequence[str]) -> Sequence[Answered]:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._accounts.answered(message_ids)
        except (StoreDown, TimeoutError):
            self._event_log.store_lost("answers")
            return ()

    async def _students_of(self, author: str, students: Sequence[str], now: float) -> Collection[str]:
        """The students that an outsider wrote to within the window, these included."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._accounts.count_students(author, students, now, WINDOW)
        except (StoreDown, TimeoutError):
            self._event_log.store_lost("outsiders")
            return ()
