"""A district for the tests of the console: accounts of every role, and messages of both channels as they stand."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from argon2 import PasswordHasher

import gateway.demo
from gateway.core.accounts.account import AccountRole, User
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.message import parts
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.message import Envelope, Message, Recipient, new_id, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.policy.contact import ContactLogRow
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, Transition
from gateway.core.policy.policy import Policy
from gateway.core.policy.relation import relate
from gateway.core.policy.transitions import by_verdict
from gateway.directory.loading import load_roster
from gateway.directory.roster import Roster
from gateway.policies import read
from gateway.ports.store import Store

DISTRICT = Path(gateway.demo.__file__).parent / "district"
STAFF, STUDENTS = "riverbend.example", "students.riverbend.example"
PASSWORD = "plenty of clover at noon"
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the parameters are in the hash
HASH = _CHEAP.hash(PASSWORD)

USERS: Mapping[str, User] = {
    each.name: each
    for each in (
        User("director", AccountRole.TECHNOLOGY_DIRECTOR),
        User("high", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",)),
        User("middle", AccountRole.BUILDING_ADMINISTRATOR, ("o-middle",)),
        User("security", AccountRole.SECURITY),
        User("auditor", AccountRole.AUDITOR),
        User("lindgren", AccountRole.STAFF, person="s-06"),
        User("okafor", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",), person="s-05"),  # a teacher with a child
    )
}
DIRECTOR, HIGH, MIDDLE, SECURITY, AUDITOR, LINDGREN, OKAFOR = USERS


def roster() -> Roster:
    """The sample district's people."""
    return load_roster(
        DISTRICT / "oneroster", groups=DISTRICT / "groups.csv", contacts=DISTRICT / "contacts.csv",
        domains=[STAFF, STUDENTS], now=1.9e9,
    ).roster  # fmt: skip


def policy() -> Policy:
    """The shipped policy."""
    no_verdict = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
    return read(None, no_verdict)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody writes to somebody, and what the classifiers find in it: clause, score and the very words."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    found: tuple[tuple[str, float, str], ...] = ()
    help: float = 0.0
    html: str = ""
    files: tuple[tuple[str, str, bytes], ...] = ()
    channel: str = MAIL
    pairs: tuple[Pair, ...] | None = None  # of a text, whose numbers the roster does not know
    raw: bytes = b""  # the content itself, in place of subject, text, html and files


def staff(name: str) -> str:
    """The address of a member of staff."""
    return f"{name}@{STAFF}"


def student(name: str) -> str:
    """The address of a student."""
    return f"{name}@{STUDENTS}"


SECRET = "Please keep this just between us and don't tell your mother."
SAID: Mapping[str, Said] = {
    "high": Said(
        staff("peter.lindgren"), (student("maya.lindqvist"),), "After practice",
        f"Maya, you are the best part of my day.\n\n{SECRET}\n", (("7a", 0.97, "just between us"), ("6", 0.8, "best")),
    ),
    "middle": Said(
        staff("carolann.pruitt"), (student("nadia.petrakis"),), "Your number",
        "Nadia, this stays our little secret.\n", (("7a", 0.93, "our little secret"),),
    ),
    "own": Said(
        staff("dana.okafor"), (student("liam.whitcomb"),), "Saturday", "Come alone on Saturday, it stays with us.\n",
        (("7a", 0.95, "Come alone"),),
    ),
    "child": Said(
        staff("peter.lindgren"), (student("ngozi.okafor"),), "Essay", "You looked so pretty today.\n",
        (("7a", 0.9, "so pretty"),),
    ),
    "both": Said(
        staff("peter.lindgren"), (student("maya.lindqvist"), student("nadia.petrakis")), "Trip",
        "Nobody needs to know about the trip.\n", (("7a", 0.91, "Nobody needs to know"),),
    ),
    "text": Said(
        "+15155550142", ("+15155550901",), "", "u up? dont tell anyone we talk", (("7a", 0.92, "dont tell anyone"),),
        channel=SMS,
        pairs=(Pair("+15155550901", "s-06", "k-04", Direction.STAFF_TO_STUDENT, outside=True),),
    ),
    "laid-out": Said(
        staff("peter.lindgren"), (student("camille.fontaine"),), "Pictures", "Look at these.\n",
        (("7a", 0.9, "Look"),), html="<h1>Look</h1><p>at <b>these</b></p><img src='https://tracker.invalid/x.png'>",
        files=(("dot.png", "image/png", bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c636070700000008c"
            "0051b5d2d3fc0000000049454e44ae426082")),),
    ),
    "help": Said(
        student("tess.vandermeer"), (staff("hollis.meyer"),), "can i come see you",
        "things at home got really bad again and i'm scared\n", help=0.98,
    ),
    "flag": Said(
        staff("elena.ruiz"), (student("owen.dahl"),), "Quick one", "Just text me on my cell, it is easier.\n",
        (("4", 0.93, "text me on my cell"),),
    ),
    "clean": Said(staff("dana.okafor"), (student("maya.lindqvist"),), "Lab", "The lab is on Thursday at ten.\n"),
}  # fmt: skip
"""Messages by a name; what becomes of them is the shipped policy's doing."""
HELD = ("high", "middle", "own", "child", "both", "text", "laid-out")


