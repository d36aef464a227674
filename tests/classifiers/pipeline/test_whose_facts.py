"""Clause 8 over a roster: each kind of fact, each way to say it, each kind of file, each relation of the recipient."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path

import pytest

from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.entity_resolution import FACTS, resolve_people
from classifiers.pipeline.job import Job, direction_of
from gateway import policies
from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction, Pair, Role
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy
from gateway.directory.loading import load_roster
from gateway.directory.roster import Roster
from tests.classifiers.pipeline.record_files import CSV, DOCX, HTML, MEDIA_TYPES, PDF, XLSX, Rows, make_file

DISTRICT = Path(policies.__file__).parent.parent / "demo" / "district"
DANA, HOLLIS = "dana.okafor@riverbend.example", "hollis.meyer@riverbend.example"  # her teacher; an administrator
MAYA, OWEN = "maya.lindqvist@students.riverbend.example", "owen.dahl@students.riverbend.example"
CLASS = "biology-2@riverbend.example"
MAYA_ID, NAME, FIRST = "k-02", "Maya Lindqvist", "Maya"

STATEMENTS = {
    "grades": (
        "{} got a 62 on the biology exam.", "{} is failing English.", "{}'s average is 58%.", "{} got a D- in history.",
        "The exam grade for {} is 47.", "{} failed the last two tests.", "{} sacó un 62 en el examen.",
        "{} va reprobando matemáticas.",
        "{} scored 58 out of 100 on the midterm.",
    ),
    "special_education": (
        "{} has an IEP.", "{} is in special education.", "{} was tested and has dyslexia.",
        "{}'s 504 plan was renewed.",
        "{} tiene un plan 504.", "{} está en educación especial.",
    ),
    "discipline": (
        "{} was suspended for three days.", "{} has a disciplinary hearing on Monday.", "{} got expelled last year.",
        "A {} la suspendieron dos días.", "{} was caught vaping and got detention.",
    ),
    "health": (
        "{} takes medication for anxiety.", "{} was diagnosed with epilepsy.", "{} is pregnant.", "{} has diabetes.",
        "{} toma medicamentos para la depresión.", "{}'s therapist called the school.",
    ),
    "family": (
        "{} is in foster care.", "{}'s parents have a custody hearing.", "{}'s dad is in jail.",
        "El papá de {} está en la cárcel.", "{} is homeless right now.",
    ),
    "immigration": ("{}'s family is undocumented.", "{} was worried because her uncle was deported.",
                    "La familia de {} es indocumentada."),
    "free_lunch": ("{} gets free lunch.", "{} is on free and reduced lunch.", "{} recibe almuerzo gratis."),
    "address": ("{} lives at 114 Elm Street.", "{}'s phone number is 515-555-0123.", "{} vive en la calle Roble 114."),
    "id": ("{}'s student ID is 104233.", "{}'s date of birth is 03/14/2010."),
}  # fmt: skip

FORMS: dict[str, Rows] = {
    "iep": (
        ("INDIVIDUALIZED EDUCATION PROGRAM",), ("Student:", NAME), ("Date of birth:", "03/14/2010"),
        ("Parent/Guardian:", "Ingrid Lindqvist"), ("Case manager:", "Lucia Marsh"), ("Disability:", "ADHD"),
        ("Present Levels of Academic Achievement",), ("Maya reads at a fifth grade level. She takes medication.",),
        ("Accommodations:", "extended time on tests"),
    ),
    "report": (
        ("Riverbend High School Report Card",), ("Name:", NAME), ("Biology", "62 D"), ("Algebra II", "B"),
        ("GPA:", "2.85"), ("She needs to hand in her labs.",),
    ),
    "letter": (
        ("Office of Student Services",), (f"RE: {NAME}",),
        ("This letter confirms that the student was suspended for two days because of a fight.",),
        ("She may not be on school grounds. A hearing will be held on October 10.",), ("Denise Abara, Principal",),
    ),
    "health plan": (
        ("Individual Health Plan",), ("Student:", NAME), ("Physician:", "Dr. Alan Reyes"),
        ("Diagnosis:", "Type 1 diabetes"), ("Medication:", "insulin with meals"),
        ("The student may carry a glucose meter.",), ("Emergency contact:", "Ingrid Lindqvist, 515-555-0190"),
    ),
    "programa": (
        ("Programa de Educación Individualizado",), ("Nombre del alumno:", NAME), ("Fecha de nacimiento:",
        "14/03/2010"),
        ("Discapacidad:", "dislexia"), ("La alumna recibe tiempo extra en los exámenes.",),
    ),
}  # fmt: skip

TABLES: dict[str, Rows] = {
    "scores": (("Student", "Exam 2"), (NAME, "62"), ("Diego Villalobos", "58"), ("Hodan Warsame", "71")),
    "letters": (("Name", "Grade"), ("Lindqvist, Maya", "D"), ("Villalobos, Diego", "B+"), ("Warsame, Hodan", "A")),
    "columns": (("Last", "First", "Test"), ("Lindqvist", "Maya", "62%"), ("Villalobos", "Diego", "58%")),
    "services": (("Student", "Services"), (NAME, "IEP"), ("Diego Villalobos", "504 plan")),
    "lunch": (("Student", "Lunch"), (NAME, "free lunch"), ("Diego Villalobos", "reduced lunch")),
}

SPANISH = re.compile(r"\b(?:sacó|va|tiene|está|toma|recibe|vive)\b")

LISTS = (
    "Quiz scores: Diego 58, Maya 62, Hodan 71.",
    "Scores\nDiego Villalobos 58\nMaya Lindqvist 62",
    "Maya: 62%\nDiego: 58%",
    "Diego Villalobos, B+\nMaya Lindqvist, D",
)

INNOCENT = (
    "Maya was great on stage, congratulations!", "You and Maya will present on diabetes on Tuesday.",
    "Maya Lindqvist, 10, Goalkeeper\nDiego Villalobos, 10, Forward", "Maya won the essay contest.",
    "Lineup\nMaya Lindqvist 12\nDiego Villalobos 14\nHodan Warsame 7", "Maya has a 3 pm slot, you have a 4 pm slot.",
    "Groups\nMaya Lindqvist - A\nDiego Villalobos - B\nHodan Warsame - A", "Maya got the lead in the play!",
    "Maya scored 12 points in the game last night.", "Maya is taking the makeup test on Friday, you can join her.",
    "Maya and you are lab partners. You got an 88 on the quiz.",
    "Maya's project about depression in poetry was accepted.",
    "Your average is 91 and your IEP meeting is on Tuesday.", "Tu promedio es 62, ven a verme el lunes con Maya.",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A mail about Maya, and the action that it must come to."""

    label: str
    sender: str
    recipient: str
    text: str
    action: Action
    file: tuple[str, Rows] | None = None


