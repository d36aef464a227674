"""Explains messages to people: findings with their words, purpose, help, and what the policy does and why.

Used by `chaperone classify`, for one message or for rows in batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from itertools import islice
from typing import Protocol

from classifiers.extract.extraction import extract_message
from classifiers.extract.readers.reading import describe_files
from classifiers.pipeline.entity_resolution import NameDirectory, resolve_people
from gateway.core.channels.capabilities import MAIL
from gateway.core.channels.registry import CHANNELS, capabilities_of, header_section_of, parts
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import DISTRESS, HELP, IN_FILE, IN_HIDDEN, Finding, Span, Verdict
from gateway.core.mime.account import describe
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action, Decision
from gateway.core.policy.legitimate_interest import Relationship, no_relationships
from gateway.core.policy.policy import Policy

BATCH = 64


class StandaloneClassifier(Protocol):
    """What classifies the messages: the loaded classifiers."""

    def classify(self, jobs: Sequence[StandaloneMessage]) -> list[Verdict]: ...


class RelationshipDirectory(NameDirectory, Protocol):
    """The directory, as far as clause 8 needs it: `gateway.directory.roster.Roster` is one."""

    def relationships_to(self, recipient: str, about: str) -> Iterable[tuple[str, frozenset[Relationship]]]:
        """All people behind a recipient, with their relationships to the person of a sourcedId."""


@dataclass(frozen=True, slots=True)
class StandaloneMessage:
    """A message outside of any traffic. `text_part` is the part that the spans of rows refer to.

    `pairs` are its staff-student pairs of this direction, if a directory names them.
    """

    id: str
    channel: str
    direction: Direction
    content: bytes
    text_part: str = "1"
    pairs: tuple[Pair, ...] = ()

    @property
    def sha256(self) -> str:
        """The SHA-256 digest of the content."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class FindingWithWords:
    """A finding with the words of its spans."""

    finding: Finding
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One message explained. `action_without` is what the policy would do if the words of the findings were removed.

    `read` and `unread` are the account of its bytes in words: what was read, and what was not.
    """

    message: StandaloneMessage
    verdict: Verdict
    decision: Decision
    findings: tuple[FindingWithWords, ...]
    action_without: Action | None
    read: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def message_from_row(row: Mapping[str, object]) -> StandaloneMessage:
    """The message of a row `{"id","text","subject"?,"channel","from"}`. Raises ValueError that says what is wrong."""
    text, sender = row.get("text"), row.get("from")
    if not isinstance(text, str):
        raise ValueError('a row needs "text", a string')
    if sender not in ("staff", "student"):
        raise ValueError('a row needs "from": "staff" or "student"')
    channel = str(row.get("channel", "mail"))
    if channel not in CHANNELS:
        names = " or ".join(f'"{name}"' for name in CHANNELS)
        raise ValueError(f'"channel" is {names}')
    direction = Direction.STAFF_TO_STUDENT if sender == "staff" else Direction.STUDENT_TO_STAFF
    title = str(row.get("subject") or "")
    content = _content(channel, title, text)
    return StandaloneMessage(str(row.get("id", "")), channel, direction, content)


def _content(channel: str, title: str, text: str) -> bytes:
    """The content of a message of a channel that says exactly this."""
    if capabilities_of(channel).has_header_section:
        return _mail(title, text)
    return text.encode("utf-8", "replace")


def _mail(title: str, text: str) -> bytes:
    """A mail whose first part is exactly this text. It is a reply, so that quotes in the row count as quotes."""
    mail = EmailMessage(policy=SMTP)
    mail["In-Reply-To"] = "<row@invalid>"
    if title:
        mail["Subject"] = " ".join(title.split())
    mail["MIME-Version"] = "1.0"
    mail.set_content(text.encode("utf-8", "replace"), "text", "plain", cte="base64", disposition="inline")
    mail.set_param("charset", "utf-8")
    return mail.as_bytes()


def message_from_mail(
    content: bytes, direction: Direction, id: str = "", pairs: Iterable[Pair] = ()
) -> StandaloneMessage:
    """The message of an RFC 5322 content. Spans in rows refer to its first text part."""
    first = next((part.number for part in parts(content, MAIL) if part.media_type in ("text/plain", "text/html")), "1")
    return StandaloneMessage(
        id, "mail", direction, content, first, tuple(finding for finding in pairs if finding.direction is direction)
    )


def decide_message(
    message: StandaloneMessage, verdict: Verdict, policy: Policy, directory: RelationshipDirectory | None = None
) -> Decision:
    """The policy's decision. Without pairs the message counts as one pair of people who are not related."""
    pairs = message.pairs or (Pair("recipient", "staff", "student", message.direction),)
    return decide(pairs, verdict, {}, policy, no_relationships if directory is None else directory.relationships_to)


