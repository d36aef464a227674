"""Who is behind addresses, as an account sees it: by name or, where names are hidden, by pseudonym.

Pseudonyms are those of one message, mailing or case: "Staff A" here is not the one of another.
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
from gateway.core.review.pseudonyms import MaskedText, Pseudonyms, fold
from gateway.core.review.views import ConversationMessage, HeldMessage, ListedMessage, Trace

_MOST = 200
"""Recipients of one message that are looked up ahead."""
_LETTERS = re.compile(r"[^\W\d_]+")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "coach", "prof", "sr", "jr"})
_LONGEST_NAME = 4
ONE_OF_THEM = "somebody who has a part in it"
"""Who was refused what concerns them, where names are hidden."""


@dataclass(frozen=True, slots=True)
class PersonView:
    """An address with who is behind it."""

    address: str
    name: str
    role: str
    buildings: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The name, or the address where there is none."""
        return self.name or self.address or "nobody (a notice)"


@dataclass(frozen=True, slots=True)
class PairView:
    """One pair of a message in words."""

    staff: PersonView
    student: PersonView
    own_child: bool
    outside: bool
    classes: tuple[str, ...] = ()  # in which both are enrolled
    group: str = ""  # the smallest list, of a team or club say, that both are on
    building: str = ""  # one that both belong to