def content_of(said: Said) -> bytes:
    """The bytes of what somebody writes."""
    if said.raw:
        return said.raw
    if said.channel == SMS:
        return said.text.encode()
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = said.sender, ", ".join(said.to), said.subject
    mail.set_content(said.text)
    if said.html:
        mail.add_alternative(said.html, subtype="html")
    for name, kind, data in said.files:
        mail.add_attachment(data, *kind.split("/"), filename=name)
    return mail.as_bytes()


def message_of(said: Said, at: float, people: Roster) -> Message:
    """What somebody writes, as the gateway takes it in."""
    content = content_of(said)
    relation = Relation(said.pairs) if said.pairs is not None else relate(said.sender, (), said.to, people)
    return Message(
        new_id(at, os.urandom(10)), said.channel, Envelope(said.sender, tuple(map(Recipient, said.to))), content,
        sha256_of(content), at, relation, b"", said.subject, f"<{os.urandom(6).hex()}@{STAFF}>" * (not said.raw),
        said.text[:200],
    )  # fmt: skip


def verdict_of(said: Said, message: Message) -> Verdict:
    """What the classifiers say of it."""
    texts = {part.number: part.text for part in parts(message.content, message.channel)}
    findings = [
        Finding(
            clause, score, "lexicon",
            tuple(
                Span(number, text.index(words), text.index(words) + len(words))
                for number, text in texts.items() if words and words in text
            )[:1],
            cue=words,
        )
        for clause, score, words in said.found
    ]  # fmt: skip
    return Verdict(message.id, message.sha256, "1.0.0", "en", tuple(findings), {"personal": 0.8}, said.help, (), 4.0)


async def put(store: Store, said: Said, at: float, people: Roster, in_force: Policy) -> Message:
    """Take a message in and decide it by the policy."""
    message = message_of(said, at, people)
    contacts = [
        ContactLogRow(conversation_id(pair.staff, pair.student), pair.staff, pair.student, False, True, pair.outside)
        for pair in message.relation.pairs
    ]
    await store.intake.accept(message, contacts)
    verdict = verdict_of(said, message)

    def rule(pending: PendingMessage) -> Transition:
        return by_verdict(pending, verdict, in_force, at)

    await store.dispositions.apply([(message.id, rule)])
    return message


async def fill(store: Store, at: float) -> dict[str, Message]:
    """Accounts and messages, the messages by their names; the first came an hour ago."""
    people, in_force = roster(), policy()
    for user in USERS.values():
        await store.accounts.add(user, HASH, AuditEntry(at, "tests", "account added", user.name))
    return {
        name: await put(store, said, at - 3600 + 60 * minute, people, in_force)
        for minute, (name, said) in enumerate(SAID.items())
    }


def ids_of(messages: Mapping[str, Message], names: Sequence[str]) -> set[str]:
    """The ids of some messages."""
    return {messages[name].id for name in names}
