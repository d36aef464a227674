"""Gibberish: what nobody can read is decoded or reported, and words beside it stay."""

from __future__ import annotations

import base64
import binascii
import quopri
import random
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.gibberish import MIN_SIZE, without_gibberish
from tests.differential.evasions.ciphers import PUZZLES

MULTIPART = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b--\n"
SECRET = "Meet me alone tonight and do not tell anybody about it, please."


def uuencoded(data: bytes) -> str:
    return "".join(binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45))


@pytest.mark.parametrize(
    "encoded",
    [
        base64.encodebytes(SECRET.encode()).decode(),
        uuencoded(SECRET.encode()),
        quopri.encodestring(SECRET.encode("utf-16")).decode(),
    ],
)
def test_encoded_words_are_decoded_and_not_judged_as_they_are(encoded: str) -> None:
    found = without_gibberish(f"See below.\n{encoded}\nBest, Dana")
    assert found.is_complete
    assert SECRET in found.decoded[0]
    assert found.text.split() == "See below. Best, Dana".split()


@pytest.mark.parametrize(
    "code",
    [
        PUZZLES["morse in digits"](SECRET),
        " ".join(str(ord(letter)) for letter in SECRET),
    ],
    ids=["Morse code", "numbers"],
)
@pytest.mark.parametrize(
    "encode",
    [
        lambda data: base64.encodebytes(data).decode(),
        lambda data: "".join(f"={byte:02X}" for byte in data),
    ],
    ids=["base64", "quoted-printable"],
)
def test_codes_without_letters_are_passed_on(encode: Callable[[bytes], str], code: str) -> None:
    assert code[:120] in without_gibberish(f"See below.\n{encode(code.encode())}\nBest, Dana").decoded[0]


def test_encoded_bits_are_passed_on() -> None:
    bits = "".join(f"{ord(letter):08b}" for letter in SECRET)
    assert bits in without_gibberish("".join(f"={ord(bit):02X}" for bit in bits)).decoded[0]


def test_encoded_signs_among_control_characters_are_called_unread() -> None:
    encoded = "".join(f"={byte:02X}" for byte in random.Random(1).choices(range(1, 0x30), k=81))
    assert not without_gibberish(f"See below.\n{encoded}").is_complete


def test_encoded_bytes_that_are_no_writing_are_called_unread() -> None:
    encoded = "7".join(filter(str.isalpha, SECRET))  # base64 of printable signs of a Western charset
    assert not without_gibberish(encoded).is_complete


@pytest.mark.parametrize("step", [7, 11, 25])
def test_lines_of_accented_letters_are_called_unread(step: int) -> None:
    cipher = "".join(chr(0xC0 + ord(letter) * step % 63) if letter != " " else " " for letter in SECRET)
    found = without_gibberish(f"See below.\n{cipher}\nBest, Dana")
    assert found.text.split() == "See below. Best, Dana".split()
    assert not found.is_complete


@pytest.mark.parametrize("sign", ["*!*", "~", "#", ";;"])
def test_signs_before_encoded_words_do_not_hide_them(sign: str) -> None:
    found = without_gibberish(f"See below.\n{sign}{base64.b64encode(SECRET.encode()).decode()}")
    assert SECRET in found.decoded[0]


def test_offsets_stay() -> None:
    text = f"Hello\n{base64.encodebytes(bytes(range(200))).decode()}bye"
    assert without_gibberish(text).text.index("bye") == text.index("bye")


@pytest.mark.parametrize("length", [200, 300, 1_500])
def test_random_bytes_are_not_read(length: int) -> None:
    first = random.randrange(1_000_000)
    print("seed", first)
    for seed in range(first, first + 30):
        data = random.Random(seed).randbytes(length)
        for text in (base64.encodebytes(data).decode(), uuencoded(data), data.decode("cp1252", "replace")):
            found = without_gibberish(text)
            assert not found.is_complete, seed
            assert sum(map(str.isalpha, found.text)) < MIN_SIZE + 20, seed


def test_short_lines_of_foreign_bytes_belong_to_those_around_them() -> None:
    text = "Dear Liam,\nÍå¼\xad¢‹§Žµ¤½«Ç®Óx\nK¢\n\x01Ž¢©§µ¶‹›¼½¾ÄÅ\n7\nÐ‹¢©§µ¶›¼\x02½¾ÄÅÈ\nsee you"
    found = without_gibberish(text)
    assert found.text.split() == ["Dear", "Liam,", "see", "you"]
    assert not found.is_complete


