"""Disguises are undone, plain text is unchanged, and every character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.normalized_text import NormalizedText
from classifiers.pipeline.rules import build_normalizer

KNOWN = frozenset(
    "you are so beautiful don't tell anyone keep secret think kill yourself hot good morning cool meet the exam "
    "this but and dont put not no le digas a nadie nuestro secreto mi padrastro me pega todas las noches tengo miedo "
    "de volver a casa por favor ayuda ven verme solas".split()
)


@pytest.fixture(scope="module")
def normalizer() -> Normalizer:
    return build_normalizer(KNOWN)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("y0u are s0 h0t", "you are so hot"),
        ("kеeр it sеcret", "keep it secret"),  # Cyrillic look-alikes
        ("don\u200bt te\u200bll any\u200bone", "don't tell anyone"),
        ("ｓｅｃｒｅｔ", "secret"),
        ("𝓼𝓮𝔁𝔂", "sexy"),
        ("s-e-c-r-e-t", "secret"),
        ("b e a u t i f u l", "beautiful"),
        ("n u d e s", "nudes"),
        ("nu des", "nudes"),
        ("beautifuuuul", "beautiful"),
        ("goood", "good"),
        ("w33d", "weed"),
        ("f*ck", "fuck"),
        ("b1tch", "bitch"),
        ("kiIl yourself", "kill yourself"),
        ("u r beautiful", "you are beautiful"),
        ("c u 2nite", "c you tonight"),
        ("\u202eterces ti peek\u202c now", "keep it secret now"),
        ("put \u202eton\u202c it", "put not it"),
        ("k e e p  i t  s e c r e t", "keep it secret"),
        ("k.e.e.p. .i.t. .s.e.c.r.e.t", "keep it secret"),
        ("s\ne\nc\nr\ne\nt", "secret"),
        ("s3cr€t put n@t", "secret put n@t"),
        ("b1tçh", "bitch"),
        ("i think su*cide", "i think suicide"),
        ("donttellanyone", "dont tell anyone"),
        ("YouAreSoBeautiful.Keepthesecret!", "you are so beautiful.Keepthesecret!"),
        (".enoyna llet t'nod tub lufituaeb os era uoY", "You are so beautiful but don't tell anyone."),
        ("uoy era os lufituaeb tub t'nod llet enoyna", "you are so beautiful but don't tell anyone"),
        ("MIPADRASTROMEPEGATODASLASNOCHESX", "mi padrastro me pega todas las noches x"),
        ("mipadrastromepegatodaslasnochesxxxxxxx", "mi padrastro me pega todas las noches xx"),
        ("ESNUESTROSECRETONOLEDIGASANADIEQQQ", "es nuestro secreto no le digas a nadie q"),
        ("esnuestrosecretonoledigasanadie", "es nuestro secreto no le digas a nadie"),
        ("mipadrastromepegatodaslasnoches", "mi padrastro me pega todas las noches"),
        ("tengomiedodevolveracasaayúdame", "tengo miedo de volver a casa ayúda me"),
        (".emadúya rovaf roP .asac a revlov ed odeim ognet", "tengo miedo de volver a casa. Por favor ayúdame."),
        ("nɄɆ₴₮ɌO ₴Ɇ₵ɌɆ₮O", "nuEstRO sEcREtO"),
        ("\n".join(f"> {letter}" for letter in "esnuestrosecreto"), "> es nuestro secreto"),
        ("be-au-ti-ful", "beautiful"),
        ("un sëcrëtö", "un secreto"),
        ("b🅾️rr🅰️ ℹ️ 🅿️🅾️r", "borra i por"),
        ("Good morning!\nterces siht peek uoy dna em", "Good morning!\nme and you keep this secret"),
    ],
)
def test_disguises_are_undone(normalizer: Normalizer, received: str, expected: str) -> None:
    assert normalizer(received).text == expected


@pytest.mark.parametrize(
    "plain",
    [
        "Room B12 at 10:30am, bring A4 paper and the 3rd worksheet.",
        "Choose A, B, C or D. See https://example.org/a1b2c3 or write to jsmith1@school.example.",
        "H2O and CO2 in chapter 5, pp. 12-14; the U.S.A. won 3-2.",
        "El examen es mañana; ¿traes tu lápiz, señor Núñez?",
        "AAA batteries",
        "Hola tod@s, amig@s y niñ@s.",
        "Answers: A B A D  C A B; 1. A 2. B 3. C; a  b  c  d  e",
        "See https://www.school.example/news or www.school.example.",
        "phone 5 5 5 1 2 1 2",
        "What to do: put a note on it, be at the gym by six, not a minute later.",
        "No te preocupes, no se me olvida.",
        "Привет, как дела? Завтра в школу.",
        "The semitendinosus, trigonometry, #congratulations and ms.vandenberghe@school.example",
        "Interesante: precisamente el entrenamiento de voleibol.",
        "DNA, and who saw what was on the map? Nod if you live there.",
    ],
)
def test_plain_text_is_unchanged(normalizer: Normalizer, plain: str) -> None:
    assert normalizer(plain) == NormalizedText(plain) or normalizer(plain).text == plain


def test_emoji_become_words(normalizer: Normalizer) -> None:
    assert "eggplant" in normalizer("want this 🍆").text
    assert "trumpet" in normalizer("bring your 🎺").text


def test_spanish_shorthand_is_expanded_only_in_spanish(normalizer: Normalizer) -> None:
    assert normalizer("xq no vienes", "es").text == "porque no vienes"
    assert normalizer("the xq value").text == "the xq value"


def test_disguises_are_counted(normalizer: Normalizer) -> None:
    assert normalizer("keep it secret").disguises == 0
    assert normalizer("kеeр it s-e-c-r-e-t").disguises >= 2


def test_offsets_lead_back_to_the_received_text(normalizer: Normalizer) -> None:
    received = "ok 😀 y0u keep a s-e-c-r-e-t now"
    normal = normalizer(received)
    at = normal.text.index("secret")
    start, end = normal.received_range(at, at + 6)
    assert received[start:end] == "s-e-c-r-e-t"
    at = normal.text.index("you")
    start, end = normal.received_range(at, at + 3)
    assert received[start:end] == "y0u"


def test_offsets_of_reversed_text_lead_to_the_same_letters(normalizer: Normalizer) -> None:
    received = "hi\nterces siht peek uoy dna em"
    normal = normalizer(received)
    at = normal.text.index("secret")
    start, end = normal.received_range(at, at + 6)
    assert received[start:end] == "terces"
    assert normal.disguises >= 1


@pytest.mark.parametrize(
    "numbers", ["0" * 100, "48213 " * 30, "515-555-0100, " * 20, "٣" * 100, "3." + "14159265" * 20]
)
def test_rows_of_digits_are_read_to_their_beginning(normalizer: Normalizer, numbers: str) -> None:
    read = normalizer(f"{numbers}\nMeet me alone tonight.")
    assert read.text.endswith("Meet me alone tonight.")
    assert len(read.text) < 80
    assert read.received_range(read.text.index("Meet"), len(read.text))[0] == len(numbers) + 1


def test_a_repeated_sentence_is_read_a_few_times(normalizer: Normalizer) -> None:
    sentence = "Bring your notes and a calculator to the gym."
    received = f"Hello. {sentence * 20} Bye."
    normal = normalizer(received)
    assert normal.text == f"Hello. {sentence * 3}Bye."
    assert received[slice(*normal.received_range(len(normal.text) - 4, len(normal.text)))] == "Bye."
    assert normalizer(f"{sentence} {sentence}").text == f"{sentence} {sentence}"
    assert normalizer("go go go! " * 9).text == "go go go! " * 6
    assert normalizer("Notes for class. " * 150 + "Meet me alone.").text == "Notes for class. " * 6 + "Meet me alone."


def test_lines_that_differ_by_a_number_are_read_three_times(normalizer: Normalizer) -> None:
    lines = [f"Part {number} of the reader is for day {number}.\n" for number in range(1, 11)]
    assert normalizer("".join(lines)).text == "".join(lines[:3])


@pytest.mark.parametrize(
    "line",
    [
        "Call me tonight at 555-01{:02}, after practice.",
        "Your appointment is on 3/{}, in the office.",
        "Pay $1.{:02} at the office, in cash.",
    ],
)
def test_dates_sums_and_phone_numbers_are_no_line_numbers(normalizer: Normalizer, line: str) -> None:
    received = "\n".join(line.format(number) for number in range(10, 16))
    assert normalizer(received).text == received


@given(st.text(max_size=200))
def test_normalization_never_raises_and_offsets_stay_inside(received: str) -> None:
    normal = _SHARED(received)
    assert not normal.starts or len(normal.starts) == len(normal.ends) == len(normal.text)
    start, end = normal.received_range(0, len(normal.text))
    assert 0 <= start <= end <= len(received)


_SHARED = build_normalizer(KNOWN)


def test_notes_to_single_letters_are_left_out_and_notes_to_words_stay(normalizer: Normalizer) -> None:
    said = "my stepdad hits me"
    noted = "".join(f"\ufff9{letter}\ufffax\ufffb" for letter in said)
    assert normalizer(noted).text == said
    assert "Tokyo" in normalizer("\ufff9the capital\ufffaTokyo\ufffb is large").text


@pytest.mark.parametrize("signs", [("aeo", "430"), ("aei", "@3!"), ("ashi", "4$#1")])
def test_signs_for_letters_are_read_in_words_that_run_together(signs: tuple[str, str]) -> None:
    known = Normalizer({"want", "tell", "nobody", "about", "house", "secret", "please", "come"}, (), ())
    for text in ("please come to my house", "tell nobody about my secret"):
        written = text.replace(" ", "").translate(str.maketrans(*signs))
        assert known(written).text == text


@pytest.mark.parametrize("before", ["", "h", "dm", "tyk"])
@pytest.mark.parametrize("after", ["", "k", "mrl"])
def test_words_that_run_together_are_read_between_other_letters(before: str, after: str) -> None:
    said = "my stepdad hits me every night please help me"
    read = _SHARED(f"{before}{said.replace(' ', '')}{after}").text
    assert said in read, (before, after, read)
