"""What a person is told of a message, and the rows of the batch form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.explain import explain, message_from_mail, message_from_row, rows
from gateway import policies
from gateway.core.messages.parties import Direction, Pair
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


def test_a_row_answers_with_spans_in_its_own_text(classifier: Classifier, policy: Policy) -> None:
    given = [
        {"id": "a", "text": GROOMING, "subject": "hé, you", "channel": "mail", "from": "staff"},
        {"id": "b", "text": "Practice is at four.", "channel": "sms", "from": "staff"},
        {"id": "c", "text": "my dad hit me and im scared to go home please help", "channel": "sms", "from": "student"},
    ]
    found = list(rows(classifier, map(message_from_row, given), policy))
    assert [each["id"] for each in found] == ["a", "b", "c"]
    assert [each["action"] for each in found] == ["hold", "release", "alert"]
    assert "7a" in found[0]["clauses"]  # type: ignore[operator]
    assert "help" not in {each["clause"] for row in found for each in row["findings"]}  # type: ignore[attr-defined]
    secrecy = next(each for each in found[0]["findings"] if each.get("cue") == "secrecy")  # type: ignore[attr-defined]
    start, end = secrecy["spans"][0]
    assert GROOMING[start:end].endswith("our secret")
    assert set(found[1]) >= {"id", "findings", "purpose", "help", "language", "action", "clauses"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"from": "staff"}, "text"),
        ({"text": "x"}, "from"),
        ({"text": "x", "from": "staff", "channel": "fax"}, "channel"),
    ],
)
def test_a_wrong_row_says_what_is_wrong(row: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        message_from_row(row)


def test_an_explanation_shows_words_and_what_would_be_without_them(classifier: Classifier, policy: Policy) -> None:
    case = message_from_row({"text": f"The quiz is on Friday. {GROOMING}", "channel": "sms", "from": "staff"})
    explained = explain(classifier, case, policy)
    assert explained.decision.action is Action.HOLD
    assert any("our secret" in words for shown in explained.shown for words in shown.words)
    assert explained.without in (Action.RELEASE, Action.FLAG)


def mail(text: str, name: str, media_type: str, data: bytes) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Quiz"
    message.set_content(text)
    main, _, sub = media_type.partition("/")
    message.add_attachment(data, main, sub, filename=name)
    return message.as_bytes()


def test_without_its_words_a_message_still_has_what_nobody_could_read(classifier: Classifier, policy: Policy) -> None:
    content = mail(GROOMING, "a.bin", "application/octet-stream", bytes(range(256)))
    explained = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert explained.verdict.failed == ("unreadable",)
    assert explained.without is Action.HOLD


def test_without_its_words_a_message_still_has_its_files(classifier: Classifier, policy: Policy) -> None:
    content = mail(GROOMING, "a.csv", "text/csv", GROOMING.encode())
    explained = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert explained.verdict.failed == ()
    assert explained.without is Action.HOLD


def test_a_finding_says_where_it_is(classifier: Classifier, policy: Policy) -> None:
    def places(content: bytes) -> set[str]:
        explained = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
        return {each.cue for each in explained.verdict.findings if each.clause == "7a" and each.score >= 0.5}

    assert "in_file" in places(mail("See you.", "a.csv", "text/csv", GROOMING.encode()))
    assert "in_file" not in places(mail(GROOMING, "a.csv", "text/csv", b"a,b"))
    page = f"<p>The quiz is on Friday.</p><p hidden>{GROOMING}</p>"
    hidden = f"Subject: x\r\nContent-Type: text/html\r\n\r\n{page}\r\n".encode()
    assert "in_hidden" in places(hidden)
    quote = f"ok\r\n\r\nOn Tue, Oct 8, 2024 Someone wrote:\r\n> {GROOMING.replace(chr(10), ' ')}\r\n"
    assert "in_claimed_quote" in places(f"Subject: x\r\n\r\n{quote}".encode())


TOLD = "Avery Lindqvist's IEP is here. Avery Lindqvist has a 42 percent in Algebra and was suspended."
PRIVATE = f"Subject: Records\r\n\r\n{TOLD}\r\n".encode()


class People:
    """A directory in which Avery Lindqvist is s1, who may have what is theirs."""

    def resolve_names(self, names: Collection[str], near: Collection[str]) -> Mapping[str, str]:
        """Who is meant."""
        return {name: "s1" for name in names if name == "Avery Lindqvist"}

    def relationships_to(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """The address is the student's."""
        person = recipient.partition("@")[0]
        return [(person, frozenset({Relationship.SELF} if person == about else ()))]


def test_the_directory_is_asked_who_may_have_what_is_told(classifier: Classifier, policy: Policy) -> None:
    def held_for(student: str, people: People | None) -> tuple[str, ...]:
        pair = Pair(f"{student}@students.example", "t1", student, Direction.STAFF_TO_STUDENT)
        case = message_from_mail(PRIVATE, Direction.STAFF_TO_STUDENT, pairs=[pair])
        return explain(classifier, case, policy, people).decision.clauses

    assert "8" in held_for("s1", None)
    assert "8" in held_for("s2", People())
    assert "8" not in held_for("s1", People())


def test_a_clean_message_needs_no_counterfactual(classifier: Classifier, policy: Policy) -> None:
    content = b"Subject: Quiz\r\n\r\nThe quiz covers sections 4.1 to 4.3.\r\n"
    explained = explain(classifier, message_from_mail(content, Direction.STAFF_TO_STUDENT), policy)
    assert (explained.decision.action, explained.without) == (Action.RELEASE, None)
