"""A sample of the comparison with mail parsers by others; `make differential` runs a large one."""

from __future__ import annotations

import pytest

from tests.differential.mails import compare, mails_of_the_standard_library
from tests.differential.parsers import PARSERS

WRITTEN = b"""Subject: Field trip
From: Dana Okafor <dana.okafor@riverbend.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Permission slips for the field trip are due on Thursday, se=C3=B1ores.
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+UGVybWlzc2lvbiBzbGlwcyBmb3IgdGhlIGZpZWxkIHRyaXAgYXJlIGR1ZSBvbiBUaHVyc2RheS48L3A+
--inner--
--outer
Content-Type: text/plain; name=packing.txt
Content-Disposition: attachment; filename=packing.txt

Bring sunscreen, sandwiches and waterproof clothing.
--outer--
""".replace(b"\n", b"\r\n")


@pytest.mark.peer("mail_parsers")
@pytest.mark.parametrize("parser", [parser.name for parser in PARSERS if parser.command[0] != "java"])
def test_what_a_parser_shows_is_read_or_called_not_read(parser: str) -> None:
    mails = [("written", WRITTEN), *mails_of_the_standard_library()[:10]]
    mutations = {"written": 60}
    found = [
        (name, difference.words)
        for mail in mails
        for name, _, difference in compare([mail], mutations.get(mail[0], 3), 7, [parser])
        if not all(_is_encoded(word) for word in difference.words)
    ]
    assert found == []


def _is_encoded(word: str) -> bool:
    """Whether a word is base64 that a parser shows without decoding it: hardly any vowels where words have them."""
    return sum(letter in "aeiou" for letter in word) * 4 < len(word)


def test_quoted_signs_in_small_letters_are_no_difference() -> None:
    """For `email`, the header ends at the blank before the colon, and the subject is shown as it is encoded."""
    encoded = "".join(f"={sign:02x}" for sign in b"lakesidesecretly meetwhisper")
    mail = f"subject : =?utf-8?q?{encoded}?=\r\nTo: b@x.example\r\n\r\nHello.\r\n".encode()
    assert list(compare([("written", mail)], 0, 7, ["email"])) == []