def written_cases() -> Iterator[Case]:
    """Sentences, with names, nicknames of pronouns, to Maya and to a classmate."""
    for kind, statements in STATEMENTS.items():
        for statement in statements:
            for name in (NAME, FIRST, "Lindqvist, Maya") if kind == "grades" and statement[0] == "{" else (NAME, FIRST):
                text = statement.format(name)
                yield Case(kind, DANA, OWEN, text, Action.HOLD)
                yield Case(kind, DANA, MAYA, text, Action.RELEASE)
            if statement.startswith("{} ") and "é" not in statement and statement.isascii() is not False:
                pronoun = f"I spoke with {NAME} yesterday. {statement.format('She')}"
                yield Case(kind, DANA, OWEN, pronoun, Action.HOLD)
    for text in LISTS:
        for recipient in (OWEN, MAYA):
            yield Case("list", DANA, recipient, text, Action.HOLD)
    for text in INNOCENT:
        yield Case("innocent", DANA, OWEN, text, Action.RELEASE)


def filed_cases() -> Iterator[Case]:
    """Forms about Maya, and tables with her in a row, in every kind of file."""
    for name, rows in FORMS.items():
        for kind in (PDF, DOCX, HTML, XLSX):
            file = kind, rows
            label = f"{name}.{kind}"
            yield Case(label, DANA, OWEN, "Please see the file.", Action.HOLD, file)
            yield Case(label, DANA, MAYA, "Please see the file.", Action.RELEASE, file)
            yield Case(label, MAYA, DANA, "Here it is.", Action.RELEASE, file)
            yield Case(label, MAYA, HOLLIS, "Here it is.", Action.RELEASE, file)
    for name, rows in TABLES.items():
        for kind in (PDF, DOCX, HTML, XLSX, CSV):
            for recipient in (OWEN, MAYA, CLASS):
                yield Case(f"{name}.{kind}", DANA, recipient, "The list is attached.", Action.HOLD, (kind, rows))
            yield Case(f"{name}.{kind}", MAYA, DANA, "The list is attached.", Action.RELEASE, (kind, rows))


