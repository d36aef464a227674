"""`chaperone classify`: explain one message, or answer a batch of rows."""

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
from gateway.assembly.factories import load_policy
from gateway.commands.context import roster_of, settings_of
from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import HELP
from gateway.core.mime.headers import addresses, header_section, subject
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy
from gateway.core.policy.relation import relate
from gateway.directory.roster import Roster

if TYPE_CHECKING:
    from classifiers.pipeline.explain import Case, Explanation

WAITING = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}
"""The actions for want of a verdict where no configuration says otherwise."""

_PLACES = {
    "in_file": "in a file",
    "in_hidden": "in text that is not shown",
    "in_claimed_quote": "in what only claims to be a quote",
}


def run(given: Namespace) -> int:
    """Explain."""
    from classifiers.pipeline import explain
    from classifiers.pipeline.pipeline import load

    policy, model, roster = _in_force(given)
    classifier = load(model)
    if given.jsonl:
        for row in explain.rows(classifier, _cases(), policy, roster):
            print(json.dumps(row, ensure_ascii=False))
        return 0
    content = _content(given.file)
    pairs = _pairs(content, policy, roster) if roster is not None else ()
    case = explain.case_of_mail(content, Direction(given.direction), Path(given.file).name, pairs)
    if given.json:
        print(json.dumps(next(explain.rows(classifier, [case], policy, roster)), ensure_ascii=False))
        return 0
    _print(explain.explain(classifier, case, policy, roster), policy)
    return 0


def _in_force(given: Namespace) -> tuple[Policy, str, Roster | None]:
    if given.config is None:
        return policies.read(None, WAITING), "", None
    settings = settings_of(given)
    return load_policy(settings), settings.classify.model, roster_of(settings)


def _pairs(content: bytes, policy: Policy, roster: Roster) -> tuple[Pair, ...]:
    """The pairs of a message that is taken to go from whom its header names first to all whom it names."""
    section = header_section(content)
    writers = addresses(section)
    readers = [each.address for each in addresses(section, ("to", "cc"))]
    sender = writers[0].address if writers else ""
    return relate(sender, writers, readers, roster, subject(section), policy.social_networks).pairs


def _cases() -> Iterator[Case]:
    from classifiers.pipeline.explain import case_of_row

    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            try:
                row = json.loads(line.decode("utf-8"))
                if not isinstance(row, dict):
                    raise ValueError("a row is a JSON object")
                yield case_of_row(row)
            except UnicodeDecodeError:
                raise Fault(f"classify: line {number} of standard input is not UTF-8; write the rows in it") from None
            except ValueError as error:
                raise Fault(f"classify: line {number} of standard input: {error}") from None


def _content(name: str) -> bytes:
    """A message with the line ends that mail has."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Fault(f"classify: {name} cannot be read ({error.strerror}); name an .eml file, or -") from None
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _print(explained: Explanation, policy: Policy) -> None:
    console, verdict, decision = Console(), explained.verdict, explained.decision
    colour = {"release": "green", "flag": "yellow", "hold": "red", "alert": "magenta"}[decision.action]
    because = ", ".join(f"{each} {_title(policy, each)}" for each in decision.clauses) or ", ".join(decision.reasons)
    console.print(Text.assemble((decision.action.upper(), f"bold {colour}"), f"  {because}" if because else ""))
    if explained.without is not None:
        console.print(f"without the words found below: {explained.without}")
    console.print(f"language {verdict.language}, help {verdict.help:.2f}, model {verdict.model}")
    if verdict.purpose:
        likely = sorted(verdict.purpose.items(), key=lambda item: -item[1])[:3]
        console.print("purpose " + ", ".join(f"{name} {score:.2f}" for name, score in likely))
    if verdict.failed:
        console.print(Text(f"could not be read in full: {', '.join(verdict.failed)}", "yellow"))
    for shown in sorted(explained.shown, key=lambda each: -each.finding.score):
        finding = shown.finding
        cue = _PLACES.get(finding.cue) or f"cue {finding.cue}"
        marks = [cue] * bool(finding.cue) + ["quoted"] * finding.quoted
        console.print(
            Text.assemble(
                (f"{finding.score:.2f}  {finding.clause} {_title(policy, finding.clause)}", "bold"),
                f"  by {finding.by}" + "".join(f", {mark}" for mark in marks),
            )
        )
        for words in shown.words:
            console.print(Text(f"      “{words}”"))


def _title(policy: Policy, clause: str) -> str:
    if clause == HELP:
        return policy.help_title
    found = policy.clauses.get(clause)
    return found.title if found else ""
