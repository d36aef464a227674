"""`chaperone policy replay`: what the policy in force makes of a story of dated messages. Nothing is sent."""

from __future__ import annotations

import asyncio
import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from gateway.assembly.factories import directory_sources, load_policy
from gateway.assembly.registered_tools import stored_tools
from gateway.assembly.replay import ReadMessage, ReplayedMessage, ReplayRules, replay
from gateway.assembly.stored_accounts import stored_accounts
from gateway.assembly.stored_policy import policy_to_try
from gateway.commands.context import load_settings, local_time
from gateway.core.channels.registry import CHANNELS
from gateway.core.contact.story import StoryError, StoryMessage, read_story
from gateway.core.fault import Fault
from gateway.core.messages.message import OutgoingMessage
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from gateway.core.policy.district_words import DistrictWord
from gateway.core.tools.register import Tool
from gateway.directory.loading import load_sources
from gateway.directory.roster import Roster
from gateway.settings.model import Settings

_COLORS = {Action.RELEASE: "green", Action.FLAG: "yellow", Action.HOLD: "red", Action.ALERT: "magenta"}


def run_replay(options: Namespace) -> int:
    """Replay a story and print what became of each message."""
    settings = load_settings(options)
    zone = ZoneInfo(settings.district.time_zone)
    story = load_story(options.story, zone)
    rules = replay_rules(settings, options.policy, stored_tools(settings))
    read = classifier_reader(settings.classify.model, rules.roster, rules.policy.district_words)
    replayed = asyncio.run(replay(story, rules, read))
    if options.json:
        for message in replayed:
            print(json.dumps(message.row(), ensure_ascii=False))
    else:
        _print(story, replayed, settings.district.time_zone)
    return 0


def load_story(file: Path, zone: ZoneInfo) -> list[StoryMessage]:
    """The messages of a story file. Raises Fault."""
    try:
        return read_story(file.read_text("utf-8").splitlines(), CHANNELS, zone)
    except OSError as error:
        raise Fault(f"policy replay: {file} cannot be read ({error.strerror}); name a file of JSON lines") from None
    except UnicodeDecodeError:
        raise Fault(f"policy replay: {file} is not UTF-8 text; save it as UTF-8") from None
    except StoryError as error:
        raise Fault(f"policy replay: {file}, {error}") from None


def replay_rules(settings: Settings, policy: Path | None = None, tools: Sequence[Tool] = ()) -> ReplayRules:
    """The policy in force, or that of a file, with the district's roster, contacts and tools."""
    import time

    roster = load_sources(directory_sources(settings), time.time()).roster
    roster.use_personal_accounts(stored_accounts(settings))
    return ReplayRules(
        load_policy(settings, policy) if policy is not None else policy_to_try(settings),
        roster,
        ZoneInfo(settings.district.time_zone),
        settings.district.domains[0],
        settings.notify.to,
        settings.policy.mode == "shadow",
        tools,
    )


def classifier_reader(model: str, roster: Roster, words: Sequence[DistrictWord] = ()) -> ReadMessage:
    """The classifiers of a model, with names resolved by the roster. `words`: the district's own words."""
    from classifiers.pipeline.classifier import load
    from classifiers.pipeline.entity_resolution import resolve_people
    from classifiers.pipeline.job import job_from_stored

    classifier = load(model)
    classifier.use_words(words)

    def read(message: OutgoingMessage) -> Verdict:
        job = job_from_stored(message)
        (verdict,) = classifier.classify([job])
        return resolve_people(verdict, job.pairs, roster)

    return read


def _print(story: Sequence[StoryMessage], replayed: Sequence[ReplayedMessage], zone: str) -> None:
    console = Console(highlight=False)
    for message, outcome in zip(story, replayed, strict=True):
        word = outcome.action.value if outcome.in_scope else "out of scope"
        clauses = f"  {', '.join(outcome.clauses)}" if outcome.clauses else ""
        head = (
            f"{outcome.line:>4}  {local_time(message.at, zone)}  {message.channel}  {message.sender} → "
            f"{', '.join(message.recipients)}  "
        )
        console.print(Text.assemble(head, (word, _COLORS[outcome.action]), clauses), soft_wrap=True)
        for reason in outcome.reasons:
            console.print(Text(f"        {reason}"), soft_wrap=True)
        for notice in outcome.notices:
            console.print(Text(f"        notice {notice.kind} to {', '.join(notice.to)}"), soft_wrap=True)
