from __future__ import annotations

import json
import random
import re
import string
from urllib.parse import quote

import pytest

from tests.classifiers.extract.finding import without_codes
from tests.differential.evasions.ciphers import PUZZLES
from tests.differential.evasions.writings import WRITINGS

_SAID = "Our secret, don't tell anybody. Meet me alone tonight and delete this message."
_READ = (
    "nato", "nato a line", "morse in emoji", "morse by lines", "morse in digits", "numbers with dashes",
    "numbers by words", "two digits", "keycaps", "tap code", "polybius", "bacon", "keypad", "octal", "octal escapes",
    "hexadecimal prefixes", "hexadecimal dump", "code points", "css escapes", "perl escapes", "char calls", "chr calls",
    "from char codes", "binary by letters", "binary together", "base16 in lines", "base32 in small letters", "base85",
    "ascii85", "xxencoded", "utf-7",
)  # fmt: skip


@pytest.mark.parametrize("name", _READ)
def test_code_is_blanked_and_says_its_words(name: str) -> None:
    code = PUZZLES[name](_SAID)
    text, said = without_codes(f"Look at this:\n{code}\n")
    assert len(text) == len(f"Look at this:\n{code}\n")
    assert "tonight" in " ".join(said).lower(), said


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (_SAID, "tell meet tonight"),
        ("Es nuestro secreto, no le digas a nadie. Ven a verme a solas y a nadie le digas.", "nuestro secreto digas"),
        ("Mi padrastro me pega todas las noches y tengo miedo de volver a casa.", "noches tengo miedo"),
    ],
)
@pytest.mark.parametrize(
    "name", ["robbers", "keys to the left", "keys to the right", "ubbi dubbi", "rot13", "caesar 3", "atbash"]
)
def test_plays_and_shifts_are_read_although_single_letters_look_like_words(name: str, said: str, words: str) -> None:
    _, found = without_codes(PUZZLES[name](said))
    plain = " ".join(found).lower().replace("s", "a")  # some keys have no neighbor, and stay
    assert all(word.replace("s", "a") in plain for word in words.split())


def test_keys_of_a_telephone_are_read_with_zeros_beside_them() -> None:
    keys = "444 0 3 666 66 80333 33 33 5550 7777 2 333 33 02 8 0 44 666 6 33"
    assert "i dont feel safe at home" in " ".join(without_codes(keys)[1]).lower()


@pytest.mark.parametrize(
    "said",
    [
        "my stepdad hits me every night please help",
        "mi padrastro me pega y tengo miedo ayuda por favor",
        "do not tell your parents and come to my house alone tonight",
    ],
)
@pytest.mark.parametrize("end", ["", "."])
def test_words_with_a_key_of_a_telephone_for_each_letter_are_read(end: str, said: str) -> None:
    key_of = {letter: key for letters, key in zip("abc def ghi jkl mno pqrs tuv wxyz".split(), "23456789", strict=True)
              for letter in letters}  # fmt: skip
    keys = "".join(key_of.get(letter, letter) for letter in said) + end
    blanked, found = without_codes(keys)
    assert found == [said]
    assert not blanked.strip(" .")


def test_numbers_by_chance_are_no_words_in_keys() -> None:
    rng = random.Random(12)
    for _ in range(300):
        numbers = ["".join(rng.choices("23456789", k=rng.randint(1, 8))) for _ in range(rng.randint(6, 24))]
        assert without_codes(" ".join(numbers))[1] == []


@pytest.mark.parametrize("filler", ["idig", "egg", "op", "iz", "ub", "arp", "7q"])
def test_what_stands_before_each_vowel_is_left_out(filler: str) -> None:
    _, said = without_codes(re.sub("(?=[aeiou])", filler, _SAID.lower()))
    assert "meet me alone tonight" in " ".join(said).lower()


@pytest.mark.parametrize("function", ["ChrW", "chr", "UNICHAR", "Character.toString", "String.fromCharCode", "code"])
def test_characters_by_functions_of_any_program_are_read(function: str) -> None:
    assert _SAID in without_codes(" & ".join(f"{function}({ord(letter)})" for letter in _SAID))[1]


