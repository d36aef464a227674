"""Explanations of messages, and the rows of the batch form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.explain import explain, message_from_mail, message_from_row, rows
from gateway import policies
from gateway.core.messages.parties import Direction, Pair, Person, Role
from gateway.core.policy.decision import Action
from gateway.core.policy.legitimate_interest import Relationship
from gateway.core.policy.policy import Policy

GROOMING = "You look so beautiful today.\nThis stays our secret, don't tell your parents."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})


def test_rows_have_spans_in_their_own_text(classifier: Classifier, policy: Policy) -> None:
    given = [
        {"id": "a", "text": GROOMING, "subject": "hé, you", "channel": "mail", "from": "staff"},
        {"id": "b", "text": "Practice is at four.", "channel": "sms", "from": "staff"},
        {"id": "c", "text": "my dad hit me and im scared to go home please help", "channel": "sms", "from": "student"},
    ]
    found = list(rows(classifier, map(message_from_row, given), policy))
    assert [row["id"] for row in found] == ["a", "b", "c"]
    assert [row["action"] for row in found] == ["hold", "release", "alert"]
    assert "7a" in found[0]["clauses"]  # type: ignore[operator]
    assert "help" not in {row["clause"] for row in found for row in row["findings"]}  # type: ignore[attr-defined]
    secrecy = next(row for row in found[0]["findings"] if row.get("cue") == "secrecy")  # type: ignore[attr-defined]
    start, end = secrecy["spans"][0]
    assert GROOMING[start:end].endswith("our secret")
    assert set(found[1]) >= {"id", "findings", "purpose", "help", "language", "action", "clauses"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"from": "staff"}, "text"),
        ({"text": "x"}, "from"),
        ({"text": "x", "from": "staff", "channel": "fax"}, "channel"),
    ],
)
def test_an_invalid_row_says_what_is_wrong(row: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        message_from_row(row)


def test_an_explanation_has_words_and_the_decision_without_them(classifier: Classifier, policy: Policy) -> None:
    message = message_from_row({"text": f"The quiz is on Friday. {GROOMING}", "channel": "sms", "from": "staff"})
    explanation = explain(classifier, message, policy)
    assert explanation.decision.action is Action.HOLD
    assert any("our secret" in words for findings in explanation.findings for words in findings.words)
    assert explanation.action_without in (Action.RELEASE, Action.FLAG)


def mail(text: str, name: str, media_type: str, data: bytes) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Quiz"
    message.set_content(text)
    main, _, sub = media_type.partition("/")
    message.add_attachment(data, main, sub, filename=name)
    return message.as_bytes()


def test_unreadable_parts_stay_without_the_words(classifier: Classifier, policy: Policy) -> None:
    content = mail(GROOMING, "a.bin", "application/octet-stream", bytes(range(256)))
    explanation = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert explanation.verdict.failed == ("unreadable",)
    assert explanation.action_without is Action.HOLD


def test_files_stay_without_the_words(classifier: Classifier, policy: Policy) -> None:
    content = mail(GROOMING, "a.csv", "text/csv", GROOMING.encode())
    explanation = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert explanation.verdict.failed == ()
    assert explanation.action_without is Action.HOLD


def test_a_finding_names_its_place(classifier: Classifier, policy: Policy) -> None:
    def places(content: bytes) -> set[str]:
        explanation = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
        return {row.cue for row in explanation.verdict.findings if row.clause == "7a" and row.score >= 0.5}

    assert "in_file" in places(mail("See you.", "a.csv", "text/csv", GROOMING.encode()))
    assert "in_file" not in places(mail(GROOMING, "a.csv", "text/csv", b"a,b"))
    page = f"<p>The quiz is on Friday.</p><p hidden>{GROOMING}</p>"
    hidden = f"Subject: x\r\nContent-Type: text/html\r\n\r\n{page}\r\n".encode()
    assert "in_hidden" in places(hidden)
    quote = f"ok\r\n\r\nOn Tue, Oct 8, 2024 Someone wrote:\r\n> {GROOMING.replace(chr(10), ' ')}\r\n"
    assert "in_claimed_quote" in places(f"Subject: x\r\n\r\n{quote}".encode())


RECORDS = "Avery Lindqvist's IEP is here. Avery Lindqvist has a 42 percent in Algebra and was suspended."
PRIVATE_MAIL = f"Subject: Records\r\n\r\n{RECORDS}\r\n".encode()


class DirectoryOfOne:
    """A directory in which Avery Lindqvist is s1, a person with legitimate interest in their own records."""

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Resolve the one known name."""
        return {name: "s1" for name in names if name == "Avery Lindqvist"}

    def by_id(self, id_: str) -> Person | None:
        """Everybody is a student."""
        return Person(id_, "", frozenset({Role.STUDENT}))

    def relationships_to(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """The address belongs to the student."""
        person = recipient.partition("@")[0]
        return [(person, frozenset({Relationship.SELF} if person == about else ()))]


def test_the_directory_decides_about_legitimate_interest(classifier: Classifier, policy: Policy) -> None:
    def held_for(student: str, directory: DirectoryOfOne | None) -> tuple[str, ...]:
        pair = Pair(f"{student}@students.example", "t1", student, Direction.STAFF_TO_STUDENT)
        message = message_from_mail(PRIVATE_MAIL, Direction.STAFF_TO_STUDENT, pairs=[pair])
        return explain(classifier, message, policy, directory).decision.clauses

    assert "8" in held_for("s1", None)
    assert "8" in held_for("s2", DirectoryOfOne())
    assert "8" not in held_for("s1", DirectoryOfOne())


def test_a_clean_message_has_no_counterfactual(classifier: Classifier, policy: Policy) -> None:
    content = b"Subject: Quiz\r\n\r\nThe quiz covers sections 4.1 to 4.3.\r\n"
    explanation = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert (explanation.decision.action, explanation.action_without) == (Action.RELEASE, None)
