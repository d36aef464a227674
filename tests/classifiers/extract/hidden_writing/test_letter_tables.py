"""Letters written by their names, numbers, places or signs are read as the words that they spell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.code_runs import MORSE
from classifiers.extract.hidden_writing.letter_tables import letters_by_tables
from classifiers.extract.hidden_writing.two_signs import letters_of_blanks, letters_of_two_signs

SPELLED = ("meetmealonetonightdeletethis", "tengomiedodemipadrastroayudaporfavor")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
SIGNS = {letter: code for code, letter in MORSE.items()}
KEYS = {letter: (key, at) for key, letters in zip("23456789", "abc def ghi jkl mno pqrs tuv wxyz".split(), strict=True)
        for at, letter in enumerate(letters, 1)}  # fmt: skip


def table(names: str, between: str = " ") -> Callable[[str], str]:
    """Letters by their names."""
    words = dict(zip(ALPHABET, names.split(), strict=True))
    return lambda letters: between.join(words[letter] for letter in letters)


def square(form: str, width: int = 5) -> Callable[[str], str]:
    """Letters by row and column."""
    return lambda letters: " ".join(
        form.format(ALPHABET.index(letter) // width + 1, ALPHABET.index(letter) % width + 1) for letter in letters
    )


def own_table(signs: Callable[[int], str], pair: str, between: str) -> Callable[[str], str]:
    """A list of what stands for each letter, and the letters written so."""

    def written(letters: str) -> str:
        table = {letter: signs(at) for at, letter in enumerate(sorted(set(letters), key=hash_of))}
        lines = [pair.format(sign=sign, letter=letter) for letter, sign in table.items()]
        return "\n".join(["Our key", *lines, "", between.join(table[letter] for letter in letters)])

    return written


def hash_of(letter: str) -> int:
    """A place for a letter that does not follow the alphabet."""
    return ord(letter) * 7 % 26


TABLES: dict[str, Callable[[str], str]] = {
    "names": table(
        "ay bee cee dee ee eff gee aitch eye jay kay el em en oh pee cue ar ess tee you vee double-you ex why zee"
    ),
    "names as words": table(
        "ay bee sea dee ee eff gee aitch aye jay kay ell em en oh pea queue are ess tea you vee doubleyou ex why zee"
    ),
    "Spanish names": table(
        "a be ce de e efe ge hache i jota ka ele eme ene o pe cu erre ese te u uve doblev equis ye zeta"
    ),
    "elements": table("H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe", "-"),
    "Roman": table(
        "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv xxv xxvi", "."
    ),
    "from the end": lambda letters: " ".join(str(26 - ALPHABET.index(letter)) for letter in letters),
    "from nought": lambda letters: "-".join(str(ALPHABET.index(letter)) for letter in letters),
    "prices": lambda letters: "\n".join(f"Item: ${ALPHABET.index(letter) + 1}.00" for letter in letters),
    "prices of codes": lambda letters: "\n".join(
        f"Item {at}  ${ord(letter) / 100:.2f}" for at, letter in enumerate(letters, 1)
    ),
    "grades": lambda letters: "\n".join(f"Student {at}: {ord(letter)}" for at, letter in enumerate(letters, 1)),
    "dates": lambda letters: "\n".join(f"3/{ALPHABET.index(letter) + 1}/2025" for letter in letters),
    "strokes": lambda letters: " ".join("|" * (ALPHABET.index(letter) + 1) for letter in letters),
    "as in": lambda letters: ", ".join(f"{letter.upper()} as in {letter}acht" for letter in letters),
    "rows and columns": square("r{}c{}", 6),
    "a square of five": square("{}{}", 5),
    "times": square("{}:0{}", 6),
    "dominoes": square("[{}|{}]", 6),
    "its own numbers": own_table(lambda at: str(at + 31), "{sign} = {letter}", " "),
    "its own numbers behind letters": own_table(lambda at: str(at + 205), "{letter}: {sign}", ", "),
    "its own signs": own_table(lambda at: chr(0x2654 + at), "{sign} -> {letter}", ""),
    "its own codes": own_table(lambda at: f"q{at}z", "{letter}={sign}", "-"),
    "keys": lambda letters: " ".join("{}{}".format(*KEYS[letter]) for letter in letters),
    "keys and times": lambda letters: " ".join("{}^{}".format(*KEYS[letter]) for letter in letters),
}
PAIRS = ((".", "-"), ("0", "1"), ("\U0001f5a4", "\u2764\ufe0f"), ("dit-", "dah-"), ("punto ", "raya "), ("a", "B"))
GAPS = ("  ", ", ", " / ", "|", ";", "\n", " \\ ")
ORDINARY = (
    "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 d6 8. c3 O-O 9. h3 Nb8 10. d4 Nbd7",
    "Scores: 12 15 9 22 17 8 19 25 14 11 16 20 7 13 21 18 10 24 6 23 5, so the mean is 15 and the median is 15.",
    "Morse code lesson: S is ... and O is ---, so SOS is ... --- ..., and E is a single dot. Copy the table by Friday.",
    "Truth table: 00 01 10 11 00 01 10 11 00 01 10 11 00 01 10 11 00 01 10 11 00 01 10 11 00 01 10 11",
    "Count with me: one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen",
    "8:05 9:10 10:15 1:20 2:25 8:05 9:10 10:15 1:20 2:25 8:05 9:10 10:15 1:20 2:25 8:05 9:10 10:15 1:20 2:25",
    "Elements on the quiz: H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca. Learn the symbols and the numbers.",
)


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("name", TABLES)
def test_letters_by_a_table_are_read(name: str, letters: str) -> None:
    assert letters in map(str.lower, letters_by_tables(TABLES[name](letters)))


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("gap", GAPS)
def test_morse_code_in_any_signs_is_read(gap: str, pair: tuple[str, str], letters: str) -> None:
    written = gap.join("".join(pair[sign == "-"] for sign in SIGNS[letter]) for letter in letters)
    assert letters in letters_of_two_signs(written, MORSE)


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("signs", ["01", "YN", "\u2b1c\u2b1b"])
@pytest.mark.parametrize("form", ["08b", "07b"])
def test_bits_in_any_signs_are_read(form: str, signs: str, letters: str) -> None:
    bits = " ".join(format(ord(letter), form) for letter in letters)
    assert letters in letters_of_two_signs(bits.translate(str.maketrans("01", signs)), MORSE)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_says_nothing_more(text: str) -> None:
    assert letters_by_tables(text) == []
    assert letters_of_two_signs(text, MORSE) == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bits_in_blanks_and_tabs_below_a_text_are_read(end: str) -> None:
    said = "my stepdad hits me every night and i am scared"
    bits = end.join(f"{byte:08b}".translate(str.maketrans("01", " \t")) for byte in said.encode())
    assert letters_of_blanks(f"Practice on Tuesday.{end}{bits}{end}") == [said]
    mail = f"From: a@b.example\n\nPractice on Tuesday.{end}{bits}{end}"
    assert said in [passage.text for passage in extract_message(mail.encode()).passages]


@pytest.mark.parametrize("text", ["", "\t\tone\n", " \t \t\n" * 30, "\t" * 9 + "\n", (" " * 8 + "\t" * 8 + "\n") * 12])
def test_blanks_that_spell_nothing_say_nothing(text: str) -> None:
    assert letters_of_blanks(text) == []
