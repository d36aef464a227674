"""Words that header fields show: names that say something, and comments."""

from __future__ import annotations

import pytest

from gateway.core.mime.account import read_mail
from gateway.core.mime.header_words import MAX_SECTION, header_words
from gateway.core.mime.headers import HeaderSection


def words(fields: str) -> str:
    return header_words(HeaderSection(fields.replace("\n", "\r\n").encode()))


@pytest.mark.parametrize(
    "field",
    [
        "From: Meet me alone tonight <a@b.example>", "To: =?utf-8?q?Meet_me_alone_tonight?= <a@b.example>",
        'Cc: "Meet me alone tonight" <a@b.example>, x@y.example', "Reply-To: a@b.example (Meet me alone tonight)",
        "Sender: Meet me alone tonight", "Comments: Meet me alone tonight", "Keywords: Meet me alone tonight",
        "List-Id: Meet me alone tonight <a.b.example>", "Thread-Topic: Meet me alone tonight",
        "Organization: Meet me alone tonight", "Content-Description: Meet me alone tonight",
        "List-Help: <mailto:a@b.example> Meet me alone tonight",
    ],
)  # fmt: skip
def test_sentences_are_read(field):
    assert "Meet me alone tonight" in words(f"Subject: x\n{field}\n")


@pytest.mark.parametrize(
    "field",
    [
        "From: Dana Okafor <dana.okafor@riverbend.example>", "From: J. R. Smith-Jones, PhD <jrsj@riverbend.example>",
        "To: Riverbend High School Office <office@riverbend.example>", "List-Id: Chess club <chess.riverbend.example>",
        "Date: Mon, 30 Nov 2026 07:00:00 -0600 (CST)", "List-Unsubscribe: <https://a.example/u?x=1>",
        "Organization: Riverbend Community School District", "X-Mailer: Meet me alone tonight",
        'From: "dana.okafor@riverbend.example" <dana.okafor@riverbend.example>', "Comments: x@y.example",
    ],
)  # fmt: skip
def test_names_of_people_and_offices_are_left_out(field):
    assert words(f"Subject: x\n{field}\n") == ""


@pytest.mark.parametrize("name", ["m e e t m e", "M33t Avery", "MeetAveryNow", "Mе\u0435t Avery", "Av\u200bery Meet"])
def test_disguised_names_are_read(name):
    assert words(f"From: {name} <a@b.example>\n") == name


def test_subject_is_not_repeated():
    assert words("Subject: Re: meet me alone\nThread-Topic: Meet me alone\n") == ""


def test_subject_of_an_attached_message_is_read():
    mail = b"Content-Type: message/rfc822\r\n\r\nSubject: Meet me alone\r\nFrom: x@y.example\r\n\r\nhi\r\n"
    assert read_mail(mail).header_text == "Meet me alone"
    described = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Description: Meet me alone\r\n\r\nhi\r\n--b--"
    )
    assert read_mail(described).header_text == "Meet me alone"


@pytest.mark.parametrize("field", ["From", "To", "Comments", "List-Id"])
def test_words_are_read_wherever_they_stand_in_a_long_header(field):
    assert "alone tonight" in words(f"{field}: {'Ann Lee <a@b.example>, ' * 900} Meet me alone tonight\n")
    assert "alone tonight" in words(
        "".join(f"{field}: x{n}@b.example\n" for n in range(900)) + f"{field}: Meet me alone tonight\n"
    )


def test_a_header_beyond_the_limit_is_said_to_be_unread():
    def failures(size: int) -> list[str]:
        reading = read_mail(b"To: " + b"a@b.example, " * (size // 13) + b"\r\nSubject: x\r\n\r\nhi")
        return [failure.name for failure in reading.failures]

    assert failures(MAX_SECTION - 200) == []
    assert failures(MAX_SECTION + 200) == ["header fields"]


def test_tags_in_a_name_do_not_divide_it():
    assert words('To: "Meet <b>me</b> alone <i>tonight</i>" <a@b.example>\n').split() == "Meet me alone tonight".split()


@pytest.mark.parametrize("field", ["From", "To", "Comments", "List-Id"])
def test_a_carriage_return_alone_is_also_read_as_a_blank(field):
    assert "Meet-me-tonight: alone" in words(f"{field}: a@b.example\rMeet-me-tonight: alone\n").splitlines()
