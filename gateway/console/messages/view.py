"""What the page of a message shows: why it is where it is, its words with what was found in them, and its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from gateway.console.messages.attachments import NO_FILE, FileText
from gateway.console.messages.names import Names
from gateway.core.messages.message import Channel, header_section, subject
from gateway.core.messages.verdict import HELP, Finding, Span
from gateway.core.mime.headers import addresses, decoded, fields, unfolded
from gateway.core.mime.parts import Part
from gateway.core.policy.policy import Policy, Thresholds
from gateway.core.review.pseudonyms import MaskedText
from gateway.core.review.views import ConversationMessage, MessageDetail

LONGEST = 200_000
"""Characters of one part that a page shows."""
_MOST_SPANS, _MOST_WORDS = 500, 40
_TEXTS = re.compile(r"text/(?:plain|html)")
_PEOPLE = ("from", "to", "cc", "reply-to", "sender")
_HEAD = (*_PEOPLE, "date", "subject")
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF87a": "image/gif", b"GIF89a": "image/gif",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A stretch of text, and the clauses that were found in it; `clause_reasons` is what a pointer shows."""

    text: str
    clauses: tuple[str, ...] = ()
    clause_reasons: str = ""


@dataclass(frozen=True, slots=True)
class ClauseReason:
    """One clause that was found: how sure, by what, and from where on the policy would have held or flagged."""

    clause: str
    title: str
    text: str
    score: float
    by: str
    cues: tuple[str, ...]
    words: tuple[str, ...]
    quoted: bool
    hold: float | None
    flag: float | None
    decisive: bool
    counts: bool  # it reaches what the policy acts from, or it decided
    kept: bool = True  # the policy of that time is known
    about: tuple[str, ...] = ()  # whose information it is
    open_to_them: bool = False  # all of it is of people of whom those who get the message may know it

    @property
    def percent(self) -> int:
        """The score as a percentage."""
        return round(self.score * 100)

    @property
    def telling(self) -> str:
        """The words that say most of what was found: the longest."""
        return max(self.words, key=len, default="")

    @property
    def would_release(self) -> str:
        """What would have let it pass, in a sentence."""
        if self.clause == HELP:
            return ""
        if not self.kept:
            return "The policy file of that time was not kept: its limits are not known."
        if self.open_to_them and not self.decisive:
            return "By the roster of now everybody who gets the message may know this, so it holds nothing."
        least = self.hold if self.score >= (self.hold if self.hold is not None else 2) else self.flag
        if least is None:
            return "This clause alone holds nothing in this direction."
        deed = "held" if self.hold is not None and self.score >= self.hold else "flagged"
        if self.score < least:
            return f"From {round(least * 100)} % on it would have been {deed}."
        return f"Below {round(least * 100)} % it would not have been {deed}."


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a message on its page."""

    number: str
    media_type: str
    filename: str
    size: int
    stretches: tuple[MarkedText, ...]
    cut: bool
    html: bool
    picture: bool
    attached: bool
    hidden: tuple[MarkedText, ...]
    failed: tuple[str, ...] = ()  # words for what of a file could not be read


def clause_reasons(
    explained: MessageDetail, policy: Policy, names: Names, files: Mapping[str, FileText] = MappingProxyType({}), *,
    kept: bool = True,
) -> list[ClauseReason]:  # fmt: skip
    """The clauses that were found, those that decided first, then by score; `kept`: the policy's limits are known."""
    verdict, trace = explained.verdict, explained.trace
    found: dict[str, list[Finding]] = {}
    for finding in verdict.findings if verdict else ():
        found.setdefault(finding.clause, []).append(finding)
    texts = {number: names.mask(text) for number, text in _texts(explained, files).items()}
    reasons = []
    for id_, findings in found.items():
        best = max(findings, key=lambda each: each.score)
        clause = policy.clauses.get(id_)
        limits = clause.thresholds.get(trace.direction) if clause and trace.direction != "out_of_scope" else None
        words = [
            _slice(texts[span.part], span)
            for each in sorted(findings, key=lambda each: -each.score)
            for span in each.spans
            if span.part in texts
        ]
        decisive = id_ in trace.clauses or (id_ == HELP and trace.action == "alert")
        closed = [each for each in findings if not _may_be_told(each, explained, policy, names)]
        title, text = (clause.title, clause.text) if clause else ("", "")
        if id_ == HELP:
            title, text = policy.help_title, policy.help_text
        reasons.append(
            ClauseReason(
                id_, title, text, best.score, best.by,
                tuple(dict.fromkeys(names.hide(each.cue) for each in findings if each.cue)),
                _apart(_short(word) for word in words if word.strip())[:6],
                all(each.quoted for each in findings),
                limits.hold if limits else None, limits.flag if limits else None, decisive,
                decisive or any(_reaches(each, limits, policy) for each in closed), kept,
                tuple(dict.fromkeys(names.name_of(each.about) for each in findings if each.about)), not closed,
            )
        )  # fmt: skip
    return sorted(reasons, key=lambda each: (not each.decisive, -each.score))


