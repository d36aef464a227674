"""Phrases that bring an exchange back to the school account, by either side, in English and Spanish; emergencies."""

from __future__ import annotations

import pytest

from gateway.core.contact.phrases import find_moves, is_emergency, moves_to_school_account

MOVES = """
Please answer me at my school address.
Let's continue on the school account.
Can we move this to school email?
I'll write you from my school account tomorrow
Please email me on my district account instead, I can't text students.
Let's take this back to the district email
ok i'll email you at your school address
Could you use my school email from now on?
From now on, use the school account please.
We should keep this on the school platform.
Please use Google Classroom for questions like this, not my phone.
Better to write to my school mail
I don't answer on my personal phone, please write to my school account
Write to me at school address next time please, I shouldn't use my own number for this.
Sure! moving over to my school email now
Por favor escríbeme a mi correo de la escuela.
Sigamos por el correo escolar
mejor le escribo desde mi cuenta de la escuela
No puedo contestar por aquí, usa la cuenta del distrito
Hablemos mañana por la cuenta institucional, por favor
Te escribo por el correo de la escuela, profe
I can't text you from my personal number, email my school account.
Let's switch to my work email.
I'd rather you email me at my school address
Back to school email please
Please reply to my district address, this is my personal phone.
can u email me at school instead
Let us go on with this in the district's messaging app.
Coach, should I send it to your school email instead?
I'm not allowed to text students on my own phone
Pasemos esta conversación a la cuenta del colegio.
Contéstame en la cuenta escolar por favor
Please contact me through my school e-mail only.
Let's stick to school email.
I will answer from my district account.
Use my school account, not this number.
""".strip().splitlines()
STAYS = """
Don't use the school account, text me.
Not on my school email, they read it.
Use my gmail instead of the school account
Text me at my cell, my school email is down
Write to my personal email, not my school email
no me escribas al correo de la escuela
The school account is monitored so let's use snap
Let's keep this off the school email
My school email is blocked, use whatsapp
I can't talk about this on the school account
Remind me to bring the forms please
Please bring the forms to the school office
The school phone rang
please don't email me at my school address, use this one
en vez del correo escolar usa mi whatsapp
Teams are posted on the door, please check
better to text than school email
I never check my school email, just text me
escríbeme por whatsapp, el correo de la escuela está vigilado
Rather than the school account let's use Signal
we should talk outside of the school account
We read chapter 4 in class, please bring the book.
The school phone list is in the office.
Remind your parents about the form please.
I can't come to practice today.
""".strip().splitlines()


@pytest.mark.parametrize("text", MOVES)
def test_the_exchange_goes_back_to_the_school_account(text: str):
    assert moves_to_school_account(text)
    assert moves_to_school_account(f"Hi! The game is at six. {text.upper()}")


@pytest.mark.parametrize("text", STAYS)
def test_it_does_not(text: str):
    assert not moves_to_school_account(text)


def test_the_place_is_that_of_the_words():
    text = "The bus is late. Please write to my school account, thanks."
    ((start, end),) = find_moves(text)
    assert text[start:end] == "Please write to my school account"
    accents = "¡Está bien! Escríbeme al correo escolar"
    ((start, end),) = find_moves(accents)
    assert accents[start:end] == "Escríbeme al correo escolar"


@pytest.mark.parametrize(
    "text",
    [
        "The bus broke down at exit 111.", "Maya hurt her ankle, we are on the way to the hospital",
        "There was an accident on I-35", "El autobús se descompuso", "Hubo un accidente, nadie está herido",
        "im stuck in traffic", "we are stuck on i-35", "He crashed my car", "There is a fire at school",
    ],
)  # fmt: skip
def test_emergencies(text: str):
    assert is_emergency(text)


@pytest.mark.parametrize(
    "text",
    [
        "Practice is at four.", "You hurt me", "What are you up to?", "La práctica es a las 4", "stuck on 7",
        "im stuck at number 5", "stuck on the last problem", "my laptop crashed", "this song is fire",
        "i deleted it by accident",
    ],
)  # fmt: skip
def test_no_emergency(text: str):
    assert not is_emergency(text)
