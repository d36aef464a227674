"""What is said of one message to a person: findings with their words, purpose, help, what the policy does, and why.

Used by `chaperone classify`: one message explained, or rows in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from itertools import islice
from typing import Protocol

from classifiers.pipeline.entity_resolution import Whose, settled
from gateway.core.messages.message import header_section, parts, subject
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import HELP, IN_FILE, IN_HIDDEN, Finding, Span, Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action, Decision
from gateway.core.policy.legitimate_interest import Relationship, nobody_known
from gateway.core.policy.policy import Policy

BATCH = 64


class Reader(Protocol):
    """What reads the messages: the loaded classifiers."""

    def classify(self, jobs: Sequence[Case]) -> list[Verdict]: ...


class People(Whose, Protocol):
    """The directory, as far as clause 8 asks it: `gateway.directory.roster.Roster` is one."""

    def standings(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """Everybody behind a recipient, and how they stand to the person of a sourcedId."""


@dataclass(frozen=True, slots=True)
class Case:
    """A message to be explained, outside of any traffic. `text_part` is the part that spans of rows refer to.

    `pairs` are its staff-student pairs of this direction, where a directory tells them.
    """

    id: str
    channel: str
    direction: Direction
    content: bytes
    text_part: str = "1"
    pairs: tuple[Pair, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding with the words it stands on."""

    finding: Finding
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One message explained. `without` says what the policy would do were the words of the findings not there."""

    case: Case
    verdict: Verdict
    decision: Decision
    shown: tuple[Shown, ...]
    without: Action | None


def case_of_row(row: Mapping[str, object]) -> Case:
    """The case of a row `{"id","text","subject"?,"channel","from"}`. Raises ValueError that names what is wrong."""
    text, sender = row.get("text"), row.get("from")
    if not isinstance(text, str):
        raise ValueError('a row needs "text", a string')
    if sender not in ("staff", "student"):
        raise ValueError('a row needs "from": "staff" or "student"')
    channel = str(row.get("channel", "mail"))
    if channel not in ("mail", "sms"):
        raise ValueError('"channel" is "mail" or "sms"')
    direction = Direction.STAFF_TO_STUDENT if sender == "staff" else Direction.STUDENT_TO_STAFF
    title = str(row.get("subject") or "")
    content = text.encode("utf-8", "replace") if channel == "sms" else _mail(title, text)
    return Case(str(row.get("id", "")), channel, direction, content)


def _mail(title: str, text: str) -> bytes:
    """A content whose first part is exactly this text. It is an answer: what a row quotes is taken for a quote."""
    mail = EmailMessage(policy=SMTP)
    mail["In-Reply-To"] = "<row@invalid>"
    if title:
        mail["Subject"] = " ".join(title.split())
    mail["MIME-Version"] = "1.0"
    mail.set_content(text.encode("utf-8", "replace"), "text", "plain", cte="base64", disposition="inline")
    mail.set_param("charset", "utf-8")
    return mail.as_bytes()


def case_of_mail(content: bytes, direction: Direction, id: str = "", pairs: Iterable[Pair] = ()) -> Case:
    """The case of an RFC 5322 content; spans in rows refer to its first text part."""
    first = next((part.number for part in parts(content) if part.media_type in ("text/plain", "text/html")), "1")
    return Case(id, "mail", direction, content, first, tuple(each for each in pairs if each.direction is direction))


def decision_of(case: Case, verdict: Verdict, policy: Policy, people: People | None = None) -> Decision:
    """What the policy does with a message; one whose people nobody knows is of one pair and nobody's own child."""
    pairs = case.pairs or (Pair("recipient", "staff", "student", case.direction),)
    return decide(pairs, verdict, {}, policy, nobody_known if people is None else people.standings)


def verdicts(classifier: Reader, cases: Sequence[Case], people: People | None = None) -> list[Verdict]:
    """The verdicts on some messages, with people of the directory in the place of names."""
    read = classifier.classify(cases)
    return [settled(verdict, case.pairs, people) for verdict, case in zip(read, cases, strict=True)]


def explain(classifier: Reader, case: Case, policy: Policy, people: People | None = None) -> Explanation:
    """One message explained, with the counterfactual where something was found."""
    (verdict,) = verdicts(classifier, [case], people)
    decision = decision_of(case, verdict, policy, people)
    texts = _texts(case)
    shown = tuple(Shown(each, tuple(_words(each.spans, texts))) for each in verdict.findings)
    without = None
    if decision.action in (Action.HOLD, Action.FLAG) and decision.clauses:
        spans = [span for each in verdict.findings if each.clause in decision.clauses for span in each.spans]
        if spans:
            bare = _without(case, spans, texts)
            left = _left(verdict, *verdicts(classifier, [bare], people))
            without = decision_of(bare, left, policy, people).action
    return Explanation(case, verdict, decision, shown, without)


def _left(verdict: Verdict, bare: Verdict) -> Verdict:
    """What is said of a message without some words: what is in files and hidden stays, and what could not be read."""
    elsewhere = tuple(each for each in verdict.findings if each.cue in (IN_FILE, IN_HIDDEN) and not each.spans)
    failed = tuple(dict.fromkeys((*verdict.failed, *bare.failed)))
    return replace(bare, findings=(*bare.findings, *elsewhere), failed=failed)


def _texts(case: Case) -> dict[str, str]:
    found = {part.number: part.text for part in parts(case.content, case.channel)}
    if case.channel != "sms":
        found["subject"] = subject(header_section(case.content))
    return found


def _words(spans: Iterable[Span], texts: Mapping[str, str]) -> Iterator[str]:
    for span in spans:
        yield " ".join(texts.get(span.part, "")[span.start : span.end].split())


def _without(case: Case, spans: Sequence[Span], texts: Mapping[str, str]) -> Case:
    """The same message with the words of the spans taken out."""
    left = {}
    for number, text in texts.items():
        characters = list(text)
        for span in spans:
            if span.part == number:
                characters[span.start : span.end] = " " * len(characters[span.start : span.end])
        left[number] = "".join(characters)
    title = left.pop("subject", "")
    text = "\n".join(left.values())
    content = text.encode() if case.channel == "sms" else _mail(title, text)
    return Case(case.id, case.channel, case.direction, content, pairs=case.pairs)


def rows(
    classifier: Reader, cases: Iterable[Case], policy: Policy, people: People | None = None
) -> Iterator[dict[str, object]]:
    """The rows of `chaperone classify --jsonl`, in order; `spans` are those in the text itself."""
    waiting = iter(cases)
    while batch := list(islice(waiting, BATCH)):
        for case, verdict in zip(batch, verdicts(classifier, batch, people), strict=True):
            yield row_of(case, verdict, decision_of(case, verdict, policy, people))


def row_of(case: Case, verdict: Verdict, decision: Decision) -> dict[str, object]:
    """One answer row."""
    row: dict[str, object] = {
        "id": case.id,
        "findings": [_finding(each, case.text_part) for each in verdict.findings if each.clause != HELP],
        "purpose": dict(verdict.purpose),
        "help": verdict.help,
        "language": verdict.language,
        "action": decision.action.value,
        "clauses": list(decision.clauses),
    }
    if verdict.failed:
        row["failed"] = list(verdict.failed)
    return row


def _finding(each: Finding, text_part: str) -> dict[str, object]:
    spans = [[span.start, span.end] for span in each.spans if span.part == text_part]
    out: dict[str, object] = {"clause": each.clause, "score": each.score, "spans": spans, "by": each.by}
    return out | ({"cue": each.cue} if each.cue else {}) | ({"quoted": True} if each.quoted else {})
