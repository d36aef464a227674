"""The relation of text messages whose addresses are written in generated ways."""

import random

import pytest

from gateway.core.channels.smpp_encoding import normalize_address
from gateway.core.channels.smpp_pdu import SmppAddress
from gateway.core.channels.text_routing import normalize_number
from gateway.core.messages.dialed_numbers import possible_numbers
from gateway.core.messages.parties import AccountBasis, Direction, Pair
from gateway.core.relation.text_relation import (
    TextAddress,
    relate_mailed,
    relate_text,
    text_address,
    text_addresses,
)
from tests.core.relation.test_relate import AVERY, DANA, JORDAN, MARCUS, TOBI, Handwritten

LINE, STUDENT, SECOND, OWN_CHILD, PARENT = (
    "+15155550199", "+15155550120", "+15155550121", "+15155550122", "+15155550123",
)  # fmt: skip
DIRECTORY = Handwritten({LINE: DANA, STUDENT: AVERY, SECOND: JORDAN, OWN_CHILD: TOBI, PARENT: MARCUS})
_PREFIXES = (
    "", "+", "1", "+1", "tel:", "tel:+1", "sms:", "00", "001", "011", "0111", "+001", "whatsapp:+1", "~", "9,1", "%2B1",
    "(", "to: ", "//", "0", "*67", "\u200e+1", "client:",
)  # fmt: skip
_SUFFIXES = (
    "", ";ext=12", "x123", " ext. 4", "#", ",,55#", "/TYPE=PLMN", "@sms.example", "p1", ";phone-context=+1", "\u200b",
    ";isub=7", "?body=hi", ")",
)  # fmt: skip
_BETWEEN = ("", "-", " ", ".", "\u200b", "\u00ad", "\u2060", "/", ") ", "\u00a0", "_", "\u202d")
_ZEROS = ("0", "\uff10", "\u0660", "\u06f0", "\u0966", "\U0001d7ce", "\U0001d7d8")


def writings(number: str, chance: random.Random, count: int) -> list[str]:
    """Ways to write a ten-digit number: prefix, suffix, punctuation, invisible characters, other digits, lists."""
    out = []
    for _ in range(count):
        between, zero = chance.choice(_BETWEEN), chance.choice(_ZEROS)
        digits = [chr(ord(zero) + int(digit)) for digit in number[-10:]]
        at = chance.choice((3, 6, 1, 2))
        written = "".join(digits[:at]) + between + "".join(digits[at:6]) + between + "".join(digits[6:])
        written = chance.choice(_PREFIXES) + written + chance.choice(_SUFFIXES)
        if chance.random() < 0.3:
            other = chance.choice(("+15155550777", "22000", "5155550778"))
            separator = chance.choice((",", ";", " ", "|", "\n", "&To=", " and "))
            written = separator.join(chance.sample((written, other), 2))
        out.append(written)
    return out


@pytest.mark.slow
def test_every_writing_counts_as_theirs() -> None:
    wrong = []
    for written in writings(STUDENT, random.Random(20), 3000):
        source = text_address(LINE, LINE, DIRECTORY)
        to = text_address(written, normalize_number(written), DIRECTORY, source.number)
        relation = relate_text(source, [to], DIRECTORY)
        if [(pair.student, pair.recipient) for pair in relation.pairs] != [("s1", STUDENT)]:
            wrong.append((written, relation))
        back = relate_text(to, [source], DIRECTORY)
        if [pair.direction for pair in back.pairs] != [Direction.STUDENT_TO_STAFF]:
            wrong.append((written, back))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("ton", range(7))
def test_every_writing_in_a_pdu_counts_as_theirs(ton: int) -> None:
    source = text_address(LINE, LINE, DIRECTORY)
    for written in writings(STUDENT, random.Random(ton), 300):
        address = SmppAddress(ton, 1, written.encode().decode("latin-1"))
        to = text_address(address.digits, normalize_address(address), DIRECTORY, source.number)
        assert relate_text(source, [to], DIRECTORY), (ton, written)


@pytest.mark.parametrize("written", ["5550120", "555-0120", "1 555 0120", "1-515-JJJ-0120", "%35155550120"])
def test_local_numbers_and_letters_count_as_theirs(written: str) -> None:
    assert text_address(written, written, DIRECTORY, LINE).number == STUDENT


@pytest.mark.parametrize(
    "written",
    ["0.2.1.0.5.5.5.5.1.5.1.e164.arpa", "0.2.1.0.5.5.5.5.1.5", "5151550521F0", "5151550521f0",
     "3135313535353530313230", "2B3135313535353530313230", "35313535353530313230"],
)  # fmt: skip
def test_digits_as_networks_store_them_count_as_theirs(written: str) -> None:
    assert text_address(written, written, DIRECTORY, LINE).number == STUDENT


