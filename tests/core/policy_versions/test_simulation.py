"""Simulation: changed decisions are listed, and messages without a verdict are skipped."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action, Decision, PendingMessage, RecipientStatus
from gateway.core.policy.district_words import BY_WORDS, DistrictWord
from gateway.core.policy.policy import Thresholds
from gateway.core.policy_versions.simulation import Simulation
from tests.core.samples import NOW, S2S, STUDENT, T2S, TEACHER, pair, policy

POLICY = policy()


def past(
    name: str, score: float, *, direction=T2S, help_=0.0, decided: Decision | None = None, read=True
) -> PendingMessage:
    """One message to one recipient with a finding of clause 7e."""
    verdict = Verdict(name, "0" * 64, "1", findings=(Finding("7e", score, "head"),), help=help_)
    waiting = RecipientStatus(STUDENT, State.SENT, (pair(direction=direction),), decided)
    return PendingMessage(name, MAIL, TEACHER, "0" * 64, NOW, (waiting,), verdict if read else None)


def with_hold(from_: float | None):
    """The policy with another threshold of clause 7e in both directions."""
    clause = POLICY.clauses["7e"]
    levels = dict.fromkeys(clause.thresholds, Thresholds(flag=0.1, hold=from_))
    return replace(POLICY, clauses={**POLICY.clauses, "7e": replace(clause, thresholds=levels)})


def test_changed_decisions_are_listed():
    simulation = Simulation(with_hold(0.5), with_hold(0.8))
    for each in (past("a", 0.6), past("b", 0.9), past("c", 0.3)):
        simulation.add(each)
    assert [(each.id, each.was, each.would_be, each.clauses) for each in simulation.changed] == [
        ("a", Action.HOLD, Action.FLAG, ("7e",))
    ]
    assert (simulation.messages, simulation.skipped) == (3, 0)
    assert (simulation.before.actions[Action.HOLD], simulation.after.actions[Action.HOLD]) == (2, 1)
    assert (simulation.before.held_for["7e"], simulation.after.held_for["7e"]) == (2, 1)
    costs = {Action.HOLD: 2.0, Action.FLAG: 0.5}
    assert (simulation.before.minutes(costs), simulation.after.minutes(costs)) == (4.5, 3.0)


def test_help_alert_is_never_held():
    simulation = Simulation(with_hold(None), with_hold(0.0))
    simulation.add(past("a", 0.9, direction=S2S, help_=0.99))
    assert simulation.changed == []
    assert simulation.after.actions[Action.ALERT] == 1


def test_message_without_verdict_is_skipped_unless_decided_without():
    """A deleted verdict is skipped; a missing verdict is the same under both policies."""
    simulation = Simulation(with_hold(0.5), with_hold(0.8))
    simulation.add(past("undecided", 0.0, read=False))
    simulation.add(past("forgotten", 0.0, read=False, decided=Decision(Action.HOLD, T2S, "p", ("7e",))))
    assert (simulation.messages, simulation.skipped) == (0, 2)
    simulation.add(past("given up", 0.0, read=False, decided=Decision(Action.HOLD, T2S, "p", (), ("no_verdict",))))
    assert (simulation.messages, simulation.skipped, simulation.changed) == (1, 2, [])


def test_words_of_the_district_are_counted():
    word, other = DistrictWord("zaza", clause="7e", score=0.9), DistrictWord("zaza", clause="7e", score=0.2)
    found = Finding("7e", 0.9, BY_WORDS, cue="zaza")
    message = past("a", 0.0)
    message = replace(message, verdict=replace(message.verdict, findings=(found,)))

    def counts(before, after, read_again=None):
        simulation = Simulation(
            replace(with_hold(0.5), district_words=before), replace(with_hold(0.5), district_words=after)
        )
        simulation.add(message, read_again)
        return simulation.before.actions[Action.HOLD], simulation.after.actions[Action.HOLD], simulation.read_again

    assert counts((word,), (word,)) == (1, 1, 0)
    assert counts((word,), ()) == (1, 0, 0)  # the content was deleted: what the word had found is left out
    assert counts((word,), (other,)) == (1, 0, 0)
    unread = replace(message.verdict, findings=())
    assert counts((word,), (), unread) == (1, 0, 1)
    message = replace(message, verdict=unread)
    assert counts((), (word,), replace(unread, findings=(found,))) == (0, 1, 1)