@pytest.mark.parametrize(
    "text",
    [
        "PLEASE BRING THE SIGNED FORM TO THE OFFICE BEFORE THE END OF THE DAY",
        "the commit is b230a8ed84eb262bed1f2c908703990d3483b55f",
        "====================================\nmenu",
        "SpongeBob" * 9,
        "Voilà l’élève « préféré » — déjà à l’école, où ça s’arrête là-bas",
        "for (int i = 0; i < n; i++) { sum += a[i] * b[i]; }",
        "Größe: 5 µm\n• Übung 3 §4\n½ Tasse\n25 °C – 30 °C\nMüller & Söhne GmbH™\n© 2026",
        "¿Qué tal?\n¡Sí!\n1º B\nNiño, ¿vienes mañana?\n«Vale»",
        "Chào em,\nEm có khỏe không?\nThầy gửi bài tập số 7 – trang 12.\nỞ đây!",
        "Été à côté : « là-bas, où l’âme êtes âgée, ça déçût »",
        "Það er æðislegt að sjá þig á öðrum stað í dag, góði vinur",
        "Öğrenciye\nŞu ödevi bitir: 3½ sayfa\nİyi akşamlar…\nÇok teşekkürler",
    ],
)
def test_words_code_and_rules_are_left_alone(text: str) -> None:
    found = without_gibberish(text)
    assert found.text == text
    assert found.is_complete


def test_a_message_with_undecoded_data_is_unreadable() -> None:
    data = base64.encodebytes(bytes(range(3, 253)))
    content = b"Subject: x\r\n\r\nLook at this\r\n" + data.replace(b"\n", b"\r\n")
    found = extract_message(content)
    assert "unreadable" in found.failed
    assert [passage.text.strip() for passage in found.passages][-1] == "Look at this"


def test_what_is_encoded_inside_decoded_text_is_decoded() -> None:
    part = f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(SECRET.encode()).decode()}"
    assert SECRET in " ".join(
        "\n".join(without_gibberish(base64.encodebytes(part.encode()).decode()).decoded).split("\n")
    )


@pytest.mark.parametrize("control", ["", "\x01", "\x1b"])
def test_words_between_encoded_data_in_one_line_stay(control: str) -> None:
    data = base64.b64encode(bytes(range(200))).decode()
    found = without_gibberish(f"{data} {control}meet me alone tonight {data}")
    assert found.text.split() == "meet me alone tonight".split()


def test_line_ends_of_other_systems_are_no_foreign_bytes() -> None:
    text = "\x85\x85".join(["See you soon", "tell nobody", "a plain sentence goes here"] * 3)
    assert without_gibberish(text).text == text


def test_words_beside_foreign_bytes_in_one_line_stay() -> None:
    garbage = "".join(map(chr, random.Random(1).choices(range(128, 256), k=300)))
    found = without_gibberish(f"{garbage} meet me alone tonight\x1e{garbage}")
    assert found.text.split() == "meet me alone tonight".split()


@pytest.mark.parametrize("control", ["\x04", "\x1a", "\x01\x02"])
@pytest.mark.parametrize("form", ["Subject: x\n\n{}\n", MULTIPART + "{}\n", MULTIPART + "\nThis list is kept.\n> {}\n"])
def test_words_among_control_characters_are_read_whatever_else_is_encoded_beside_them(form: str, control: str) -> None:
    quoted = "Meet me alone tonight, behind the gymnasium".replace("e", "=65").replace(" ", "=20")
    line = f"{quoted}, wher{control.join('e nobody sees us')}"
    content = form.format(line).replace("\n", "\r\n").encode()
    text = " ".join(passage.text for passage in extract_message(content).passages)
    assert "alone tonight, behind the gymnasium" in text
    assert "where nobody sees us" in text


@pytest.mark.parametrize("blank", [" ", "\xa0", "\u4e2d", "\u202f"])
def test_words_behind_encoded_ones_in_one_line_are_read_whatever_blanks_it_has(blank: str) -> None:
    quoted = "".join(f"={byte:02X}" for byte in b"<p>Practice is on Tuesday at four.</p>" * 3)
    found = without_gibberish(f"{quoted}{blank}{quoted} our secret so please meet me alone tonight")
    assert "meet me alone tonight" in "\n".join((found.text, *found.decoded))