def test_list_pairs_with_everybody_and_grants_no_exception() -> None:
    source = text_address(PARENT, PARENT, DIRECTORY)
    alone = relate_text(source, [text_address(OWN_CHILD, OWN_CHILD, DIRECTORY)], DIRECTORY)
    known = AccountBasis.KNOWN
    expected = Pair(OWN_CHILD, "t2", "s3", Direction.STAFF_TO_STUDENT, own_child=True, outside=True, basis=known)
    assert alone.pairs == (expected,)
    both = f"{OWN_CHILD},{SECOND}"
    listed = relate_text(source, [text_address(both, both, DIRECTORY)], DIRECTORY)
    assert [(pair.recipient, pair.student, pair.own_child) for pair in listed.pairs] == [
        (OWN_CHILD, "s3", False), (OWN_CHILD, "s2", False),
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["+15155550777", "22000", "Riverbend", "MG" + "5" * 32, "", "+442079460958"])
def test_other_addresses_mean_nobody(written: str) -> None:
    assert text_address(written, written, DIRECTORY, LINE).known == ()


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("+525512345678", "+5215512345678"), ("+541123456789", "+5491123456789"), ("+551187654321", "+5511987654321"),
    ],
)  # fmt: skip
def test_mobile_counts_with_or_without_the_digit_that_networks_leave_out(short: str, long: str) -> None:
    for listed, used in ((short, long), (long, short)):
        directory = Handwritten({**DIRECTORY.accounts, listed: AVERY})
        for prefix in ("+", "whatsapp:+", "00", "011", ""):
            written = prefix + used[1:]
            assert text_address(written, normalize_number(written), directory, LINE).known == (listed,), written


@pytest.mark.parametrize("written", ["+44 (0)7700 900123", "0044(0)7700900123", "+44\uff080\uff097700900123"])
def test_number_with_a_trunk_prefix_in_parentheses_counts_as_theirs(written: str) -> None:
    directory = Handwritten({**DIRECTORY.accounts, "+447700900123": AVERY})
    assert text_address(written, normalize_number(written), directory).known == ("+447700900123",)


def test_a_plain_number_has_one_reading_and_a_long_one_a_bounded_count() -> None:
    assert possible_numbers(STUDENT) == (STUDENT,)
    assert len(possible_numbers("5" * 100_000)) < 2000
    assert len(possible_numbers("5x" * 100_000)) < 4000


def read(written: str, near: str = "") -> TextAddress:
    return text_address(written, normalize_number(written), DIRECTORY, near)


@pytest.mark.parametrize(("sender", "to"), [("555-0199", STUDENT), (LINE, "5550120"), ("5550120", LINE)])
def test_local_number_on_either_side_has_the_area_code_of_the_other(sender: str, to: str) -> None:
    assert relate_text(*text_addresses(sender, [to], read), DIRECTORY)


@pytest.mark.parametrize("written", ["1515JJJ0120", "+1 5l5 5550I2O", "&#43;1515&#53;550120", "%252B15155550120"])
def test_letters_and_codes_for_digits_count_as_theirs(written: str) -> None:
    assert read(written, LINE).number == STUDENT


@pytest.mark.parametrize("name", ["Ms Whitfield", "MsWhitfield", "Ms_Whitfield"])
def test_sender_with_the_name_of_a_person_is_a_look_alike(name: str) -> None:
    directory = Handwritten(DIRECTORY.accounts, names={"ms whitfield": (DANA,)})
    sender, (to,) = text_addresses(name, [STUDENT], lambda text, near: text_address(text, text, directory))
    (pair,) = relate_text(sender, [to], directory).pairs
    assert (pair.staff, pair.student, pair.claimed, pair.basis) == ("t1", "s1", True, AccountBasis.NAME)
    assert not relate_text(read("Riverbend"), [to], directory)


def mailed(sender: str, to: str, text: str) -> tuple[Pair, ...]:
    directory = Handwritten({**DIRECTORY.accounts, "avery@home.example": AVERY})
    sides = text_addresses(sender, [to], lambda written, near: text_address(written, written, directory, near))
    return relate_mailed(*sides, text, directory).pairs


@pytest.mark.parametrize("start", ["avery@home.example ", "To: Avery@Home.example\n", "avery\u00a1home.example hi"])
def test_text_to_a_short_code_that_starts_with_a_mailbox_goes_to_its_owner(start: str) -> None:
    (pair,) = mailed(LINE, "6245", start)
    assert (pair.recipient, pair.student, pair.direction) == ("6245", "s1", Direction.STAFF_TO_STUDENT)
    assert mailed(LINE, "+15155550777", start) == (), "a phone is no gateway"
    assert mailed(LINE, "6245", f"ask {start}") == ()
    assert mailed("+15155550777", "6245", start) == ()


@pytest.mark.parametrize(
    "start",
    [
        "FRM:avery@home.example\nSUBJ:hi\nMSG:",
        "avery@home.example / hi / ",
        "<avery@home.example> (hi) ",
        "1 of 2\nFRM:avery@home.example\nMSG:",
        "(1/3) avery@home.example / hi / ",
        "1 de 2: De: avery@home.example ",
    ],
)
def test_text_that_was_made_of_mail_is_claimed_to_be_by_its_sender(start: str) -> None:
    (pair,) = mailed("6245", LINE, start)
    assert (pair.student, pair.direction, pair.claimed) == ("s1", Direction.STUDENT_TO_STAFF, True)
    assert mailed("6245", "+15155550777", start) == ()
    assert mailed("+15155550777", LINE, "avery@home.example is her address") == ()
    assert mailed(PARENT, LINE, start) == ()