@cache
def roster() -> Roster:
    domains = ["riverbend.example", "students.riverbend.example"]
    groups = DISTRICT / "groups.csv"
    return load_roster(DISTRICT / "oneroster", groups=groups, domains=domains, now=time.time()).roster


def pairs_of(case: Case) -> list[Pair]:
    sender = roster().person(case.sender)
    assert sender is not None
    members = roster().members(case.recipient)
    receivers = members if members is not None else [roster().person(case.recipient)]
    pairs = []
    for receiver in receivers:
        assert receiver is not None
        if Role.STAFF in sender.roles and Role.STUDENT in receiver.roles:
            pairs.append(Pair(case.recipient, sender.id, receiver.id, Direction.STAFF_TO_STUDENT))
        elif Role.STUDENT in sender.roles and Role.STAFF in receiver.roles:
            pairs.append(Pair(case.recipient, receiver.id, sender.id, Direction.STUDENT_TO_STAFF))
    return pairs


def content_of(case: Case) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Exam" if case.label == "grades" else "Hello"
    message.set_content(case.text)
    if case.file is not None:
        kind, rows = case.file
        main, _, sub = MEDIA_TYPES[kind].partition("/")
        message.add_attachment(make_file(kind, rows), main, sub, filename=f"record.{kind}")
    return message.as_bytes()


@pytest.fixture(scope="module", name="judge")
def _judge() -> Callable[[Sequence[Case]], list[tuple[Case, Action, Verdict]]]:
    """Reads cases and decides on them by clause 8."""
    classifier: Classifier = load()
    policy: Policy = policies.read(
        None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
    )

    def judge(cases: Sequence[Case]) -> list[tuple[Case, Action, Verdict]]:
        jobs = []
        for case in cases:
            content, pairs = content_of(case), pairs_of(case)
            jobs.append(
                Job("m", sha256_of(content), MAIL, direction_of(pairs), content, case.sender, pairs=tuple(pairs))
            )
        judged = []
        for case, job, verdict in zip(cases, jobs, classifier.classify(jobs), strict=True):
            resolved = resolve_people(verdict, job.pairs, roster())
            decision = decide(job.pairs, resolved, {}, policy, roster().relationships_to)
            judged.append((case, decision.action if "8" in decision.clauses else Action.RELEASE, resolved))
        return judged

    return judge


Judge = Callable[[Sequence[Case]], list[tuple[Case, Action, Verdict]]]


def wrong(judged: Sequence[tuple[Case, Action, Verdict]]) -> list[str]:
    """The cases that came to something else than they must, or by something else than clause 8."""
    found = []
    for case, action, verdict in judged:
        of_clause = [finding for finding in verdict.findings if finding.clause == "8"]
        known = case.action is not Action.HOLD or any(finding.about == MAYA_ID for finding in of_clause)
        if action is not case.action or not known:
            shown = [(finding.by, finding.cue, finding.score, finding.about) for finding in of_clause]
            found.append(f"{case.label} to {case.recipient}: {action}: {case.text}: {shown}")
    return found


def test_written_facts_are_held_for_others_and_fine_for_their_owner(judge: Judge) -> None:
    assert wrong(judge(list(written_cases()))) == []


def test_files_are_resolved_like_texts(judge: Judge) -> None:
    assert wrong(judge(list(filed_cases()))) == []


def test_a_table_has_a_finding_for_each_person_and_says_how_many(judge: Judge) -> None:
    ((_, _, verdict),) = judge([Case("table", DANA, OWEN, "See the file.", Action.HOLD, (XLSX, TABLES["scores"]))])
    facts = [finding for finding in verdict.findings if finding.by == FACTS]
    assert [(finding.about, finding.people, finding.cue) for finding in facts] == [
        (id_, 3, "grades") for id_ in ("k-02", "k-04", "k-09")
    ]
