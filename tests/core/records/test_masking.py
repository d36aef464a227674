"""Nobody else is named in a redacted copy: generated texts and rows name people in every usual way."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

import pytest

from gateway.core.messages.parties import Person, Role
from gateway.core.records.left_out import OmissionKind, withheld
from gateway.core.records.masking import ADDRESS, NAME, NUMBER, RecordMask

STUDENT = frozenset({Role.STUDENT})
MAYA = Person("k-1", "Maya Lindqvist", STUDENT, address="maya.lindqvist@students.example")
OTHERS = [
    Person("k-2", "Owen Dahl", STUDENT, address="owen.dahl@students.example"),
    Person("k-3", "José Núñez-García", STUDENT, address="jose.nunez@students.example"),
    Person("s-1", "Peter Lindgren", frozenset({Role.STAFF}), address="peter.lindgren@district.example"),
    Person("s-2", "Will Young", frozenset({Role.STAFF}), address="will.young@district.example"),
]


class People:
    """A roster of five."""

    roster_at = 0.0

    def __iter__(self) -> Iterator[Person]:
        return iter([MAYA, *OTHERS])

    def by_id(self, id_: str) -> Person | None:
        return next((person for person in self if person.id == id_), None)

    def person(self, address: str) -> Person | None:
        return next((person for person in self if person.address == address.lower()), None)

    def members(self, address: str) -> tuple[Person, ...] | None:
        return tuple(OTHERS) if address == "class@district.example" else None


@pytest.fixture
def mask() -> RecordMask:
    return RecordMask(MAYA, [MAYA.address, "+15155550172"], People(), {"lead": "s-1", "robot": ""})  # type: ignore[arg-type]


def test_the_person_stays(mask: RecordMask) -> None:
    text = "Maya Lindqvist <maya.lindqvist@students.example>, (515) 555-0172, k-1, on 2026-11-30 at 10:15."
    assert mask.text(text) == text
    assert mask.masked == 0


def test_others_are_masked(mask: RecordMask) -> None:
    mask.add_address("peter.lindgren@district.example")
    assert mask.text("Peter Lindgren told Owen's mother.") == f"Staff A told {NAME}'s mother."
    assert mask.text("write to me@home.example or 515-555-0199") == f"write to {ADDRESS} or {NUMBER}"
    assert mask.text("will you come? Ask Will.") == f"will you come? Ask {NAME}."
    row = {"staff": "s-1", "at": "2026-11-30T10:00:00Z", "by": "lead", "who": "robot"}
    assert mask.value(row) == {"staff": "Staff A", "at": row["at"], "by": "Staff A", "who": "Account A"}
    assert mask.value(["class@district.example"]) == [ADDRESS]


def test_labels_are_the_same_everywhere(mask: RecordMask) -> None:
    assert mask.add_address("owen.dahl@students.example") == "Student A"
    assert mask.add_id("k-3") == "Student B"
    assert mask.text("Owen and Jose") == "Student A and Student B"
    assert mask.add_address("stranger@outside.example", "Dr. Quill Fenwick") == "Person A"
    assert mask.text("Fenwick called") == "Person A called"


def _writings(person: Person, seeded: random.Random) -> Iterator[str]:
    given, *rest = person.name.replace("-", " ").split()
    family = rest[-1]
    yield from (person.name, person.name.upper(), f"{family}, {given}", f"{given} {family[0]}.", given, family)
    yield from (
        f"Mr. {family}",
        f"{given}’s",
        f"({given})",
        f"{given}{family}",
        f"{given.lower()}.{family.lower()}@x.example",
    )
    yield from (person.address, person.address.upper(), unicodedata.normalize("NFD", person.name), f"«{given}»")
    yield f"+1 515 555 {seeded.randrange(1000, 9999)}"


@pytest.mark.parametrize("known", [False, True])
def test_no_writing_of_a_name_stays(mask: RecordMask, *, known: bool) -> None:
    seeded = random.Random(18)
    if known:
        for person in OTHERS:
            mask.add_person(person)
    for person in OTHERS:
        words = {
            word for name in (person.name, unicodedata.normalize("NFD", person.name))
            for word in name.replace("-", " ").split()
        }  # fmt: skip
        for written in _writings(person, seeded):
            text = f"Yesterday {written} and Maya met; {written} left."
            masked = mask.text(text)
            left = [word for word in words if word.lower() in masked.lower().replace("will be", "")]
            assert not left, (text, masked)
            assert "Maya met" in masked
            assert "555" not in masked


def test_what_is_withheld_has_one_reason() -> None:
    attorneys = frozenset({"law.example", "counsel@district.example"})
    assert withheld(["a@Law.example"], attorneys, legal_hold=True, open_case=True) is OmissionKind.ATTORNEY
    assert withheld(["Counsel@district.example"], attorneys, legal_hold=False, open_case=False) is OmissionKind.ATTORNEY
    assert withheld(["a@x.example"], attorneys, legal_hold=True, open_case=True) is OmissionKind.LEGAL_HOLD
    assert withheld(["a@x.example"], attorneys, legal_hold=False, open_case=True) is OmissionKind.INVESTIGATION
    assert withheld(["a@x.example"], attorneys, legal_hold=False, open_case=False) is None