class Names:
    """People by name; with `hidden` by pseudonym, for those who were added first of all, in the order of adding."""

    def __init__(self, register: ConsoleDirectory, *, hidden: bool = False) -> None:
        self._register, self.hidden = register, hidden
        self._labels: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._veil = Pseudonyms()

    # who is called how

    def add(self, pairs: Iterable[Pair] = (), addresses: Iterable[str] = (), ids: Iterable[str] = ()) -> Names:
        """Give people their pseudonyms, before anything is shown in which they may be named."""
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
        addresses = (trace.sender, *(each.address for each in trace.recipients[:_MOST]))
        return self.add(trace.relation.pairs[:_MOST], addresses)

    def add_held(self, held: HeldMessage) -> Names:
        """The people of a held message."""
        return self.add(held.relation.pairs[:_MOST], (held.sender, *held.recipients[:_MOST]))

    def add_mailboxes(self, boxes: Iterable[Mailbox]) -> Names:
        """Those whom the header section names, with the names that it gives them."""
        if self.hidden:
            for box in boxes:
                if box.address:
                    label = self._of_address(box.address)
                    known = self._register.person(box.address)
                    words = [word for word in _LETTERS.findall(box.name) if word.lower() not in _TITLES]
                    same = known is None or not {fold(word) for word in words}.isdisjoint(fold(known.name).split())
                    if same and len(words) <= _LONGEST_NAME:  # more is what somebody is, and not who
                        self._veil.cover(label, words, (box.address,))
        return self

    def _of_address(self, address: str) -> str:
        if not address:
            return ""
        members = self._register.members(address)
        if members is not None:
            return self._label(address.lower(), "Group", (), (address,))
        person = self._register.person(address)
        if person is None:
            return self._label(address.lower(), "Person", (), (address,))
        label = self._of_person(person)
        self._veil.cover(label, (), (address,))
        return label

    def _of_id(self, id_: str) -> str:
        person = self._register.by_id(id_)
        return self._of_address(id_) if person is None else self._of_person(person)

    def _of_person(self, person: Person) -> str:
        kind = next((word for role, word in _KINDS.items() if role in person.roles), "Person")
        accounts = (person.address, *self._register.addresses_of(person.id))
        return self._label(person.id, kind, (person.name,), [each for each in accounts if each])

    def _label(self, key: str, kind: str, names: Iterable[str], accounts: Iterable[str]) -> str:
        label = self._labels.get(key)
        if label is None:
            label = self._labels[key] = f"{kind} {letters(self._counts[kind])}"
            self._counts[kind] += 1
            self._veil.cover(label, names, accounts)
        return label

    # people

    def person_view(self, address: str) -> PersonView:
        """Who is behind an address."""
        known = person_view(address, self._register)
        return replace(known, address="", name=self._of_address(address)) if self.hidden and address else known

    def address(self, address: str) -> str:
        """An address, or who it is of."""
        return self._of_address(address) if self.hidden else address

    def between(self, pairs: Sequence[Pair], most: int = 12, *, groups: bool = False) -> tuple[PairView, ...]:
        """Whom a message is between, each pair once. `groups`: and what both belong to, which takes a while to find."""
        once = {(pair.staff, pair.student): pair for pair in pairs}
        return tuple(self._between(pair, groups=groups) for pair in list(once.values())[:most])

    def _between(self, pair: Pair, *, groups: bool) -> PairView:
        two = PairView(self._person(pair.staff), self._person(pair.student), pair.own_child, pair.outside)
        if not groups:
            return two
        people, known = (pair.staff, pair.student), self._register
        return replace(
            two,
            classes=tuple(map(self.hide, known.classes_of_both(*people))),
            group=self.hide(known.group_of_both(*people)),
            building=next((each for each in two.staff.buildings if each in two.student.buildings), ""),
        )

    def called(self, id_: str) -> str:
        """How the person of a sourcedId is called."""
        return self._person(id_).shown

    def authorized(self, pairs: Iterable[Pair], about: str, may: frozenset[Relationship]) -> bool:
        """Whether everybody behind the recipients of some pairs may know what is told of the person of a sourcedId."""
        return authorized(pairs, about, may, self._register.relationships_to)

    def _person(self, id_: str) -> PersonView:
        person = self._register.by_id(id_)
        if person is None:
            return self.someone(id_)
        if person.address:
            return self.someone(person.address)
        return PersonView("", self._of_person(person) if self.hidden else person.name, "", ())

    # what names them

    def covered(self, text: str) -> MaskedText:
        """A text with everybody who was added covered."""
        return self._veil.covered(text)  # without anybody it stays as it is

    def hide(self, text: str) -> str:
        """The same, the text alone."""
        return self._veil.covered(text).text

    def held(self, held: HeldMessage) -> HeldMessage:
        """A held message without names."""
        if not self.hidden:
            return held
        return replace(
            held, sender=self.address(held.sender), recipients=tuple(map(self.address, held.recipients)),
            subject=self.hide(held.subject), excerpt=self.hide(held.excerpt),
        )  # fmt: skip

    def trace(self, trace: Trace) -> Trace:
        """A trace without names."""
        if not self.hidden:
            return trace
        recipients = tuple(
            replace(each, address=self.address(each.address), reply=self.hide(each.reply)) for each in trace.recipients
        )
        return replace(
            trace, sender=self.address(trace.sender), recipients=recipients, message_id=self.hide(trace.message_id)
        )

    def noticed(self, noticed: ListedMessage) -> ListedMessage:
        """A listed message without names."""
        return replace(noticed, trace=self.trace(noticed.trace), subject=self.hide(noticed.subject))

    def neighbour(self, near: ConversationMessage) -> ConversationMessage:
        """A message of a conversation without names."""
        if not self.hidden:
            return near
        return replace(
            near, sender=self.address(near.sender), recipients=tuple(map(self.address, near.recipients)),
            subject=self.hide(near.subject), excerpt=self.hide(near.excerpt),
        )  # fmt: skip

    def act(self, act: AuditEntry) -> AuditEntry:
        """An entry of the audit log without names; nor is it said who was refused as one of the people of a message."""
        if not self.hidden:
            return act
        one_of_them = act.act == "access refused" and str(act.detail.get("to", "")).endswith(PARTY_REFUSAL)
        return replace(act, actor=ONE_OF_THEM if one_of_them else act.actor, detail=self._within(act.detail))

    def _within(self, detail: Mapping[str, object]) -> dict[str, object]:
        return {name: self._each(value) for name, value in detail.items()}

    def _each(self, value: object) -> object:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return self._within(value)
        return [self._each(each) for each in value] if isinstance(value, list | tuple) else value


_KINDS = {Role.STAFF: "Staff", Role.STUDENT: "Student", Role.GUARDIAN: "Guardian"}


def person_view(address: str, register: ConsoleDirectory) -> PersonView:
    """Who is behind an address, by name."""
    members = register.members(address) if address else None
    if members is not None:
        return PersonView(address, "", f"group of {len(members)}", ())
    person = register.person(address) if address else None
    if person is None:
        return PersonView(address, "", "", ())
    return PersonView(
        address, person.name, " and ".join(sorted(person.roles)),
        tuple(register.building_name(each) for each in person.buildings),
    )  # fmt: skip
