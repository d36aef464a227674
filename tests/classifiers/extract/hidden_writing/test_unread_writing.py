"""Writing in no language makes a message `unreadable`; languages, names, texting and programs do not."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.unread_writing import unread_writing
from classifiers.training.examples.labeled import load_corpus
from tests.classifiers.extract.hidden_writing.ciphers import along_rails, in_columns
from tests.growth import grows_linearly

SENTENCE = "Please do not tell your parents about this and come to my house after the game on friday night"
TRIALS, FOUND = 200, 0.95
_Z85 = string.digits + string.ascii_letters + ".-:+=^!/*?&<>()[]{}@%$#"
ARTICLE_1 = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được.",
    "tl": "Ang lahat ng tao'y isinilang na malaya at pantay-pantay sa karangalan at mga karapatan.",
    "so": "Aadanaha dhammaantiis wuxuu dhashaa isagoo xor ah kana siman xagga sharafta iyo xuquuqada Aadanaha.",
    "ht": "Tout moun fèt lib, egal ego pou diyite kou wè dwa. Nou gen la rezon ak la konsyans epi nou fèt pou nou aji.",
    "fi": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler.",
}
ORDINARY = (
    "perl -MCPAN -e 'install HTML::Parser'; export PATH=/usr/local/bin:$PATH; chmod 0644 /etc/httpd/conf/httpd.conf",
    "Order 4417-AX-2290, SKU RTX4090-FE-24GB, serial 5CD1203KLM, invoice INV-2024-00981, tracking 1Z999AA10123456784",
    "See https://files.example.org/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789/view?usp=sharing&resourcekey=0-AbCdEfGhIjKlMn",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 of the file, checked twice by both of us",
    "Present: AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND",
    "hahahahahahaha noooooooooo omgggg jkjkjkjk zzzzzzzzzzzz ahhhhhhhh lollllll brb ttyl smh tbh idk wyd nvm",
    "To build it: postgresql-devel postgresql-libs pspell-devel ucd-snmp-devel ucd-snmp-utils unixODBC unixODBC-devel",
    "Okafor, Lindqvist, Szczepanski, Nguyen, Oyelaran, Thorvaldsen, Whitfield, Krzyzewski, Papadopoulos, Abernathy",
)


def _key(text: str, rng: random.Random) -> str:
    key = [rng.randint(1, 25) for _ in range(rng.randint(3, 8))]
    return "".join(
        chr((ord(letter) - 97 + key[at % len(key)]) % 26 + 97) if letter.isalpha() else letter
        for at, letter in enumerate(text.lower())
    )


def _z85(text: str, _: random.Random) -> str:
    data = text.encode() + b"\0" * (-len(text) % 4)
    numbers = [int.from_bytes(data[at : at + 4]) for at in range(0, len(data), 4)]
    return "".join(_Z85[number // 85**place % 85] for number in numbers for place in range(4, -1, -1))


_KEYS = str.maketrans(string.ascii_lowercase, "22233344455566677778889999")


@pytest.mark.parametrize("count", [10, 14, 18])
def test_words_in_keys_of_a_telephone_are_unread(count: int) -> None:
    keys = " ".join(SENTENCE.lower().split()[-count:]).translate(_KEYS)
    assert unread_writing(keys) == [keys]


@pytest.mark.parametrize(
    "text",
    [
        "88 95 76 92 85 99 78 84 66 93 97", "555 2368 555 4499 555 7733", "24 36 48 65 72 84 96 235 468 792 853",
        "Population by county: 23 456 78922 4583 2345 987 24 56 7835 and 1,204 more in the rest of the state of Iowa",
        "2 4 6 8 22 44 66 88 222 444 666 888", "Lockers 234 235 236 237 238 239 are for the seniors",
    ],
)  # fmt: skip
def test_lists_of_numbers_are_no_keys(text: str) -> None:
    assert unread_writing(text) == []


def _letters_only(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


CODES: dict[str, Callable[[str, random.Random], str]] = {
    "rails": lambda text, rng: along_rails(_letters_only(text), rng.randint(3, 6)),
    "columns": lambda text, rng: in_columns(_letters_only(text), rng.randint(4, 9), rng),
    "a key": _key,
    "base64 moved by one": lambda text, _: "".join(chr(ord(x) + 1) for x in base64.b64encode(text.encode()).decode()),
    "hexadecimal of base64": lambda text, _: base64.b64encode(text.encode()).hex(),
    "z85": _z85,
    "any order": lambda text, rng: "".join(rng.sample(_letters_only(text), len(_letters_only(text)))),
}


@pytest.mark.parametrize("code", CODES)
def test_codes_and_keys_are_not_read(code: str) -> None:
    rng = random.Random(11)
    mails = [f"Hi, look at this:\n\n{CODES[code](SENTENCE, rng)}\n\nThanks" for _ in range(TRIALS)]
    assert sum(map(bool, map(unread_writing, mails))) >= FOUND * TRIALS


@pytest.mark.parametrize("size", [4, 5, 6, 8])
def test_groups_of_letters_are_not_read(size: int) -> None:
    rng = random.Random(12)
    texts = [CODES["columns"](SENTENCE, rng) for _ in range(TRIALS)]
    groups = [" ".join(text[at : at + size] for at in range(0, len(text), size)) for text in texts]
    assert sum(map(bool, map(unread_writing, groups))) >= FOUND * TRIALS


def test_letters_apart_are_those_of_a_word() -> None:
    rng = random.Random(13)
    assert unread_writing(" ".join(CODES["any order"](SENTENCE, rng)))
    assert not unread_writing(" ".join(_letters_only(SENTENCE)))


@pytest.mark.parametrize("language", ARTICLE_1)
def test_languages_are_languages(language: str) -> None:
    assert not unread_writing(ARTICLE_1[language])


@pytest.mark.parametrize("text", ORDINARY)
def test_names_and_programs_are_no_secret(text: str) -> None:
    assert not unread_writing(text)


def test_the_corpus_is_read() -> None:
    wrong = [row.id for row in load_corpus()[::8] if unread_writing(row.text)]
    assert not wrong


@pytest.mark.parametrize("between", ["", " ", "thethethethe", "\n\n"])
def test_time_grows_with_the_text(between: str) -> None:
    piece = between.join(CODES["any order"](SENTENCE, random.Random(at)) for at in range(20)) + between
    assert grows_linearly(unread_writing, lambda count: piece * count, 10, 80)


def test_a_mail_with_it_is_unreadable() -> None:
    written = _key(SENTENCE, random.Random(7))
    mail = f"Subject: hi\r\nContent-Type: text/plain\r\n\r\nHello,\r\n\r\n{written}\r\n"
    assert "unreadable" in extract_message(mail.encode()).failed
    assert "unreadable" not in extract_message(mail.replace(written, SENTENCE).encode()).failed