def test_packed_septets_in_hexadecimal_are_read() -> None:
    septets = sum(code << 7 * at for at, code in enumerate(_SAID.encode()))
    assert _SAID in without_codes(septets.to_bytes((7 * len(_SAID) + 7) // 8, "little").hex())[1]


def test_a_number_of_all_bytes_is_read() -> None:
    assert _SAID in without_codes(str(int.from_bytes(_SAID.encode(), "big")))[1]


JOINTS = (
    "' + '", '" . "', '" & "', "||", " | ", "~", "/", " _ ", "\\\n    ", "\n2 CONC ", "\\c\n", "/**/", "/* x */",
    "<wbr>", "&shy;", "{# x #}", "<?php ?>", "--[[x]]", "{empty}", "\\ ", "<nowiki/>", "(*x*)", "[//]: # (x)",
    '")\nprint("', "';\necho '", "\n#. ",
)  # fmt: skip
"""What a program leaves out between pieces of words, or joins them by."""


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("joint", JOINTS)
def test_pieces_of_words_are_joined(joint: str, size: int) -> None:
    pieces = [_SAID[at : at + size] for at in range(0, len(_SAID), size)]
    blanked, said = without_codes(joint.join(pieces))
    assert any(_SAID in text for text in said)
    assert not blanked.strip()


_DISGUISES = {
    write.__name__: write(random.Random(1), _SAID)
    for write in WRITINGS
    if write.__name__
    in ("leet", "backwards", "words_by_override", "turned", "without_blanks", "cyrillic", "fullwidth", "superscript")
} | {reference: "".join(f"{reference}{ord(letter)};" for letter in _SAID) for reference in ("&#", "&amp;#")}


@pytest.mark.parametrize("disguise", _DISGUISES)
@pytest.mark.parametrize("joint", JOINTS)
def test_pieces_of_disguised_words_are_joined(joint: str, disguise: str) -> None:
    written = _DISGUISES[disguise]
    _, said = without_codes(joint.join(written[at : at + 3] for at in range(0, len(written), 3)))
    assert any(written in text for text in said)


@pytest.mark.parametrize("joint", ["7", "4", "0", "77", "123", "q7", "4e"])
def test_words_that_run_together_between_digits_are_read(joint: str) -> None:
    letters = "".join(filter(str.isalpha, _SAID))
    for pieces in (_SAID.split(), list(letters), [letters[at : at + 3] for at in range(0, len(letters), 3)]):
        _, said = without_codes(joint.join(pieces))
        assert any(letters in "".join(filter(str.isalpha, text)) for text in said), pieces


@pytest.mark.parametrize(
    "form", ["eed4:path{0}:{1}", '", "n": {0}}}, {{"text": "{1}', "<c>{0}</c><w>{1}</w>", "k{0}[{1}]q"]
)
def test_words_with_changing_numbers_between_them_are_read(form: str) -> None:
    _, said = without_codes("".join(form.format(len(word), word) for word in _SAID.split()))
    assert any(_SAID.rpartition(" ")[0] in text for text in said)


@pytest.mark.parametrize("joint", ["\\N", "\\h", "\nX", "\\n", "<br>", "\nrem ", "&nbsp;"])
def test_words_with_the_same_letters_between_them_are_read(joint: str) -> None:
    blanked, said = without_codes(joint + joint.join(_SAID.split()) + joint)
    assert any(_SAID in text for text in (*said, " ".join(blanked.split())))


@pytest.mark.parametrize(
    "text",
    [
        "name, last name, home room, bus\nAna, Ruiz, 12, 4\nLiam, Cole, 14, 7\nSam, Okafor, 9, 2\nKim, Li, 8, 1\n",
        "8:15 - Math - room 4\n9:00 - Art - room 2\n9:45 - Band - gym\n10:30 - Lunch - hall\n11:15 - Gym - field\n",
        "Scores: 12, 15, 9, 22, 31, 14, 8, 19, 27, 33, 41, 12, 16, 20\n",
        "- bread\n- milk\n- eggs and cheese\n- rice\n- two apples\n- tea\n- sugar\n- oil\n- salt\n- corn\n- jam\n",
        "x = 1  # rows\ny = 2  # columns\nz = 3  # cells\na = 4  # sum\nb = 5  # mean\nc = 6  # rest\nd = 7  # all\n",
        "key = value\nhome = room\nbus = twelve\nteam = blue\nweek = two\nday = Monday\nhour = nine\nroom = four\n",
        "<b>Ana</b><b>Liam</b><b>Sam</b><b>Kim</b><b>Lee</b><b>Ruth</b><b>Noor</b><b>Max</b><b>Eva</b><b>Tom</b>",
        "Call 515-555-0100, 515-555-0101, 515-555-0102 or 515-555-0103.\n",
        "a | b | c | d\n--|---|---|--\n1 | 2 | 3 | 4\n",
        "The golf hotel in Lima, Quebec: Mike and Juliett, Romeo and Oscar.\n",
    ],
)
def test_numbers_and_names_are_left_alone(text: str) -> None:
    assert without_codes(text) == (text, [])


def test_braille_in_utf_7_is_read() -> None:
    braille = "⠍⠑⠑⠞⠀⠍⠑⠀⠁⠇⠕⠝⠑⠀⠞⠕⠝⠊⠛⠓⠞⠀⠁⠝⠙⠀⠙⠑⠇⠑⠞⠑⠀⠞⠓⠊⠎"
    assert without_codes(braille.encode("utf-7").decode())[1] == [braille]


def test_references_with_invisible_signs_in_them_are_read() -> None:
    code = "\u200c".join("".join(f"&#{ord(letter)};" for letter in _SAID))
    assert _SAID in without_codes(code)[1]


def _pig_latin(word: str, ending: str) -> str:
    first = re.match("[^aeiou]*", word)[0]
    return f"{word[len(first) :]}{first}ay" if first else f"{word}{ending}"


@pytest.mark.parametrize("ending", ["ay", "way", "yay", "hay"])
def test_pig_latin_is_read_whatever_stands_before_its_last_syllable(ending: str) -> None:
    said = "our secret stays with you tell nobody meet me alone tonight and delete this message"
    assert without_codes(" ".join(_pig_latin(word, ending) for word in said.split()))[1] == [said]
    plain = "they play today and stay all day so may i say hooray for the way home on friday"
    assert without_codes(plain) == (plain, [])


@pytest.mark.parametrize("said", [_SAID, "Mi padrastro me pega todas las noches y tengo miedo de volver a casa."])
@pytest.mark.parametrize("between", ["{at}", "xx", "x", "zy", "{at}{at}", "qqq", "XO"])
def test_words_are_read_with_letters_or_numbers_between_them(between: str, said: str) -> None:
    words = re.findall(r"[\w']+", said)
    text = "".join(word + between.format(at=at) for at, word in enumerate(words))
    assert " ".join(words[:-1]).lower() in without_codes(text)[1][-1].lower()


@pytest.mark.parametrize(
    "text",
    [
        "On Mon, Aug 12, 2002 at 07:59:21PM +0200, Dana Reed wrote:\n> we meet at 5pm in B12, leave at 6pm\n> see A3\n",
        "https://a.example/assets/boxes/textbooks/exercises/exams/next-week/index.xhtml",
        "Students12, Room34, Grade7, Bus15, Page88, Unit3, Week4, Day2, Team6, Group9, Lab1, Hall5",
    ],
)
def test_words_with_numbers_or_rare_letters_are_left_alone(text: str) -> None:
    assert without_codes(text) == (text, [])


@pytest.mark.parametrize("square", ["abcdefghijlmnopqrstuvwxyz", "abcdefghiklmnopqrstuvwxyz", string.ascii_lowercase])
@pytest.mark.parametrize("between", ["  ", " / ", "\n"])
def test_taps_that_divide_no_words_are_read(between: str, square: str) -> None:
    said = "ouroursecretmeetmealonetonightanddeletethis"
    places = [divmod(square.index(letter), 5) for letter in said]
    text = between.join(f"{'.' * (row + 1)} {'.' * (column + 1)}" for row, column in places)
    assert said in "".join(without_codes(text)[1]).replace(" ", "")


@pytest.mark.parametrize("more", [-20, -7, 1, 13, 100])
def test_numbers_of_characters_are_read_whatever_is_added(more: int) -> None:
    text = ", ".join(str(ord(letter) + more) for letter in _SAID.lower())
    assert _SAID.lower() in without_codes(f"chr(n - x) for n in [{text}]")[1]


@pytest.mark.parametrize("step", [1, 3, 9, 14, 26])
@pytest.mark.parametrize(
    "said", [_SAID.lower(), "mañana es nuestro secreto, no le digas a nadie y ven a verme a solas"]
)
def test_letters_are_read_that_are_moved_in_the_alphabet_of_spanish(said: str, step: int) -> None:
    alphabet = "abcdefghijklmnñopqrstuvwxyz"
    moved = str.maketrans(alphabet, alphabet[step:] + alphabet[:step])
    assert said in without_codes(said.translate(moved))[1]


@pytest.mark.parametrize("before", ["", "The homework for Thursday is on page 12. See you in class."])
@pytest.mark.parametrize(
    "written",
    [quote(json.dumps(_SAID.split())), "".join(f"%u{ord(letter):04x}" for letter in _SAID), quote(quote(_SAID))],
    ids=["list", "long codes", "twice"],
)
def test_the_codes_of_an_address_join_no_pieces_of_the_text_around_it(before: str, written: str) -> None:
    text = f"{before} page 12 <https://a.example/chart?c={written}>".strip()
    shown, said = without_codes(text)
    assert shown.startswith(before)
    assert re.sub(r"\W+", " ", _SAID).strip() in re.sub(r"\W+", " ", " | ".join(said))