def _may_be_told(finding: Finding, explained: MessageDetail, policy: Policy, names: Names) -> bool:
    """Whether it is about somebody of whom everybody who gets the message may know it."""
    clause = policy.clauses.get(finding.clause)
    if clause is None or not clause.authorised or not finding.about:
        return False
    return names.authorized(explained.trace.relation.pairs, finding.about, clause.authorised)


def _slice(text: MaskedText, span: Span) -> str:
    start, end = text.moved(span.start, span.end)
    return text.text[start:end]


def _reaches(finding: Finding, limits: Thresholds | None, policy: Policy) -> bool:
    least = min((each for each in (limits.flag, limits.hold) if each is not None), default=2.0) if limits else 2.0
    return finding.score * (policy.quoted_weight if finding.quoted else 1.0) >= least


def _counting(explained: MessageDetail, policy: Policy) -> list[Finding]:
    """The findings that the policy acts on: weak ones would mark half of every text."""
    trace = explained.trace
    found = []
    for each in explained.verdict.findings if explained.verdict else ():
        clause = policy.clauses.get(each.clause)
        limits = clause.thresholds.get(trace.direction) if clause and trace.direction != "out_of_scope" else None
        told = each.clause in trace.clauses or (each.clause == HELP and trace.action == "alert")
        if _reaches(each, limits, policy) or (told and limits is None):
            found.append(each)
    return found


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= 90 else words[:88] + "…"


