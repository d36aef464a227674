"""A first look reads a bounded part of a content, and needs no more than this part."""

from __future__ import annotations

import random
from base64 import b64encode
from codecs import encode

import pytest

from classifiers.extract.first_text import (
    MAX_BYTES,
    MAX_CODED,
    MAX_FILE_BYTES,
    bytes_of_look,
    first_passages,
    first_passages_of_files,
    with_codes_read,
)
from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.pipeline.job import Job, job_to_look_at
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.messages.media import MediaFile
from tests.growth import grows_linearly
from tests.operations.hostile_mails import hostile_mails

CALL = "My stepdad hit me again last night and I am scared to go home."


def long_mail(padding: int, *, call_first: bool) -> bytes:
    lines = "\r\n".join("The bus leaves at nine." for _ in range(padding // 25))
    body = f"{CALL}\r\n{lines}" if call_first else f"{lines}\r\n{CALL}"
    return f"Subject: the trip\r\nContent-Type: text/plain\r\n\r\n{body}\r\n".encode()


@pytest.mark.parametrize("channel", [MAIL, SMS])
@pytest.mark.parametrize("size", [0, 1, MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1, 2 * MAX_BYTES, 5 * MAX_BYTES])
def test_the_part_is_bounded_and_is_its_own_part(channel: str, size: int) -> None:
    content = random.Random(size).randbytes(size)
    part = bytes_of_look(content, channel)
    assert len(part) == min(size, MAX_BYTES)
    assert bytes_of_look(part, channel) == part


@pytest.mark.parametrize("content", [
    *hostile_mails("a@d.example", "b@d.example", 28, 3), long_mail(4 * MAX_BYTES, call_first=True),
    long_mail(4 * MAX_BYTES, call_first=False),
])  # fmt: skip
def test_the_part_says_what_the_content_says(content: bytes) -> None:
    assert first_passages(bytes_of_look(content, MAIL), MAIL) == first_passages(content, MAIL)


@pytest.mark.parametrize("call_first", [True, False])
def test_a_call_at_either_end_is_seen(*, call_first: bool) -> None:
    content = long_mail(4 * MAX_BYTES, call_first=call_first)
    assert any(CALL in passage.text for passage in first_passages(content, MAIL))


CODES = {
    "base64": lambda text: b64encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(" "),
    "rot13": lambda text: encode(text, "rot13"),
    "backwards": lambda text: text[::-1],
    "doubled": lambda text: "".join(2 * letter for letter in text),
    "spelled by radio words": lambda text: " ".join(RADIO[ord(sign) % 32 - 1] for sign in text.lower() if sign > "@"),
}
RADIO = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("head", ["", "Subject: x\r\nContent-Type: text/plain\r\n\r\n"])
def test_a_call_in_a_code_is_seen(code: str, head: str) -> None:
    shown = first_passages((head + CODES[code](CALL)).encode(), MAIL if head else SMS)
    words = "".join(filter(str.isalpha, CALL.lower()))
    assert any(words in "".join(filter(str.isalpha, said.text.lower())) for said in with_codes_read(shown))


def test_ordinary_text_says_nothing_in_codes() -> None:
    text = b"Practice moved to four in the gym. Bring your notes, a pencil and the form that your parents signed.\n"
    shown = first_passages(b"Subject: Practice\r\n\r\n" + text, MAIL)
    assert with_codes_read(shown) == shown


def test_codes_are_looked_for_in_a_bounded_part() -> None:
    hidden = CODES["rot13"](CALL)
    shown = [Passage("", 0, "\n" * size + hidden, PassageKind.NEW) for size in (0, MAX_CODED)]
    assert [len(with_codes_read([passage])) for passage in shown] == [2, 1]


@pytest.mark.parametrize(
    "piece", [b"<p", b"=41", b"QUJDREVGR0hJSktMTU5PUFFS\r\n", b"&#60;", b"help ", b"<style>", b"\r\n "]
)
def test_time_grows_with_the_part(piece: bytes) -> None:
    grows = grows_linearly(
        lambda content: first_passages(content, MAIL),
        lambda size: b"Subject: x\r\n\r\n" + piece * (size // len(piece)),
        MAX_BYTES // 8,
        MAX_BYTES,
    )
    assert grows


@pytest.mark.parametrize(
    ("file", "is_read"),
    [
        (CALL.encode(), True), (f"BEGIN:VCARD\r\nNOTE:{CALL}\r\nEND:VCARD".encode(), True),
        (f"<p>{CALL.replace('stepdad', '<b>stepdad</b>')}</p>".encode(), True),
        (f"NOTE;ENCODING=QUOTED-PRINTABLE:{CALL.replace('again', '=61=67=61=69=6E')}".encode(), True),
        (bytes(range(256)) * 8 + CALL.encode(), False), (CALL.encode().ljust(MAX_FILE_BYTES + 1), False), (b"", False),
    ],
)  # fmt: skip
def test_small_files_of_words_beside_a_text_are_seen(file: bytes, *, is_read: bool) -> None:
    shown = first_passages_of_files([file])
    assert any(CALL in passage.text for passage in shown) is is_read
    media = (MediaFile(1, "text/plain", len(file), "", "", file),)
    assert job_to_look_at(Job("1", "", SMS, "", b"ok", media=media)).media == (media if is_read else ())


def test_a_text_with_tags_is_seen_without_them() -> None:
    shown = first_passages("<i></i>".join(CALL).encode(), SMS)
    assert any(CALL in passage.text for passage in shown)
