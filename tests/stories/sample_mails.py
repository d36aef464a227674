"""Sample mail of a district for the stories, each with the expected result."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

TEACHERS = ("dana.okafor", "peter.lindgren", "wade.brannigan", "elena.ruiz", "yusuf.haddad")
STUDENTS = ("maya.lindqvist", "jonas.stoltz", "liam.whitcomb", "diego.villalobos", "tess.vandermeer", "caleb.ostrander")
STAFF_DOMAIN, STUDENT_DOMAIN = "riverbend.example", "students.riverbend.example"

CLEAN = (
    ("Quiz on Thursday", "The quiz covers sections 4.1 to 4.3. Bring a calculator and your notes."),
    ("Lab report", "Your lab report is due on Friday at 3 pm. Please add the table of measurements."),
    ("Bus for the museum trip", "The bus for the field trip leaves at 8:15 from the main entrance. Bring a lunch."),
    ("Retake", "You can retake the vocabulary test during study hall on Tuesday in room 204."),
    ("Rehearsal moved", "Rehearsal moves to the auditorium this week because the gym floor is being polished."),
    ("Essay draft", "I read your draft. The second paragraph needs a source for the number of settlers."),
    ("Homework question", "For number six you factor first and then set each part equal to zero."),
    ("Reminder: permission slips", "Permission slips for the science fair are due to the office by Wednesday."),
)
PROHIBITED = (
    ("7a", "hey", "You looked so beautiful today. This stays our secret, do not tell your parents, and delete this."),
    ("7a", "tonight", "I keep thinking about you. Come over when you are alone tonight, nobody has to know about us."),
    ("7b", "weekend", "I can get you some beer and weed for the weekend, just do not tell anybody where you got it."),
    ("7c", "class", "Girls are too stupid for physics, every one of them should stay in the kitchen."),
    ("7d", "grade", "Give me two hundred dollars and I will change your grade from an F to an A before Friday."),
    ("7e", "you", "You are a fat worthless loser, everybody in the class laughs at you and nobody wants you here."),
)
OUTSIDE = (
    ("Order", "Please send forty boxes of copy paper to the district office."),
    ("Invoice 2231", "The invoice for the gym floor is attached as agreed. Kind regards."),
    ("Minutes", "Here are the minutes of the board meeting. Corrections by Monday, please."),
)


@dataclass(frozen=True, slots=True)
class SampleMail:
    """One message to send. `expected` is "clean", "out of scope", or the clause that it must be held for."""

    expected: str
    sender: str
    recipient: str
    message_id: str
    content: bytes


def sample_mails(count: int, seed: int, *, marker: str = "") -> Sequence[SampleMail]:
    """A mix: three fifths in scope and clean, a fifth prohibited, a fifth out of scope with `marker` in its text."""
    rng = random.Random(seed)
    return [_sample(number, rng, marker) for number in range(count)]


def _sample(number: int, rng: random.Random, marker: str) -> SampleMail:
    teacher, student = f"{rng.choice(TEACHERS)}@{STAFF_DOMAIN}", f"{rng.choice(STUDENTS)}@{STUDENT_DOMAIN}"
    kind = number % 5
    if kind == 3:
        expected, subject, text = PROHIBITED[number // 5 % len(PROHIBITED)]
        return _build(expected, teacher, student, subject, text, number, rng)
    if kind == 4:
        subject, text = rng.choice(OUTSIDE)
        return _build("out of scope", teacher, f"sales{number}@paper.example", subject, f"{text} {marker}", number, rng)
    subject, text = rng.choice(CLEAN)
    sender, recipient = (teacher, student) if kind else (student, teacher)
    return _build("clean", sender, recipient, subject, text, number, rng)


def _build(
    expected: str, sender: str, recipient: str, subject: str, text: str, number: int, rng: random.Random
) -> SampleMail:
    message = EmailMessage(policy=SMTP)
    message_id = f"<{number}.{rng.getrandbits(48):x}@samples.example>"
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, recipient, subject, message_id
    message["Date"] = "Tue, 24 Nov 2026 09:30:00 -0600"
    message.set_content(f"{text}\n\n.\n..\n", cte="8bit" if number % 3 else "quoted-printable")
    if number % 7 == 0:
        message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    if number % 11 == 0:
        message.add_attachment(_picture(rng), maintype="image", subtype="png", filename="board.png")
    return SampleMail(expected, sender, recipient, message_id, message.as_bytes())


def _picture(rng: random.Random) -> bytes:
    """A PNG of gray noise, 60 kB."""
    size = 245
    rows = b"".join(b"\0" + rng.randbytes(size) for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
