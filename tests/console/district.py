"""A sample district: accounts of every role, and decided messages of both channels."""

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
from gateway.core.contact.log import ContactLogRow
from gateway.core.message import parts
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.message import Envelope, Message, Recipient, new_id, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.policy.decision import Action, AuditEntry, PendingMessage, Transition
from gateway.core.policy.policy import Policy
from gateway.core.policy.transitions import by_verdict
from gateway.core.relation.relate import relate
from gateway.directory.loading import load_roster
from gateway.directory.roster import Roster
from gateway.policies import read
from gateway.ports.store import Store

DISTRICT = Path(gateway.demo.__file__).parent / "district"
STAFF, STUDENTS = "riverbend.example", "students.riverbend.example"
PASSWORD = "plenty of clover at noon"
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # cheap: the parameters are part of the hash
PASSWORD_HASH = _CHEAP.hash(PASSWORD)

USERS: Mapping[str, User] = {
    row.name: row
    for row in (
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
    """The people of the sample district."""
    return load_roster(
        DISTRICT / "oneroster", groups=DISTRICT / "groups.csv", contacts=DISTRICT / "contacts.csv",
        domains=[STAFF, STUDENTS], now=1.9e9,
    ).roster  # fmt: skip


def policy() -> Policy:
    """The shipped policy."""
    no_verdict = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
    return read(None, no_verdict)


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """A message to add, and what the classifiers find in it: clause, score and phrase."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    found: tuple[tuple[str, float, str], ...] = ()
    help: float = 0.0
    html: str = ""
    files: tuple[tuple[str, str, bytes], ...] = ()
    channel: str = MAIL
    pairs: tuple[Pair, ...] | None = None  # of a text message between numbers that the roster does not know
    raw: bytes = b""  # the exact content, instead of subject, text, html and files


def staff_address(name: str) -> str:
    """The address of a staff member."""
    return f"{name}@{STAFF}"


def student_address(name: str) -> str:
    """The address of a student."""
    return f"{name}@{STUDENTS}"


SECRECY_TEXT = "Please keep this just between us and don't tell your mother."
MESSAGES: Mapping[str, SampleMessage] = {
    "high": SampleMessage(
        staff_address("peter.lindgren"), (student_address("maya.lindqvist"),), "After practice",
        f"Maya, you are the best part of my day.\n\n{SECRECY_TEXT}\n",
        (("7a", 0.97, "just between us"), ("6", 0.8, "best")),
    ),
    "middle": SampleMessage(
        staff_address("carolann.pruitt"), (student_address("nadia.petrakis"),), "Your number",
        "Nadia, this stays our little secret.\n", (("7a", 0.93, "our little secret"),),
    ),
    "own": SampleMessage(
        staff_address("dana.okafor"), (student_address("liam.whitcomb"),), "Saturday",
        "Come alone on Saturday, it stays with us.\n",
        (("7a", 0.95, "Come alone"),),
    ),
    "child": SampleMessage(
        staff_address("peter.lindgren"), (student_address("ngozi.okafor"),), "Essay", "You looked so pretty today.\n",
        (("7a", 0.9, "so pretty"),),
    ),
    "both": SampleMessage(
        staff_address("peter.lindgren"), (student_address("maya.lindqvist"), student_address("nadia.petrakis")), "Trip",
        "Nobody needs to know about the trip.\n", (("7a", 0.91, "Nobody needs to know"),),
    ),
    "text": SampleMessage(
        "+15155550142", ("+15155550901",), "", "u up? dont tell anyone we talk", (("7a", 0.92, "dont tell anyone"),),
        channel=SMS,
        pairs=(Pair("+15155550901", "s-06", "k-04", Direction.STAFF_TO_STUDENT, outside=True),),
    ),
    "laid-out": SampleMessage(
        staff_address("peter.lindgren"), (student_address("camille.fontaine"),), "Pictures", "Look at these.\n",
        (("7a", 0.9, "Look"),), html="<h1>Look</h1><p>at <b>these</b></p><img src='https://tracker.invalid/x.png'>",
        files=(("dot.png", "image/png", bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c636070700000008c"
            "0051b5d2d3fc0000000049454e44ae426082")),),
    ),
    "help": SampleMessage(
        student_address("tess.vandermeer"), (staff_address("hollis.meyer"),), "can i come see you",
        "things at home got really bad again and i'm scared\n", help=0.98,
    ),
    "flag": SampleMessage(
        staff_address("elena.ruiz"), (student_address("owen.dahl"),), "Quick one",
        "Just text me on my cell, it is easier.\n",
        (("4", 0.93, "text me on my cell"),),
    ),
    "clean": SampleMessage(
        staff_address("dana.okafor"), (student_address("maya.lindqvist"),), "Lab", "The lab is on Thursday at ten.\n"
    ),
}  # fmt: skip
"""Messages by name. The shipped policy decides them."""
HELD = ("high", "middle", "own", "child", "both", "text", "laid-out")


def build_content(sample: SampleMessage) -> bytes:
    """The content of a message."""
    if sample.raw:
        return sample.raw
    if sample.channel == SMS:
        return sample.text.encode()
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sample.sender, ", ".join(sample.to), sample.subject
    mail.set_content(sample.text)
    if sample.html:
        mail.add_alternative(sample.html, subtype="html")
    for name, kind, data in sample.files:
        mail.add_attachment(data, *kind.split("/"), filename=name)
    return mail.as_bytes()


def build_message(sample: SampleMessage, at: float, people: Roster) -> Message:
    """The message as the gateway accepts it."""
    content = build_content(sample)
    relation = Relation(sample.pairs) if sample.pairs is not None else relate(sample.sender, (), sample.to, people)
    return Message(
        new_id(at, os.urandom(10)), sample.channel, Envelope(sample.sender, tuple(map(Recipient, sample.to))), content,
        sha256_of(content), at, relation, b"", sample.subject, f"<{os.urandom(6).hex()}@{STAFF}>" * (not sample.raw),
        sample.text[:200],
    )  # fmt: skip


def build_verdict(sample: SampleMessage, message: Message) -> Verdict:
    """The verdict on a message."""
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
        for clause, score, words in sample.found
    ]  # fmt: skip
    return Verdict(message.id, message.sha256, "1.0.0", "en", tuple(findings), {"personal": 0.8}, sample.help, (), 4.0)


async def add_message(store: Store, sample: SampleMessage, at: float, people: Roster, in_force: Policy) -> Message:
    """Accept a message and decide it with the policy."""
    message = build_message(sample, at, people)
    contacts = [
        ContactLogRow(conversation_id(pair.staff, pair.student), pair.staff, pair.student, False, True, pair.outside)
        for pair in message.relation.pairs
    ]
    await store.intake.accept(message, contacts)
    verdict = build_verdict(sample, message)

    def rule(pending: PendingMessage) -> Transition:
        return by_verdict(pending, verdict, in_force, at)

    await store.dispositions.apply([(message.id, rule)])
    return message


async def fill_store(store: Store, at: float) -> dict[str, Message]:
    """Add accounts and messages. Returns the messages by name. The first was received an hour ago."""
    people, in_force = roster(), policy()
    for user in USERS.values():
        await store.accounts.add(user, PASSWORD_HASH, AuditEntry(at, "tests", "account added", user.name))
    return {
        name: await add_message(store, sample, at - 3600 + 60 * minute, people, in_force)
        for minute, (name, sample) in enumerate(MESSAGES.items())
    }


def ids_of(messages: Mapping[str, Message], names: Sequence[str]) -> set[str]:
    """The ids of some messages."""
    return {messages[name].id for name in names}