def _apart(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, and none that others have within them: “me” says nothing beside “only you and me”."""
    once = list(dict.fromkeys(words))[:_MOST_WORDS]
    return tuple(
        word
        for word in once
        if not any(word != each and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", each, re.IGNORECASE) for each in once)
    )


def first_mention(parts: Iterable[PartView], reason: ClauseReason) -> MarkedText | None:
    """Where the most telling words of a reason begin in the text; else what was found for it first."""
    first = None
    for part in parts:
        if part.attached:
            continue
        for at, stretch in enumerate(part.stretches):
            if reason.clause not in stretch.clauses:
                continue
            behind = " ".join("".join(each.text for each in part.stretches[at : at + 20]).split())
            if behind.startswith(reason.telling.rstrip("…")):
                return stretch
            first = first or stretch
    return first


def _texts(explained: MessageDetail, files: Mapping[str, FileText]) -> dict[str, str]:
    texts = {part.number: part.text or files.get(part.number, NO_FILE).text for part in explained.parts()}
    if explained.channel is Channel.MAIL:
        texts["subject"] = subject(header_section(explained.content))
    return texts


def marked_subject(explained: MessageDetail, policy: Policy, names: Names) -> tuple[MarkedText, ...]:
    """The subject with what was found in it."""
    if explained.channel is not Channel.MAIL:
        return ()
    title = names.mask(subject(header_section(explained.content))[:2000])
    return mark_findings(title, "subject", _counting(explained, policy))


def part_views(
    explained: MessageDetail, policy: Policy, names: Names, files: Mapping[str, FileText] = MappingProxyType({})
) -> list[PartView]:  # fmt: skip
    """The parts with what was found in them: those to be read first, files behind them, with their text."""
    found = _counting(explained, policy)
    shown = [_part(part, found, names, files.get(part.number)) for part in explained.parts()]
    return sorted(shown, key=lambda each: each.attached)


def _part(part: Part, found: Sequence[Finding], names: Names, file: FileText | None) -> PartView:
    text = part.text or (file.text if file else "")
    return PartView(
        part.number,
        part.media_type,
        names.hide(part.filename),
        len(part.data),
        mark_findings(names.mask(text[:LONGEST]), part.number, found),
        len(text) > LONGEST,
        part.media_type == "text/html" and bool(part.data),
        picture_type(part) != "",
        part.attached or not _TEXTS.fullmatch(part.media_type),
        mark_findings(names.mask(part.hidden[:LONGEST]), "", ()),
        file.failed if file else (),
    )


def picture_type(part: Part) -> str:
    """The media type of a picture that can be shown, by its first bytes; "" for anything else."""
    if part.data[:4] == b"RIFF" and part.data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _PICTURES.items() if part.data.startswith(magic)), "")


def mark_findings(covered: MaskedText, number: str, findings: Iterable[Finding]) -> tuple[MarkedText, ...]:
    """A text cut where findings begin and end, so that each stretch knows all of them."""
    text = covered.text
    places = [
        (*covered.moved(max(span.start, 0), span.end), finding)
        for finding in findings
        for span in finding.spans
        if span.part == number and span.start < span.end
    ]
    spans = [(start, min(end, len(text)), finding) for start, end, finding in places if start < len(text)][:_MOST_SPANS]
    edges = sorted({0, len(text), *(at for start, end, _ in spans for at in (start, end))})
    stretches = []
    for start, end in pairwise(edges):
        here = [finding for begin, stop, finding in spans if begin <= start and end <= stop]
        here.sort(key=lambda each: -each.score)
        clauses = tuple(dict.fromkeys(each.clause for each in here))
        told = "; ".join(f"{_named(each)}, {round(each.score * 100)} % sure" for each in here[:4])
        stretches.append(MarkedText(text[start:end], clauses, told))
    return tuple(stretches)


def _named(finding: Finding) -> str:
    kind = f": {finding.cue.replace('_', ' ')}" if finding.cue else ""
    return f"help{kind}" if finding.clause == HELP else f"clause {finding.clause}"


def add_named_people(names: Names, explained: MessageDetail, around: Iterable[ConversationMessage] = ()) -> Names:
    """Everybody whom a message and what is shown around it may name, beside those of its envelope."""
    if not names.hidden:
        return names
    for each in around:
        names.add(each.relation.pairs, (each.sender, *each.recipients))
    if explained.verdict is not None:
        names.add(ids=[each.about for each in explained.verdict.findings if each.about])
    if explained.channel is Channel.MAIL:
        names.add_mailboxes(addresses(header_section(explained.content), _PEOPLE))
    return names


def header_rows(explained: MessageDetail, names: Names) -> list[tuple[str, str]]:
    """The fields of the header section that a person looks at."""
    if explained.channel is not Channel.MAIL:
        return []
    section = header_section(explained.content)
    rows = [(name.title(), decoded(unfolded(raw))[:2000]) for name, raw in fields(section) if name in _HEAD]
    if names.hidden:
        rows = [(name, _people(name, section, names) if name.lower() in _PEOPLE else names.hide(value))
                for name, value in rows]  # fmt: skip
    return rows[:40]


def _people(name: str, section: bytes, names: Names) -> str:
    """Whom a field names; what else it says may be a name as well."""
    boxes = addresses(section, (name.lower(),))
    return ", ".join(dict.fromkeys(names.address(box.address) for box in boxes if box.address))
