"""What the page of a message shows: the clauses that were found, its text with the findings marked, and its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from gateway.console.messages.attachments import NO_FILE, FileText
from gateway.console.messages.names import Names
from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.verdict import DISTRESS, HELP, Finding, Span
from gateway.core.mime.account import ByteSpan, Use
from gateway.core.mime.account import describe as describe_account
from gateway.core.mime.parts import Part
from gateway.core.mime.shown_header import SHOWN_ADDRESS_FIELDS, ShownHeader
from gateway.core.policy.policy import Policy, Thresholds
from gateway.core.review.pseudonyms import MaskedText
from gateway.core.review.views import ConversationMessage, MessageDetail

MAX_TEXT = 200_000
"""Characters of one part that a page shows."""
_MAX_SPANS, _MAX_PHRASES, _PHRASES_SHOWN = 500, 40, 6
_TEXT_TYPES = re.compile(r"text/(?:plain|html)")
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif", b"GIF89a": "image/gif",
}  # fmt: skip
_NO_FILES: Mapping[str, FileText] = MappingProxyType({})
_DISTRESS_TITLE = "A student in distress"
_DISTRESS_TEXT = "A student who is overwhelmed, sad, grieving, lonely or afraid, without being in danger."
_NEVER = 2.0
"""A threshold that no score reaches."""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A piece of text with the clauses that were found in it; `tooltip` says which and how sure."""

    text: str
    clauses: tuple[str, ...] = ()
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class ClauseReason:
    """One clause that was found: how sure, by what component, and the thresholds of the policy.

    `decisive`: the decision names it. `counts`: it is decisive, or its score reaches a threshold. `policy_known`: the
    policy file of that time is stored. `about`: whose information it is; `authorized`: everybody who gets the message
    may have this information.
    """

    clause: str
    title: str
    text: str
    score: float
    by: str
    cues: tuple[str, ...]
    phrases: tuple[str, ...]
    quoted: bool
    hold: float | None
    flag: float | None
    decisive: bool
    counts: bool
    policy_known: bool = True
    about: tuple[str, ...] = ()
    authorized: bool = False

    @property
    def percent(self) -> int:
        """The score as a percentage."""
        return round(self.score * 100)

    @property
    def main_phrase(self) -> str:
        """The phrase that says most about the finding: the longest."""
        return max(self.phrases, key=len, default="")

    @property
    def outcome(self) -> str:
        """At which score the outcome would have been another one, in a sentence."""
        if self.clause in (HELP, DISTRESS):
            return ""
        if not self.policy_known:
            return "The policy file of that time is not stored: its thresholds are unknown."
        if self.authorized and not self.decisive:
            return "According to the current roster, everybody who gets the message may know this, so it holds nothing."
        held = self.hold is not None and self.score >= self.hold
        threshold = self.hold if held else self.flag
        if threshold is None:
            return "This clause alone holds nothing in this direction."
        action = "held" if held else "flagged"
        if self.score < threshold:
            return f"At {round(threshold * 100)} % or more it would have been {action}."
        return f"Below {round(threshold * 100)} % it would not have been {action}."


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a message. `failed` has words for what of a file could not be read."""

    number: str
    media_type: str
    filename: str
    size: int
    texts: tuple[MarkedText, ...]
    cut: bool
    html: bool
    picture: bool
    attached: bool
    hidden: tuple[MarkedText, ...]
    failed: tuple[str, ...] = ()


def clause_reasons(
    detail: MessageDetail, policy: Policy, names: Names, files: Mapping[str, FileText] = _NO_FILES, *,
    policy_known: bool = True,
) -> list[ClauseReason]:  # fmt: skip
    """The clauses that were found: decisive ones first, then by score."""
    by_clause: dict[str, list[Finding]] = {}
    for finding in detail.verdict.findings if detail.verdict else ():
        by_clause.setdefault(finding.clause, []).append(finding)
    texts = {number: names.mask(text) for number, text in _texts(detail, files).items()}
    reasons = []
    for id_, findings in by_clause.items():
        best = max(findings, key=lambda finding: finding.score)
        clause, thresholds = policy.clauses.get(id_), _thresholds(id_, detail, policy)
        phrases = [
            _slice(texts[span.part], span)
            for finding in sorted(findings, key=lambda finding: -finding.score)
            for span in finding.spans
            if span.part in texts
        ]
        decisive = _is_decisive(id_, detail)
        unauthorized = [finding for finding in findings if not _is_authorized(finding, detail, policy, names)]
        title, text = (clause.title, clause.text) if clause else ("", "")
        if id_ == HELP:
            title, text = policy.help_title, policy.help_text
        elif id_ == DISTRESS:
            title, text = _DISTRESS_TITLE, _DISTRESS_TEXT
        reasons.append(
            ClauseReason(
                id_, title, text, best.score, best.by,
                tuple(dict.fromkeys(names.hide(finding.cue) for finding in findings if finding.cue)),
                _distinct(_shorten(phrase) for phrase in phrases if phrase.strip())[:_PHRASES_SHOWN],
                all(finding.quoted for finding in findings),
                thresholds.hold if thresholds else None, thresholds.flag if thresholds else None, decisive,
                decisive or any(_reaches(finding, thresholds, policy) for finding in unauthorized), policy_known,
                tuple(dict.fromkeys(names.name_of(finding.about) for finding in findings if finding.about)),
                not unauthorized,
            )
        )  # fmt: skip
    return sorted(reasons, key=lambda reason: (not reason.decisive, -reason.score))


def _thresholds(clause_id: str, detail: MessageDetail, policy: Policy) -> Thresholds | None:
    clause, direction = policy.clauses.get(clause_id), detail.trace.direction
    return clause.thresholds.get(direction) if clause and direction != "out_of_scope" else None


def _is_decisive(clause_id: str, detail: MessageDetail) -> bool:
    trace = detail.trace
    return (
        clause_id in trace.clauses
        or (clause_id == HELP and trace.action == "alert")
        or (clause_id == DISTRESS and DISTRESS in trace.reasons)
    )


def _is_authorized(finding: Finding, detail: MessageDetail, policy: Policy, names: Names) -> bool:
    """Whether everybody who gets the message may have the information that a finding is about."""
    clause = policy.clauses.get(finding.clause)
    if clause is None or not clause.authorised or not finding.about:
        return False
    return names.authorized(detail.trace.relation.pairs, finding.about, clause.authorised)


def _slice(text: MaskedText, span: Span) -> str:
    start, end = text.map_span(span.start, span.end)
    return text.text[start:end]


def _reaches(finding: Finding, thresholds: Thresholds | None, policy: Policy) -> bool:
    known = (thresholds.flag, thresholds.hold) if thresholds else ()
    lowest = min((threshold for threshold in known if threshold is not None), default=_NEVER)
    return finding.score * (policy.quoted_weight if finding.quoted else 1.0) >= lowest


def _marked_findings(detail: MessageDetail, policy: Policy) -> list[Finding]:
    """The findings to mark: those that the policy acts on. Weak ones would mark half of every text."""
    found = []
    for finding in detail.verdict.findings if detail.verdict else ():
        thresholds = _thresholds(finding.clause, detail, policy)
        decisive = _is_decisive(finding.clause, detail)
        if _reaches(finding, thresholds, policy) or (decisive and thresholds is None):
            found.append(finding)
    return found


def _shorten(phrase: str) -> str:
    phrase = " ".join(phrase.split())
    return phrase if len(phrase) <= 90 else phrase[:88] + "…"


def _distinct(phrases: Iterable[str]) -> tuple[str, ...]:
    """Each phrase once, and none that is part of another one: “me” adds nothing to “only you and me”."""
    once = list(dict.fromkeys(phrases))[:_MAX_PHRASES]

    def is_part(phrase: str, other: str) -> bool:
        return phrase != other and re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", other, re.IGNORECASE) is not None

    return tuple(phrase for phrase in once if not any(is_part(phrase, other) for other in once))


def first_mention(parts: Iterable[PartView], reason: ClauseReason) -> MarkedText | None:
    """Where the main phrase of a reason begins in the text; otherwise the first text that is marked for its clause."""
    first = None
    for part in parts:
        if part.attached:
            continue
        for at, text in enumerate(part.texts):
            if reason.clause not in text.clauses:
                continue
            following = " ".join("".join(later.text for later in part.texts[at : at + 20]).split())
            if following.startswith(reason.main_phrase.rstrip("…")):
                return text
            first = first or text
    return first


def _texts(detail: MessageDetail, files: Mapping[str, FileText]) -> dict[str, str]:
    texts = {part.number: part.text or files.get(part.number, NO_FILE).text for part in detail.parts()}
    if capabilities_of(detail.channel).has_header_section:
        texts["subject"] = detail.header.subject
    return texts


def marked_subject(detail: MessageDetail, policy: Policy, names: Names) -> tuple[MarkedText, ...]:
    """The subject with the findings in it; empty for a channel without subjects."""
    if not capabilities_of(detail.channel).has_header_section:
        return ()
    return mark_findings(names.mask(detail.header.subject[:2000]), "subject", _marked_findings(detail, policy))


def account_in_words(detail: MessageDetail, files: Mapping[str, FileText]) -> tuple[list[str], list[str]]:
    """What was read of the bytes of a message, and what was not."""

    def use(span: ByteSpan) -> Use:
        file = files.get(span.part)
        if span.use is not Use.FILE or file is None:
            return span.use
        return Use.UNREAD if file.failed else Use.TEXT if file.text.strip() else Use.NOT_TEXT

    return describe_account(replace(span, use=use(span)) for span in detail.account())


def part_views(
    detail: MessageDetail, policy: Policy, names: Names, files: Mapping[str, FileText] = _NO_FILES
) -> list[PartView]:
    """The parts with the findings in them: the text first, then files with their text."""
    findings = _marked_findings(detail, policy)
    views = [_part_view(part, findings, names, files.get(part.number)) for part in detail.parts()]
    return sorted(views, key=lambda view: view.attached)


def _part_view(part: Part, findings: Sequence[Finding], names: Names, file: FileText | None) -> PartView:
    text = part.text or (file.text if file else "")
    return PartView(
        part.number,
        part.media_type,
        names.hide(part.filename),
        len(part.data),
        mark_findings(names.mask(text[:MAX_TEXT]), part.number, findings),
        len(text) > MAX_TEXT,
        part.media_type == "text/html" and bool(part.data),
        picture_type(part) != "",
        part.attached or not _TEXT_TYPES.fullmatch(part.media_type),
        mark_findings(names.mask(part.hidden[:MAX_TEXT]), "", ()),
        file.failed if file else (),
    )


def picture_type(part: Part) -> str:
    """The media type of a picture that can be shown, by its first bytes; "" for anything else."""
    if part.data[:4] == b"RIFF" and part.data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _PICTURES.items() if part.data.startswith(magic)), "")


def mark_findings(masked: MaskedText, number: str, findings: Iterable[Finding]) -> tuple[MarkedText, ...]:
    """The text of a part, split where findings begin and end, so that each piece knows all of its findings."""
    text = masked.text
    places = [
        (*masked.map_span(max(span.start, 0), span.end), finding)
        for finding in findings
        for span in finding.spans
        if span.part == number and span.start < span.end
    ]
    spans = [(start, min(end, len(text)), finding) for start, end, finding in places if start < len(text)][:_MAX_SPANS]
    edges = sorted({0, len(text), *(at for start, end, _ in spans for at in (start, end))})
    marked = []
    for start, end in pairwise(edges):
        here = [finding for begin, stop, finding in spans if begin <= start and end <= stop]
        here.sort(key=lambda finding: -finding.score)
        clauses = tuple(dict.fromkeys(finding.clause for finding in here))
        tooltip = "; ".join(f"{_label(finding)}, {round(finding.score * 100)} % sure" for finding in here[:4])
        marked.append(MarkedText(text[start:end], clauses, tooltip))
    return tuple(marked)


def _label(finding: Finding) -> str:
    kind = f": {finding.cue.replace('_', ' ')}" if finding.cue else ""
    return f"{finding.clause}{kind}" if finding.clause in (HELP, DISTRESS) else f"clause {finding.clause}"


def add_named_people(names: Names, detail: MessageDetail, around: Iterable[ConversationMessage] = ()) -> Names:
    """Add the people that a message and its conversation may name, besides those of its envelope."""
    if not names.hidden:
        return names
    for message in around:
        names.add(message.relation.pairs, (message.sender, *message.recipients))
    if detail.verdict is not None:
        names.add(ids=[finding.about for finding in detail.verdict.findings if finding.about])
    names.add_mailboxes(detail.header.mailboxes())
    return names


def header_rows(detail: MessageDetail, names: Names) -> list[tuple[str, str]]:
    """The header fields that a reviewer looks at: name and value."""
    header = detail.header
    rows = header.fields
    if names.hidden:
        rows = tuple(
            (name, _masked_addresses(name, header, names) if name in SHOWN_ADDRESS_FIELDS else names.hide(value))
            for name, value in rows
        )
    return [(name.title(), value) for name, value in rows]


def _masked_addresses(name: str, header: ShownHeader, names: Names) -> str:
    """The people in a field by pseudonym. The rest of the field may contain names, so it is left out."""
    mailboxes = header.mailboxes((name,))
    return ", ".join(dict.fromkeys(names.address(mailbox.address) for mailbox in mailboxes if mailbox.address))
