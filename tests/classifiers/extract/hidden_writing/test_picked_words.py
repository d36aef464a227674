"""Words that are marked, stand at certain places, or out of order, are read as the sentence that they are."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.picked_words import picked_words

SENTENCES = (
    "our secret so please do not tell your parents meet me alone tonight and delete this message",
    "my stepdad hits me every night and i am scared to go home please help me",
    "es nuestro secreto no le digas a nadie ven a verme a solas esta noche y borra este mensaje",
)
COVER = (
    "The spring concert is on Friday at seven and everybody should be in the band room by six. Bring black shoes and "
    "a music folder. Parents may buy tickets at the door or online before noon. The choir will sing three songs and "
    "the jazz band will play last. After the concert there is cake in the cafeteria for all who helped with chairs."
).split()


def cover(at: int, count: int) -> str:
    """Some words about something else."""
    return " ".join(COVER[(at * count + word) % len(COVER)].lower().strip(".") for word in range(count))


def shuffled(words: list[str]) -> list[tuple[int, str]]:
    """Numbered words in another order."""
    numbered = list(enumerate(words, 1))
    random.Random(len(words)).shuffle(numbered)
    return numbered


WAYS: dict[str, Callable[[list[str]], str]] = {
    **{
        f"every word number {step}": lambda words, step=step: " ".join(
            f"{cover(at, step - 1)} {word}" for at, word in enumerate(words)
        )
        for step in range(2, 6)
    },
    **{
        f"marked {mark}": lambda words, mark=mark: " ".join(
            f"{cover(at, 3)} {mark.format(word)}" for at, word in enumerate(words)
        )
        for mark in (
            "[{}]",
            "({})",
            '"{}"',
            "*{}*",
            "**{}**",
            "#{}",
            "“{}”",
            "_{}_",
            "👉{}👈",
            "⭐ {} ⭐",
            "❤️{}❤️",
            "【{}】",
        )
    },
    **{
        f"capitals behind {count}": lambda words, count=count: " ".join(
            f"{cover(at, count)} {word.upper()}" for at, word in enumerate(words)
        )
        for count in (4, 7, 10)
    },
    "first of lines": lambda words: "\n".join(f"{word} {cover(at, 3)}" for at, word in enumerate(words)),
    "second of lines": lambda words: "\n".join(f"the {word} {cover(at, 3)}" for at, word in enumerate(words)),
    "last of lines": lambda words: "\n\n".join(f"{cover(at, 3)} {word}" for at, word in enumerate(words)),
    "first of sentences": lambda words: " ".join(f"{word} {cover(at, 3)}." for at, word in enumerate(words)),
    "last of sentences": lambda words: " ".join(f"{cover(at, 4)} {word}." for at, word in enumerate(words)),
    "labels": lambda words: "\n".join(f"{word}: {cover(at, 5)}" for at, word in enumerate(words)),
    "values": lambda words: ", ".join(f'"k{at}": "{word}"' for at, word in enumerate(words)),
    "addresses": lambda words: "\n".join(f"{word}@riverbend.example" for word in words),
    "lines between": lambda words: "\n".join(f"{cover(at, 3)}\n{word}" for at, word in enumerate(words)),
    "struck": lambda words: " ".join(f"~~{cover(at, 1)}~~ {word}" for at, word in enumerate(words)),
    "filled": " like ".join,
    "backwards": lambda words: " ".join(reversed(words)),
    "lines backwards": lambda words: "\n".join(reversed(words)),
    "pairs": lambda words: " ".join(" ".join(words[at : at + 2][::-1]) for at in range(0, len(words), 2)),
    "by numbers": lambda words: "\n".join(f"{number}. {word}" for number, word in shuffled(words)),
    "by numbers behind": lambda words: " ".join(f"{word}({number})" for number, word in shuffled(words)),
    "numbers on words": lambda words: " ".join(f"{word}{at}" for at, word in enumerate(words, 1)),
    "numbers before words": lambda words: " ".join(f"{at}{word}" for at, word in enumerate(words, 1)),
    "raised numbers": lambda words: " ".join(
        word + str(at).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) for at, word in enumerate(words, 1)
    ),
    "tags of a forum": lambda words: " ".join(f"[b]{word[0]}[/b]{word[1:]}" for word in words),
    "by letters": lambda words: "\n".join(f"{chr(64 + number)}) {word}" for number, word in shuffled(words)),
}
ORDINARY = (
    " ".join(COVER),
    "Spelling words this week:\n1) because\n2) friend\n3) their\n4) would\n5) people\n6) night\n7) alone\n8) secret",
    "Subject pronouns: (I) (you) (he) (she) (it) (we) (they). Object pronouns: (me) (you) (him) (her) (it) (us).",
    "Group A: you, Liam, Ana\nGroup B: me, Sam, Kim\nGroup C: Dana, Alex, Jo\nGroup D: Max, Li, Bo\nGroup E: Al, Cy\n"
    "Group F: Flo, Gus, Hal\nGroup G: Ida, Jim, Kay",
    "Here is the patch for the class page that you and I talked about today:\n"
    "-old line of the page\n+\n+new line of the page\n"
    + "Please tell me if it works for you and your class, and I will send it to the others. "
    * 8,
    "Thanks for the INTERNET^Hnotes that you sent me. " + "We will look at them with the class on Monday. " * 12,
    "GAME NIGHT AT THE GYM THIS FRIDAY FOR ALL FAMILIES OF OUR SCHOOL. Come with your friends and your parents, and "
    "bring a snack for the table. We start at six, and you can help us to clean up after the last game.",
    "#readacrossamerica #lovemyschool #me #you #us #team #proud Thanks for coming, everybody, it was a great night!",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("way", WAYS)
def test_the_sentence_is_read(way: str, sentence: str) -> None:
    said = [" ".join(words.split()) for words in picked_words(WAYS[way](sentence.split()))]
    assert any(sentence in words.lower() for words in said), said


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_says_nothing_more(text: str) -> None:
    assert picked_words(text) == []