def classify_messages(
    classifier: StandaloneClassifier,
    messages: Sequence[StandaloneMessage],
    directory: RelationshipDirectory | None = None,
) -> list[Verdict]:
    """The verdicts on messages, with names resolved to people of the directory."""
    read = classifier.classify(messages)
    return [resolve_people(verdict, message.pairs, directory) for verdict, message in zip(read, messages, strict=True)]


def explain(
    classifier: StandaloneClassifier,
    message: StandaloneMessage,
    policy: Policy,
    directory: RelationshipDirectory | None = None,
) -> Explanation:
    """Explain one message. If it is held or flagged, the decision without the found words is included."""
    (verdict,) = classify_messages(classifier, [message], directory)
    decision = decide_message(message, verdict, policy, directory)
    texts = _texts_by_part(message)
    findings = tuple(FindingWithWords(finding, tuple(_words_at(finding.spans, texts))) for finding in verdict.findings)
    action_without = None
    if decision.action in (Action.HOLD, Action.FLAG) and decision.clauses:
        spans = [span for finding in verdict.findings if finding.clause in decision.clauses for span in finding.spans]
        if spans:
            stripped = _remove_words(message, spans, texts)
            remaining = _keep_other_evidence(verdict, *classify_messages(classifier, [stripped], directory))
            action_without = decide_message(stripped, remaining, policy, directory).action
    extracted = extract_message(message.content, message.channel)
    read, unread = describe(extracted.account)
    files_read, files_unread = describe_files(extracted.files)
    return Explanation(
        message, verdict, decision, findings, action_without, (*read, *files_read), (*unread, *files_unread)
    )


def _keep_other_evidence(verdict: Verdict, stripped: Verdict) -> Verdict:
    """The verdict without some words. Evidence in files and hidden text stays, and so does what could not be read."""
    elsewhere = tuple(
        finding for finding in verdict.findings if finding.cue in (IN_FILE, IN_HIDDEN) and not finding.spans
    )
    failed = tuple(dict.fromkeys((*verdict.failed, *stripped.failed)))
    return replace(stripped, findings=(*stripped.findings, *elsewhere), failed=failed)


def _texts_by_part(message: StandaloneMessage) -> dict[str, str]:
    found = {part.number: part.text for part in parts(message.content, message.channel)}
    if capabilities_of(message.channel).has_header_section:
        found["subject"] = header_section_of(message.content, message.channel).subject
    return found


def _words_at(spans: Iterable[Span], texts: Mapping[str, str]) -> Iterator[str]:
    for span in spans:
        yield " ".join(texts.get(span.part, "")[span.start : span.end].split())


def _remove_words(message: StandaloneMessage, spans: Sequence[Span], texts: Mapping[str, str]) -> StandaloneMessage:
    """The message with the words of the spans blanked out."""
    remaining = {}
    for number, text in texts.items():
        characters = list(text)
        for span in spans:
            if span.part == number:
                characters[span.start : span.end] = " " * len(characters[span.start : span.end])
        remaining[number] = "".join(characters)
    title = remaining.pop("subject", "")
    text = "\n".join(remaining.values())
    content = _content(message.channel, title, text)
    return StandaloneMessage(message.id, message.channel, message.direction, content, pairs=message.pairs)


def rows(
    classifier: StandaloneClassifier,
    messages: Iterable[StandaloneMessage],
    policy: Policy,
    directory: RelationshipDirectory | None = None,
) -> Iterator[dict[str, object]]:
    """The rows of `chaperone classify --jsonl`, in order. `spans` refer to the text of the row."""
    remaining_messages = iter(messages)
    while batch := list(islice(remaining_messages, BATCH)):
        for message, verdict in zip(batch, classify_messages(classifier, batch, directory), strict=True):
            yield row_of(message, verdict, decide_message(message, verdict, policy, directory))


def row_of(message: StandaloneMessage, verdict: Verdict, decision: Decision) -> dict[str, object]:
    """The output row of one message."""
    row: dict[str, object] = {
        "id": message.id,
        "findings": [
            _finding(finding, message.text_part)
            for finding in verdict.findings
            if finding.clause not in (HELP, DISTRESS)
        ],
        "purpose": dict(verdict.purpose),
        "help": verdict.help,
        "distress": verdict.distress or 0.0,
        "language": verdict.language,
        "action": decision.action.value,
        "clauses": list(decision.clauses),
    }
    if verdict.failed:
        row["failed"] = list(verdict.failed)
    return row


def _finding(finding: Finding, text_part: str) -> dict[str, object]:
    spans = [[span.start, span.end] for span in finding.spans if span.part == text_part]
    out: dict[str, object] = {"clause": finding.clause, "score": finding.score, "spans": spans, "by": finding.by}
    return out | ({"cue": finding.cue} if finding.cue else {}) | ({"quoted": True} if finding.quoted else {})
