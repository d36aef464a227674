"""A generated district with real kinds of names, and the ways in which people write them in private addresses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.core.mime.headers import Mailbox
from gateway.core.relation.mail_claims import MailClaims
from gateway.directory.roster import Roster
from tests.directory.sample_district import STAFF, STUDENTS, District, load_district, user

GIVEN = (
    "Dana Marcus Ruth Ingrid Peter Maya Jonas Harper Caleb Theo Yusuf Wade Lena Nora Oscar Priya Quentin Rosa "
    "Silas Tess Umar Vera Willa Xavier Yolanda Zane Aaron Beatriz Camila Diego Elena Felix Gloria Hector Irene "
    "Jorge Karla Luis Marta Nico Olga Pablo Renata Sergio Teresa Ursula Victor Wanda Ximena Yara Amir Bao Chidi "
    "Dinh Esther Fatima Goran"
).split()
FAMILY = (
    "Whitfield Castellano Lindgren Okafor Haddad Brannigan Ostrander Brekke Stoltz Pacheco Petrakis Novak Chen "
    "Abernathy Blackwood Cartwright Delacroix Eastman Fairbanks Galloway Hathaway Ivanov Jankowski Kowalczyk "
    "Lafayette McAllister Nakamura Oyelaran Pemberton Quigley Rosenthal Sandoval Thibodeaux Underhill Villanueva "
    "Wadsworth Yamamoto Zielinski García Núñez Peña Muñoz Ibáñez O'Connor O'Brien Nguyen Tran Kaur Svensson "
    "Müller Rodríguez-Vega Smith-Jones Warner"
).split()
STRANGER_GIVEN = (
    "Adele Bruno Cyrus Daphne Edgar Flora Gideon Hilda Ivan Judith Kenneth Lorna Mitchell Nadine Orville Phoebe "
    "Ramona Stanley Trudy Vernon Wilma Abigail Boris Carmen Dexter"
).split()
STRANGER_FAMILY = (
    "Ackerman Birdsong Crabtree Dunbar Eldridge Finkelstein Goodwin Hargrove Isaacson Jefferies Kirkpatrick "
    "Lundquist Montague Nightingale Overstreet Pettibone Ravenscroft Stonebridge Tattersall Vandenberg "
    "Winterbottom Yarborough"
).split()


@dataclass(frozen=True)
class Someone:
    """A person of the roster, as the tests need it."""

    id: str
    given: str
    middle: str
    family: str
    address: str
    school: str


def generated_district(folder: Path, seed: int, staff: int = 40, students: int = 120) -> tuple[Roster, list[Someone]]:
    """A roster in which every whole name is unique, in two schools, and its people: staff first."""
    chance = random.Random(seed)
    names = [(given, family) for given in GIVEN for family in FAMILY]
    chance.shuffle(names)
    district, people = District(users=[]), []
    for number, (given, family) in enumerate(names[: staff + students]):
        is_staff = number < staff
        id_ = f"{'t' if is_staff else 's'}{number}"
        school = "hs" if number % 2 else "ms"
        middle = chance.choice(("", "", "Lee", "Marie", "J"))
        address = f"{id_}@{STAFF if is_staff else STUDENTS}"
        role = "teacher" if is_staff else "student"
        district.users.append(user(id_, role, given, family, address, middleName=middle, orgSourcedIds=school))
        people.append(Someone(id_, given, middle, family, address, school))
    return load_district(district.written(folder)).roster, people


def plain(text: str) -> str:
    """A name as people type it in an address."""
    table = str.maketrans("áéíóúñüö", "aeiounuo", "'-")
    return text.lower().translate(table)


def display_names(person: Someone) -> Iterator[str]:
    """Ways to write a name beside an address."""
    given, family = person.given, person.family
    yield from (f"{given} {family}", f"{family}, {given}", f"{given.upper()} {family.upper()}", f"{given} Q. {family}")
    yield from (f"Coach {given} {family}", f"{given} {family} (personal)", f"{given} {family} | home")


def local_parts(person: Someone) -> Iterator[str]:
    """Ways to write a whole name in the local part of an address."""
    given, family = plain(person.given), plain(person.family)
    pairs = [(given, family), (family, given)]
    for one, other in pairs:
        for joint in (".", "_", "-", ""):
            yield f"{one}{joint}{other}"
    for joint in (".", "_", "-"):
        yield f"{given}{joint}q{joint}{family}"
        yield f"{given}{joint}{family}{joint}home"
        yield f"coach{joint}{given}{joint}{family}"
        yield f"{given}{joint}{family}82"
        yield f"{given}{joint}{family}{joint}1984"
        yield f"the.real{joint}{given}{joint}{family}"
    for glued in ("{0}{1}82", "{0}{1}2027", "mr{0}{1}", "{0}{1}teacher", "coach{0}{1}", "{0}{1}home", "{0}.{1}+news"):
        yield glued.format(given, family)


def partial_local_parts(person: Someone) -> Iterator[str]:
    """Ways to write a title or an initial with a family name."""
    given, family = plain(person.given), plain(person.family)
    yield from (f"mr.{family}", f"mrs_{family}", f"coach{family}", f"ms{family}82", f"teacher-{family}")
    yield from (f"{given[0]}{family}", f"{given[0]}.{family}", f"{family}{given[0]}1", f"{given[0]}{family}.home")
    yield from (f"{family}.math", f"{family}_biology7", f"algebra.{family}")


def initial_names(person: Someone) -> Iterator[str]:
    """Ways to write an initial with a family name beside an address."""
    given, family = person.given, person.family
    yield from (
        f"{given[0]}. {family}",
        f"{given[0]} {family}",
        f"{family}, {given[0]}.",
        f"Coach {given[0]}. {family}",
    )


def claims_of(
    author: Mailbox | None = None, reply_to: Mailbox | None = None, to: Mailbox | None = None
) -> MailClaims:  # fmt: skip
    """What a header with these mailboxes claims."""
    return MailClaims((author,) if author else (), (reply_to,) if reply_to else (), (to,) if to else ())
