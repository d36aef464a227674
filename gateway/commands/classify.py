"""`chaperone classify`: explains one message, or classifies a batch of rows."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from gateway import policies
from gateway.assembly.registered_tools import stored_tools, with_tools
from gateway.assembly.stored_accounts import stored_accounts
from gateway.assembly.stored_policy import policy_to_try
from gateway.commands.context import load_roster, load_settings
from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import DISTRESS, HELP
from gateway.core.mime.headers import HeaderSection
from gateway.core.policy.decision import Action
from gateway.core.policy.district_words import BY_WORDS
from gateway.core.policy.policy import Policy
from gateway.core.relation.mail_claims import read_claims
from gateway.core.relation.relate import relate_mail
from gateway.directory.roster import Roster

if TYPE_CHECKING:
    from classifiers.pipeline.explain import Explanation, StandaloneMessage

NO_VERDICT_ACTIONS = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
"""The actions when no verdict comes, unless the configuration sets others."""

_PLACES = {
    "in_file": "in a file",
    "in_hidden": "in hidden text",
    "in_claimed_quote": "in text that only claims to be a quote",
}


_BY = {BY_WORDS: "the district's own words"}


def run(options: Namespace) -> int:
    """Explain a message, or classify a batch."""
    from classifiers.pipeline import explain
    from classifiers.pipeline.classifier import load

    policy, model, roster = _in_force(options)
    classifier = load(model)
    classifier.use_words(policy.district_words)
    if options.jsonl:
        for row in explain.rows(classifier, _cases(), policy, roster):
            print(json.dumps(row, ensure_ascii=False))
        return 0
    content = _content(options.file)
    pairs = _pairs(content, policy, roster) if roster is not None else ()
    case = explain.message_from_mail(content, Direction(options.direction), Path(options.file).name, pairs)
    if options.json:
        print(json.dumps(next(explain.rows(classifier, [case], policy, roster)), ensure_ascii=False))
        return 0
    _print(explain.explain(classifier, case, policy, roster), policy)
    for written, means in classifier.read_as(case.content, case.channel):
        print(f"the district's own words: “{written}” is read as “{means}”")
    return 0


def _in_force(options: Namespace) -> tuple[Policy, str, Roster | None]:
    if options.config is None:
        return policies.read(None, NO_VERDICT_ACTIONS), "", None
    settings = load_settings(options)
    policy = with_tools(policy_to_try(settings), stored_tools(settings))
    roster = load_roster(settings)
    if roster is not None:
        roster.use_personal_accounts(stored_accounts(settings))
    return policy, settings.classify.model, roster


def _pairs(content: bytes, policy: Policy, roster: Roster) -> tuple[Pair, ...]:
    """The pairs of a message, as if it went from the first author in its header to all recipients in its header."""
    section = HeaderSection.of(content)
    writers = section.mailboxes()
    readers = [mailbox.address for mailbox in section.mailboxes(("to", "cc"))]
    sender = writers[0].address if writers else ""
    return relate_mail(sender, read_claims(section), readers, roster, policy.social_networks).pairs


def _cases() -> Iterator[StandaloneMessage]:
    from classifiers.pipeline.explain import message_from_row

    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            try:
                row = json.loads(line.decode("utf-8"))
                if not isinstance(row, dict):
                    raise ValueError("a row is a JSON object")
                yield message_from_row(row)
            except UnicodeDecodeError:
                raise Fault(
                    f"classify: line {number} of standard input is not UTF-8; encode the rows as UTF-8"
                ) from None
            except ValueError as error:
                raise Fault(f"classify: line {number} of standard input: {error}") from None


def _content(name: str) -> bytes:
    """A message with CRLF line ends."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Fault(f"classify: {name} cannot be read ({error.strerror}); name an .eml file, or -") from None
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _print(explained: Explanation, policy: Policy) -> None:
    console, verdict, decision = Console(), explained.verdict, explained.decision
    color = {"release": "green", "flag": "yellow", "hold": "red", "alert": "magenta"}[decision.action]
    clauses = [f"{clause} {_title(policy, clause)}" for clause in decision.clauses]
    because = ", ".join(clauses or decision.reasons)
    console.print(Text.assemble((decision.action.upper(), f"bold {color}"), f"  {because}" if because else ""))
    if explained.action_without is not None:
        console.print(f"without the words found below: {explained.action_without}")
    distress = f"distress {verdict.distress or 0.0:.2f}"
    console.print(f"language {verdict.language}, help {verdict.help:.2f}, {distress}, model {verdict.model}")
    if verdict.purpose:
        likely = sorted(verdict.purpose.items(), key=lambda item: -item[1])[:3]
        console.print("purpose " + ", ".join(f"{name} {score:.2f}" for name, score in likely))
    if verdict.failed:
        console.print(Text(f"not read in full: {', '.join(verdict.failed)}", "yellow"))
    console.print(Text(f"read: {'; '.join(explained.read) or 'nothing'}"), soft_wrap=True)
    console.print(Text(f"not read: {'; '.join(explained.unread) or 'nothing'}"), soft_wrap=True)
    for shown in sorted(explained.findings, key=lambda shown: -shown.finding.score):
        finding = shown.finding
        cue = _PLACES.get(finding.cue) or (f"“{finding.cue}”" if finding.by == BY_WORDS else f"cue {finding.cue}")
        marks = [cue] * bool(finding.cue) + ["quoted"] * finding.quoted
        console.print(
            Text.assemble(
                (f"{finding.score:.2f}  {finding.clause} {_title(policy, finding.clause)}", "bold"),
                f"  by {_BY.get(finding.by, finding.by)}" + "".join(f", {mark}" for mark in marks),
            )
        )
        for words in shown.words:
            console.print(Text(f"      “{words}”"))


def _title(policy: Policy, clause: str) -> str:
    if clause == HELP:
        return policy.help_title
    if clause == DISTRESS:
        return "A student in distress"
    found = policy.clauses.get(clause)
    return found.title if found else ""
