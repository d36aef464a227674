"""Who is behind addresses, as an account sees it: by name or, if names are hidden, by pseudonym.

Pseudonyms belong to one message, group of near-duplicates or case: "Staff A" is somebody else in another one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.core.messages.parties import Pair, Person, Role
from gateway.core.mime.headers import Mailbox
from gateway.core.policy.authorization import PARTY_REFUSAL, ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.legitimate_interest import Relationship, authorized
from gateway.core.review.pseudonyms import MaskedText, Pseudonyms, fold, letter_label
from gateway.core.review.views import ConversationMessage, HeldMessage, ListedMessage, Trace

_MAX_RECIPIENTS = 200
"""Recipients of one message that get a pseudonym before anything is shown."""
_LETTERS = re.compile(r"[^\W\d_]+")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "coach", "prof", "sr", "jr"})
_MAX_NAME_WORDS = 4
ONE_OF_THEM = "somebody who has a part in it"
"""Shown instead of the account that was refused because of a conflict of interest, if names are hidden."""


@dataclass(frozen=True, slots=True)
class PersonView:
    """An address with who is behind it."""

    address: str
    name: str
    role: str
    buildings: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The name, or the address if there is none."""
        return self.name or self.address or "nobody (a notice)"


@dataclass(frozen=True, slots=True)
class PairView:
    """One staff-student pair of a message, as a page shows it."""

    staff: PersonView
    student: PersonView
    own_child: bool
    outside: bool
    claimed: bool = False
    classes: tuple[str, ...] = ()  # that both are enrolled in
    group: str = ""  # the smallest group, such as a team or club, that both belong to
    building: str = ""  # that both belong to
    guardian: bool = False  # instead of a student, a guardian
    ids: tuple[str, ...] = ()  # their sourcedIds, unless names are hidden or one of them is not in the roster


