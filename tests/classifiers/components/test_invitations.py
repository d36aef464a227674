"""Invitations to tools without a link, in English and Spanish, and what only looks like one."""

from __future__ import annotations

import random
import re

import pytest

from classifiers.components.invitations import find_invitations
from gateway.core.tools.known import KNOWN, ORDINARY_WORDS, slug


def found(text: str) -> list[str]:
    words = [(item[0].lower(), *item.span()) for item in re.finditer(r"\w+", text)]
    return [name for name, _, _ in find_invitations(text, words)]


INVITATIONS = {
    "Join our Remind, code k4d2": "remind",
    "join our remind code k4d2": "remind",
    "Remind: join with @apbio25": "remind",
    "Text @k4d2 to 81010 for updates": "remind",
    "manda @k4d2 al 81010": "remind",
    "entra al Classroom con el código abc123": "googleclassroom",
    "Kahoot pin 482913": "kahoot",
    "El código de Kahoot es 123456": "kahoot",
    "Únete a nuestro Kahoot: pin 482 913": "kahoot",
    "Zoom meeting ID: 812 3456 7890 Passcode: 4hT2x": "zoom",
    "Join our Discord server Riverbend Robotics": "discord",
    "Our Discord server is called FalconCode, come say hi": "discord",
    "Únete a nuestro servidor de Discord Robótica": "discord",
    "Please join our ClassDojo tonight": "classdojo",
    "k4d2 is the code for our ClassDojo": "classdojo",
    "use the code MATH4U on Gimkit": "gimkit",
    "Regístrate en Edpuzzle con la clave tr4n5": "edpuzzle",
    "Join Brightwhiz with code QRX-7T2 by Friday": "brightwhiz",
    "Log in to StudyBuzz and enter code 88231": "studybuzz",
    "descarga la app StudyBuzz, código 88231": "studybuzz",
    "Game pin: 482913, join on your phones": "unnamed",
    "Join my class with class code x7b2k9q": "unnamed",
}
ORDINARY = """
Remind your parents that the door code is 4512
Remind everyone to bring the permission slip, code 4512 on page 2
The Wi-Fi password is Falcons2026
Join the Guest network, password Falcons2026
The locker code is 12-34-5
Remember the dress code on Friday
Use area code 563 when you call
Join us Friday in Room 204 for tutoring
Your student ID is 448812
Enter the Gym through door 4, code 4512
Please enroll in English 10, course code ENG101
Join the Drama Club on Monday
Join the Friday meeting in Room 204, id required
Zoom in on the picture on page 44
We played Kahoot in class today and Maya won
I put the slides on Canvas
I can't log in to Canvas, my password is not working
The code of conduct applies on trips in 2026
Print with code 4512 at the copier
The classroom code is 4512
The answer key for chapter 12 is posted
Did you finish the Quizlet set?
Scratch paper is fine, the key is on page 120
""".strip().splitlines()


@pytest.mark.parametrize(("text", "name"), INVITATIONS.items())
def test_invitation_names_its_tool(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_has_no_invitation(text: str) -> None:
    assert found(text) == []


FORMS = (
    "Join our {name} with code {code}.", "Please join {name}, the code is {code}", "Our {name} code: {code}",
    "Go to {name} and enter the code {code}", "{name} PIN {code}", "Únete a {name}, código {code}",
    "Entra en {name} con la clave {code}", "La contraseña de {name} es {code}", "Sign up for {name} (code {code})",
)  # fmt: skip


def test_every_known_tool_is_found_in_every_form() -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    missed = []
    for name in KNOWN:
        for form in FORMS:
            code = "".join(chance.choices("abcdefghjkmnpqrstuvwxyz", k=3)) + str(chance.randrange(100, 999))
            text = "Good morning. " + form.format(name=name, code=code) + " See you on Friday."
            if slug(name) not in found(text):
                missed.append(text)
    assert not missed, f"seed {seed}"


def test_unknown_names_are_found_by_their_form() -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    parts = ("Bright", "Study", "Quiz", "Class", "Learn", "Team", "Home")
    missed = []
    for _ in range(200):
        name = chance.choice(parts) + chance.choice(("Buzz", "Hive", "Nest", "Loop", "Dash"))
        code = f"{chance.choice('abcdefgh')}{chance.randrange(1000, 9999)}"
        text = chance.choice((FORMS[0], FORMS[1], FORMS[3], FORMS[5], FORMS[6], FORMS[8])).format(name=name, code=code)
        if slug(name) not in found(text):
            missed.append(text)
    assert not missed, f"seed {seed}"


def test_ordinary_words_are_names_of_known_tools() -> None:
    assert {name.lower() for name in KNOWN} >= ORDINARY_WORDS
