"""The relation of a message, over a hand-written directory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.messages.addresses import canonical_address
from gateway.core.messages.parties import AccountBasis, Direction, Namesakes, Pair, Person, Relation, Role
from gateway.core.mime.headers import Mailbox
from gateway.core.relation.identities import find_people, forms_pair
from gateway.core.relation.lookalikes import MAX_NAMESAKES
from gateway.core.relation.relate import MAX_CLAIMED, envelope_relation, relate
from tests.growth import grows_linearly

TO_STUDENT, TO_STAFF = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
STUDENTS = "students.riverbend.example"


def somebody(id_: str, name: str, *roles: Role, buildings: tuple[str, ...] = ("hs",), children: str = "") -> Person:
    return Person(id_, name, frozenset(roles), buildings, frozenset(children.split()), f"{id_}@riverbend.example")


DANA = somebody("t1", "Dana Whitfield", Role.STAFF)
MARCUS = somebody("t2", "Marcus Oyelaran", Role.STAFF, Role.GUARDIAN, children="s3 s4")
RUTH = somebody("p1", "Ruth Castellano", Role.STAFF)
AVERY = somebody("s1", "Avery Lindqvist", Role.STUDENT)
JORDAN = somebody("s2", "Jordan Pacheco", Role.STUDENT, buildings=("ms",))
TOBI = somebody("s3", "Tobi Oyelaran", Role.STUDENT)
TUNDE = somebody("s4", "Tunde Oyelaran", Role.STUDENT)
CASEY = somebody("b1", "Casey Both", Role.STAFF, Role.STUDENT)
INGRID = somebody("g1", "Ingrid Lindqvist", Role.GUARDIAN, children="s1")
EVERYBODY = (DANA, MARCUS, RUTH, AVERY, JORDAN, TOBI, TUNDE, CASEY, INGRID)


@dataclass
class Handwritten:
    """A directory of dictionaries."""

    accounts: dict[str, Person]
    groups: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    names: dict[str, tuple[Person, ...]] = field(default_factory=dict)
    locals: dict[str, tuple[Person, ...]] = field(default_factory=dict)

    def person(self, address: str) -> Person | None:
        address = canonical_address(address)
        if address.endswith(f"@{STUDENTS}") and address not in self.accounts and address not in self.groups:
            return Person(address, "", frozenset({Role.STUDENT}), address=address)
        return self.accounts.get(address)

    def members(self, address: str) -> tuple[Person, ...] | None:
        return self.groups.get(canonical_address(address))

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        return self.names.get(display_name.lower(), ())

    def by_id(self, id_: str) -> Person | None:
        return next((person for person in self.accounts.values() if person.id == id_), None)

    def local_part_namesakes(self, local_part: str) -> Namesakes:
        return Namesakes(self.locals.get(local_part.lower(), ()))

    def unknown_student(self, address: str) -> Person | None:
        return None

    def is_refused(self, address: str, person_id: str) -> bool:
        return False

    def is_organization(self, address: str) -> bool:
        return False

    @property
    def reads_guardians(self) -> bool:
        return False

    def is_internal(self, address: str) -> bool:
        return canonical_address(address).endswith(("@riverbend.example", f"@{STUDENTS}", "+15155550199"))


DIRECTORY = Handwritten(
    accounts={
        **{person.address: person for person in EVERYBODY},
        "dana@home.example": DANA,
        "avery@home.example": AVERY,
        "ingrid@home.example": INGRID,
        "+15155550110": DANA,
        "+15155550199": DANA,
        "+15155550120": AVERY,
    },
    groups={
        "period2@riverbend.example": (DANA, AVERY, JORDAN),
        "oyelarans@riverbend.example": (TOBI, TUNDE),
        "mixed@riverbend.example": (MARCUS, TOBI, AVERY),
        "office@riverbend.example": (RUTH, MARCUS),
        "nobody@riverbend.example": (),
        f"list@{STUDENTS}": (AVERY,),
    },
    names={person.name.lower(): (person,) for person in EVERYBODY} | {"ms. whitfield": (DANA,)},
)


def at(person: Person) -> str:
    return person.address


def related(sender: str, *recipients: str, claimed: tuple[Mailbox, ...] = (), subject: str = "") -> tuple[Pair, ...]:
    return relate(sender, claimed, recipients, DIRECTORY, subject, {"social.example"}).pairs


def test_staff_to_student_and_back() -> None:
    assert related(at(DANA), at(AVERY)) == (Pair(at(AVERY), "t1", "s1", TO_STUDENT),)
    assert related(at(AVERY), at(DANA)) == (Pair(at(DANA), "t1", "s1", TO_STAFF),)


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [
        (at(DANA), at(RUTH)),
        (at(AVERY), at(JORDAN)),
        (at(DANA), at(DANA)),
        (at(DANA), "vendor@paper.example"),
        ("vendor@paper.example", at(AVERY)),
        (at(INGRID), at(AVERY)),
        (at(DANA), at(INGRID)),
        (at(CASEY), at(CASEY)),
        ("", at(AVERY)),
        (at(DANA), ""),
        (at(DANA), "nobody@riverbend.example"),
    ],
)
def test_no_pair(sender: str, recipient: str) -> None:
    assert related(sender, recipient) == ()
    assert not forms_pair(find_people(sender, DIRECTORY), recipient, DIRECTORY)


def test_recipients_keep_their_address_as_written() -> None:
    found = related(at(DANA), "S1+x@Riverbend.EXAMPLE", at(RUTH), at(JORDAN), "S1+x@Riverbend.EXAMPLE")
    assert [pair.recipient for pair in found] == ["S1+x@Riverbend.EXAMPLE", at(JORDAN)]


@pytest.mark.parametrize(
    "sender",
    [
        "SRS0=HHH=TT=riverbend.example=t1@forwarder.example",
        f"SRS1=GGG=forwarder.example==HHH=TT=riverbend.example=t1@{STUDENTS}",
        "prvs=0123abcdef=t1@riverbend.example",
        "t1+news@riverbend.example",
        "t1-vendor=paper.example@riverbend.example",
        "T1@RIVERBEND.example",
    ],
)
def test_rewritten_sender_is_identified(sender: str) -> None:
    assert {(pair.staff, pair.student) for pair in related(sender, at(AVERY))} == {("t1", "s1")}
    assert related(sender, at(RUTH)) == ()


def test_rewritten_recipient_is_identified() -> None:
    wrapped = "SRS0=HHH=TT=riverbend.example=s1@riverbend.example"
    assert related(at(DANA), wrapped) == (Pair(wrapped, "t1", "s1", TO_STUDENT),)


def test_unknown_address_of_the_student_domain_is_a_student() -> None:
    new = f"new.kid@{STUDENTS}"
    assert related(at(DANA), new) == (Pair(new, "t1", new, TO_STUDENT),)
    assert related(new, at(DANA)) == (Pair(at(DANA), "t1", new, TO_STAFF),)


def test_guessed_verp_address_is_never_an_unknown_student() -> None:
    assert related(f"news-return-5-new.kid={STUDENTS}@vendor.example", at(DANA)) == ()
    known = related("news-return-5-s1=riverbend.example@vendor.example", at(DANA))
    assert [(pair.student, pair.direction) for pair in known] == [("s1", TO_STAFF)]


def test_group_forms_pairs_with_every_member() -> None:
    group = "period2@riverbend.example"
    assert related(at(RUTH), group) == (
        Pair(group, "p1", "s1", TO_STUDENT),
        Pair(group, "p1", "s2", TO_STUDENT),
    )
    assert related(at(AVERY), group) == (Pair(group, "t1", "s1", TO_STAFF),)
    assert {pair.student for pair in related(at(DANA), group)} == {"s1", "s2"}
    assert {pair.student for pair in related(at(DANA), f"list@{STUDENTS}")} == {"s1"}
    routed = "period2%riverbend.example@riverbend.example"
    assert related(at(AVERY), routed) == (Pair(routed, "t1", "s1", TO_STAFF),)
    assert forms_pair((RUTH,), group, DIRECTORY)
    assert not forms_pair((RUTH,), "office@riverbend.example", DIRECTORY)


def test_own_child_only_if_every_student_behind_the_recipient_is() -> None:
    assert [pair.own_child for pair in related(at(MARCUS), at(TOBI), at(AVERY))] == [True, False]
    assert [pair.own_child for pair in related(at(MARCUS), "oyelarans@riverbend.example")] == [True, True]
    assert [pair.own_child for pair in related(at(MARCUS), "mixed@riverbend.example")] == [False, False]
    assert [pair.own_child for pair in related(at(TOBI), at(MARCUS), at(DANA))] == [True, False]
    office = related(at(TOBI), "office@riverbend.example")
    assert [(pair.staff, pair.own_child) for pair in office] == [("p1", False), ("t2", False)]


def test_claimed_identity_widens_scope_without_exception() -> None:
    claim = (Mailbox(at(MARCUS), "Marcus"),)
    found = related("vendor@paper.example", at(TOBI), at(AVERY), claimed=claim)
    assert [(pair.student, pair.own_child) for pair in found] == [("s3", False), ("s1", False)]
    both = related(at(MARCUS), at(TOBI), claimed=claim)
    assert both == (Pair(at(TOBI), "t2", "s3", TO_STUDENT, own_child=True),)
    null = related("", at(AVERY), claimed=(Mailbox(at(DANA)),))
    assert [pair.staff for pair in null] == ["t1"]


@pytest.mark.parametrize(
    "sender", [at(MARCUS), f"SRS0=ab=cd=riverbend.example={at(MARCUS).partition('@')[0]}@out.example"]
)
def test_district_sender_from_outside_is_only_claimed(sender: str) -> None:
    pairs = relate(sender, (), [at(TOBI)], DIRECTORY, verified=False).pairs
    assert [(pair.student, pair.own_child, pair.claimed) for pair in pairs] == [("s3", False, True)]
    assert [pair.claimed for pair in relate(sender, (), [at(TOBI)], DIRECTORY).pairs] == [False]


def test_known_personal_account_needs_no_trusted_client() -> None:
    pairs = relate("dana@home.example", (), [at(AVERY)], DIRECTORY, verified=False).pairs
    assert [(pair.outside, pair.claimed) for pair in pairs] == [(True, False)]


def test_claimed_people_are_limited_per_role() -> None:
    crowd = {f"x{number}@{STUDENTS}": somebody(f"x{number}", "", Role.STUDENT) for number in range(500)}
    crowd |= {f"y{number}@riverbend.example": somebody(f"y{number}", "", Role.STAFF) for number in range(500)}
    directory = Handwritten(DIRECTORY.accounts | crowd, DIRECTORY.groups)
    students = tuple(Mailbox(each) for each in crowd if STUDENTS in each)
    everybody = tuple(map(Mailbox, crowd))
    for claimed in ((*students, Mailbox(at(DANA))), everybody):
        found = relate("", claimed, [at(AVERY)], directory).pairs
        assert 1 <= len(found) <= MAX_CLAIMED
        assert {pair.direction for pair in found} == {TO_STUDENT}
    both = relate(at(MARCUS), everybody, [at(TOBI), at(RUTH)], directory).pairs
    assert len(both) == 2 * MAX_CLAIMED + 1
    assert both[0] == Pair(at(TOBI), "t2", "s3", TO_STUDENT, own_child=True)


def test_two_identities_form_two_pairs() -> None:
    found = related(at(MARCUS), at(TOBI), claimed=(Mailbox(at(DANA)),))
    assert [(pair.staff, pair.own_child) for pair in found] == [("t2", True), ("t1", False)]


def test_a_person_of_both_roles_has_pairs_in_both_directions() -> None:
    assert {(p.staff, p.student, p.direction) for p in related(at(CASEY), at(DANA), at(AVERY))} == {
        ("t1", "b1", TO_STAFF),
        ("b1", "s1", TO_STUDENT),
    }
    other = replace(CASEY, id="b2")
    directory = replace(DIRECTORY, accounts=DIRECTORY.accounts | {"b2@riverbend.example": other})
    pairs = envelope_relation(at(CASEY), ["b2@riverbend.example"], directory).pairs
    assert {(p.staff, p.student, p.direction) for p in pairs} == {("b1", "b2", TO_STUDENT), ("b2", "b1", TO_STAFF)}


@pytest.mark.parametrize(
    ("sender", "recipient", "outside"),
    [
        (at(DANA), at(AVERY), False),
        ("dana@home.example", at(AVERY), True),
        (at(DANA), "avery@home.example", True),
        (at(AVERY), "dana@home.example", True),
        ("SRS0=HHH=TT=home.example=dana@riverbend.example", at(AVERY), True),
        ("+15155550199", "+15155550120", False),
        ("+15155550120", "+15155550199", False),
        ("+15155550120", "+15155550110", True),
    ],
)
def test_a_personal_account_is_outside(sender: str, recipient: str, outside: bool) -> None:
    assert [pair.outside for pair in related(sender, recipient)] == [outside]


def test_a_personal_account_claimed_beside_the_district_one_is_outside() -> None:
    assert [p.outside for p in related(at(DANA), at(AVERY), claimed=(Mailbox("dana@home.example"),))] == [True]


def test_namesake_outside_is_a_personal_account() -> None:
    claim = (Mailbox("dw1984@freemail.example", "Dana Whitfield"),)
    assert related("dw1984@freemail.example", at(AVERY), at(RUTH), claimed=claim) == (
        Pair(at(AVERY), "t1", "s1", TO_STUDENT, outside=True, claimed=True, basis=AccountBasis.NAME, confidence=0.9),
    )
    student = (Mailbox("av@freemail.example", "Avery Lindqvist"),)
    assert [p.direction for p in related("av@freemail.example", at(DANA), at(JORDAN), claimed=student)] == [TO_STAFF]
    parent = (Mailbox("x@freemail.example", "Marcus Oyelaran"),)
    assert [p.own_child for p in related("x@freemail.example", at(TOBI), claimed=parent)] == [False]


@pytest.mark.parametrize(
    "box",
    [
        Mailbox("noreply@riverbend.example", "Dana Whitfield"),  # inside: the district's own system
        Mailbox("ingrid@home.example", "Dana Whitfield"),  # known: a guardian
        Mailbox("period2@riverbend.example", "Dana Whitfield"),
        Mailbox("someone@freemail.example", "Ingrid Lindqvist"),  # neither staff nor student
        Mailbox("someone@freemail.example", ""),
        Mailbox("someone@freemail.example", "Dana Whitfield and Sons"),
    ],
)
def test_no_namesake(box: Mailbox) -> None:
    assert related("someone@freemail.example", at(AVERY), claimed=(box,)) == ()


def test_a_name_of_several_people_is_that_of_the_recipients_buildings() -> None:
    many = tuple(replace(DANA, id=f"n{n}", buildings=("ms" if n in (1, 2) else "far",)) for n in range(MAX_NAMESAKES))
    directory = replace(DIRECTORY, names={"dana whitfield": many})
    claim = (Mailbox("dw@freemail.example", "Dana Whitfield"),)
    near = relate("dw@freemail.example", claim, [at(JORDAN)], directory).pairs
    assert [(pair.staff, pair.confidence) for pair in near] == [("n1", 0.63), ("n2", 0.63)]
    assert not relate("dw@freemail.example", claim, [at(AVERY)], directory)
    students = tuple(replace(AVERY, id=f"k{n}") for n in range(9))
    directory = replace(DIRECTORY, names={"dana whitfield": (*students, replace(DANA, buildings=("far",)))})
    assert [p.staff for p in relate("x@y.example", claim, [at(AVERY)], directory).pairs] == ["t1"]


def test_a_name_of_more_than_five_people_is_nobodys() -> None:
    many = tuple(replace(DANA, id=f"n{n}") for n in range(MAX_NAMESAKES + 1))
    claim = (Mailbox("dw@freemail.example", "Dana Whitfield"),)
    assert not relate("dw@freemail.example", claim, [at(AVERY)], replace(DIRECTORY, names={"dana whitfield": many}))


@pytest.mark.parametrize(
    ("address", "name", "subject", "found"),
    [
        ("notify@social.example", "Dana Whitfield", "", True),
        ("notify@mail.social.example", "Dana Whitfield via Social", "New follower", True),
        ("notify@social.example", "Social", "Dana Whitfield wants to be your friend", True),
        ("notify@social.example", "Social", "You have a message from Ms. Whitfield!", True),
        ("notify@social.example", "Social", "See what’s new: “Dana Whitfield’s” photos", True),
        ("notify@social.example", "Social", "Somebody wants to be your friend", False),
        ("notify@antisocial.example", "Other", "Dana Whitfield posted a photo", False),
        ("notify@social.example.org", "Other", "Dana Whitfield posted a photo", False),
    ],
)
def test_notifications_of_social_networks(address: str, name: str, subject: str, found: bool) -> None:
    pairs = related("bounce@mailer.example", at(AVERY), claimed=(Mailbox(address, name),), subject=subject)
    assert [(p.staff, p.student, p.direction) for p in pairs] == [("t1", "s1", TO_STUDENT)] * found
    assert all(p.outside and not p.own_child for p in pairs)


def test_notification_is_recognized_by_its_envelope() -> None:
    assert [p.staff for p in related("b@social.example", at(AVERY), subject="Dana Whitfield is live")] == ["t1"]


def test_long_subject_is_cut() -> None:
    def relate_to(subject: str) -> object:
        return related("b@social.example", at(AVERY), subject=subject)

    assert grows_linearly(relate_to, lambda count: "word " * count, 10_000, 100_000)


_addresses = st.one_of(
    st.sampled_from([*DIRECTORY.accounts, *DIRECTORY.groups, f"kid@{STUDENTS}", "", "vendor@paper.example"]), st.text()
)
_boxes = st.builds(Mailbox, _addresses, st.sampled_from(["", "Dana Whitfield", "Avery Lindqvist"]) | st.text())


@given(_addresses, st.lists(_boxes, max_size=3), st.lists(_addresses, max_size=4), st.text(max_size=60))
def test_pairs_join_staff_and_students_and_claims_never_narrow(
    sender: str, claimed: list[Mailbox], recipients: list[str], subject: str
) -> None:
    full = relate(sender, claimed, recipients, DIRECTORY, subject, {"social.example"})
    assert all(pair.recipient in recipients and pair.staff != pair.student for pair in full.pairs)
    keys = {(pair.recipient, pair.staff, pair.student, pair.direction) for pair in full.pairs}
    assert len(keys) == len(full.pairs)
    envelope = envelope_relation(sender, recipients, DIRECTORY)
    assert {(pair.recipient, pair.staff, pair.student, pair.direction) for pair in envelope.pairs} <= keys
    senders = find_people(sender, DIRECTORY)
    assert bool(envelope) == any(forms_pair(senders, each, DIRECTORY) for each in recipients)
    assert isinstance(full, Relation)
