"""Mail to guardians with `policy.guardians`: in scope for facts about other people's children, and for nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.assembly.replay import replay
from gateway.commands.policy.replay import classifier_reader, load_story, replay_rules
from gateway.core.messages.delivery import Recipient
from gateway.core.messages.message import Envelope, Message
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.relation.relate import envelope_relation
from gateway.policies import read
from gateway.settings.model import load
from gateway.store.engine.columns import decode_envelope, encode_envelope
from tests.stories.policy.stories import FOLDER
from tests.stories.policy.test_stories import config

STORY = FOLDER / "guardians" / "guardians.jsonl"
HELD, OUT_OF_SCOPE = {3, 5, 8}, {1, 7}
"""Lines about other people's children; mail from guardians, and to people who are not in the roster."""


def test_only_facts_about_other_children_are_held(tmp_path: Path) -> None:
    rules = replay_rules(load(config(tmp_path), {"CHAPERONE_POLICY__GUARDIANS": "true"}))
    story = load_story(STORY, rules.time_zone)
    found = asyncio.run(replay(story, rules, classifier_reader("", rules.roster)))
    for message in found:
        shown = f"line {message.line}: {message.action} {message.clauses} {message.reasons}"
        assert message.in_scope is (message.line not in OUT_OF_SCOPE), shown
        held = message.line in HELD
        assert (message.action is Action.HOLD) == held == (message.clauses == ("8",)), shown
        assert held or message.action is Action.RELEASE, shown


def test_mail_to_guardians_is_out_of_scope_by_default(tmp_path: Path) -> None:
    rules = replay_rules(load(config(tmp_path), {}))
    assert not envelope_relation(
        "peter.lindgren@riverbend.example", ["karin.whitcomb@postbox.example", "all@postbox.example"], rules.roster
    )


def test_what_was_not_read_is_delivered_and_flagged() -> None:
    policy = read(None, dict.fromkeys(Direction, Action.HOLD))
    pair = Pair("g@mail.example", "s-05", "g-01", Direction.STAFF_TO_STUDENT, guardian=True)
    assert decide([pair], None, {}, policy).action is Action.FLAG
    failed = Verdict("m", "", "1.0.0", "en", (), {}, 0.9, ("encrypted",), 1.0)
    assert decide([pair], failed, {}, policy).action is Action.FLAG


def test_the_kind_of_pair_is_stored() -> None:
    pairs = (
        Pair("g@mail.example", "s-05", "g-01", Direction.STAFF_TO_STUDENT, claimed=True, guardian=True),
        Pair("h@mail.example", "s-05", "k-01", Direction.STAFF_TO_STUDENT, False, True, True, AccountBasis.REPLY, 0.01),
    )
    envelope = Envelope("s@d.example", (Recipient("g@mail.example"), Recipient("h@mail.example")))
    message = Message("m", "mail", envelope, b"", "", 0.0, Relation(pairs), b"", "", "", "")
    assert decode_envelope(encode_envelope(message))[1] == Relation(pairs)