class Names:
    """People by name or, with `hidden`, by pseudonym. Pseudonyms are assigned in the order in which people are added.

    Add everybody who may be named before showing a text.
    """

    def __init__(self, directory: ConsoleDirectory, *, hidden: bool = False) -> None:
        self._directory, self.hidden = directory, hidden
        self._labels: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._pseudonyms = Pseudonyms()

    def add(self, pairs: Iterable[Pair] = (), addresses: Iterable[str] = (), ids: Iterable[str] = ()) -> Names:
        """Assign pseudonyms to people."""
        if self.hidden:
            for pair in pairs:
                self._of_id(pair.staff)
                self._of_id(pair.student)
            for address in addresses:
                self._of_address(address)
            for id_ in ids:
                self._of_id(id_)
        return self

    def add_trace(self, trace: Trace) -> Names:
        """The people of a message."""
        addresses = (trace.sender, *(recipient.address for recipient in trace.recipients[:_MAX_RECIPIENTS]))
        return self.add(trace.relation.pairs[:_MAX_RECIPIENTS], addresses)

    def add_held(self, message: HeldMessage) -> Names:
        """The people of a held message."""
        recipients = message.recipients[:_MAX_RECIPIENTS]
        return self.add(message.relation.pairs[:_MAX_RECIPIENTS], (message.sender, *recipients))

    def add_mailboxes(self, boxes: Iterable[Mailbox]) -> Names:
        """Assign pseudonyms to the people in address fields of a header, and mask the display names there."""
        if self.hidden:
            for box in boxes:
                if box.address:
                    label = self._of_address(box.address)
                    known = self._directory.person(box.address)
                    words = [word for word in _LETTERS.findall(box.name) if word.lower() not in _TITLES]
                    same = known is None or not {fold(word) for word in words}.isdisjoint(fold(known.name).split())
                    if same and len(words) <= _MAX_NAME_WORDS:  # a longer display name is a description
                        self._pseudonyms.add(label, words, (box.address,))
        return self

    def _of_address(self, address: str) -> str:
        if not address:
            return ""
        members = self._directory.members(address)
        if members is not None:
            return self._label(address.lower(), "Group", (), (address,))
        person = self._directory.person(address)
        if person is None:
            return self._label(address.lower(), "Person", (), (address,))
        label = self._of_person(person)
        self._pseudonyms.add(label, (), (address,))
        return label

    def _of_id(self, id_: str) -> str:
        person = self._directory.by_id(id_)
        return self._of_address(id_) if person is None else self._of_person(person)

    def _of_person(self, person: Person) -> str:
        kind = next((word for role, word in _KINDS.items() if role in person.roles), "Person")
        accounts = (person.address, *self._directory.addresses_of(person.id))
        return self._label(person.id, kind, (person.name,), [account for account in accounts if account])

    def _label(self, key: str, kind: str, names: Iterable[str], accounts: Iterable[str]) -> str:
        label = self._labels.get(key)
        if label is None:
            label = self._labels[key] = f"{kind} {letter_label(self._counts[kind])}"
            self._counts[kind] += 1
            self._pseudonyms.add(label, names, accounts)
        return label

    def person(self, address: str) -> PersonView:
        """Who is behind an address."""
        known = person_view(address, self._directory)
        return replace(known, address="", name=self._of_address(address)) if self.hidden and address else known

    def address(self, address: str) -> str:
        """An address, or the pseudonym of its owner if names are hidden."""
        return self._of_address(address) if self.hidden else address

    def pairs(self, pairs: Sequence[Pair], limit: int = 12, *, groups: bool = False) -> tuple[PairView, ...]:
        """The pairs of a message, each once, `limit` at most. `groups` adds what both belong to, which is slow."""
        once = {(pair.staff, pair.student): pair for pair in pairs}
        return tuple(self._pair(pair, groups=groups) for pair in list(once.values())[:limit])

    def _pair(self, pair: Pair, *, groups: bool) -> PairView:
        ids = (pair.staff, pair.student)
        linked = not (self.hidden or pair.guardian) and all(map(self._directory.by_id, ids))
        two = PairView(
            self._person(pair.staff), self._person(pair.student), pair.own_child, pair.outside, pair.claimed,
            guardian=pair.guardian, ids=ids if linked else (),
        )  # fmt: skip
        if not groups:
            return two
        people, known = (pair.staff, pair.student), self._directory
        return replace(
            two,
            classes=tuple(map(self.hide, known.classes_of_both(*people))),
            group=self.hide(known.group_of_both(*people)),
            building=next((name for name in two.staff.buildings if name in two.student.buildings), ""),
        )

    def name_of(self, id_: str) -> str:
        """The name or pseudonym of the person with a sourcedId."""
        return self._person(id_).shown

    def authorized(self, pairs: Iterable[Pair], about: str, may: frozenset[Relationship]) -> bool:
        """Whether everybody behind the recipients of some pairs may know about the person with a sourcedId."""
        return authorized(pairs, about, may, self._directory.relationships_to)

    def _person(self, id_: str) -> PersonView:
        person = self._directory.by_id(id_)
        if person is None:
            return self.person(id_)
        if person.address:
            return self.person(person.address)
        return PersonView("", self._of_person(person) if self.hidden else person.name, "", ())

    def mask(self, text: str) -> MaskedText:
        """A text in which the names of everybody who was added are masked."""
        return self._pseudonyms.mask(text)

    def hide(self, text: str) -> str:
        """The masked text alone."""
        return self._pseudonyms.mask(text).text

    def held(self, message: HeldMessage) -> HeldMessage:
        """A held message without names."""
        if not self.hidden:
            return message
        return replace(
            message, sender=self.address(message.sender), recipients=tuple(map(self.address, message.recipients)),
            subject=self.hide(message.subject), excerpt=self.hide(message.excerpt),
        )  # fmt: skip

    def trace(self, trace: Trace) -> Trace:
        """A trace without names."""
        if not self.hidden:
            return trace
        recipients = tuple(
            replace(recipient, address=self.address(recipient.address), reply=self.hide(recipient.reply))
            for recipient in trace.recipients
        )
        return replace(
            trace, sender=self.address(trace.sender), recipients=recipients, message_id=self.hide(trace.message_id)
        )

    def listed(self, message: ListedMessage) -> ListedMessage:
        """A listed message without names."""
        return replace(message, trace=self.trace(message.trace), subject=self.hide(message.subject))

    def conversation_message(self, message: ConversationMessage) -> ConversationMessage:
        """A message of a conversation without names."""
        if not self.hidden:
            return message
        return replace(
            message, sender=self.address(message.sender), recipients=tuple(map(self.address, message.recipients)),
            subject=self.hide(message.subject), excerpt=self.hide(message.excerpt),
        )  # fmt: skip

    def audit_entry(self, entry: AuditEntry) -> AuditEntry:
        """An audit entry without names, and without the account that was refused because of a conflict of interest."""
        if not self.hidden:
            return entry
        conflict = entry.act == "access refused" and str(entry.detail.get("to", "")).endswith(PARTY_REFUSAL)
        return replace(entry, actor=ONE_OF_THEM if conflict else entry.actor, detail=self._mask_detail(entry.detail))

    def _mask_detail(self, detail: Mapping[str, object]) -> dict[str, object]:
        return {name: self._mask_value(value) for name, value in detail.items()}

    def _mask_value(self, value: object) -> object:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return self._mask_detail(value)
        return [self._mask_value(item) for item in value] if isinstance(value, list | tuple) else value


_KINDS = {Role.STAFF: "Staff", Role.STUDENT: "Student", Role.GUARDIAN: "Guardian"}


def person_view(address: str, directory: ConsoleDirectory) -> PersonView:
    """Who is behind an address, by name."""
    members = directory.members(address) if address else None
    if members is not None:
        return PersonView(address, "", f"group of {len(members)}", ())
    person = directory.person(address) if address else None
    if person is None:
        return PersonView(address, "", "", ())
    return PersonView(
        address, person.name, " and ".join(sorted(person.roles)),
        tuple(directory.building_name(id_) for id_ in person.buildings),
    )  # fmt: skip
