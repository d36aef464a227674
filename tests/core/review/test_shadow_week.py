"""The report on the shadow week: counts, reviewers' time, and what other thresholds would hold."""

from __future__ import annotations

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import PendingMessage, RecipientStatus
from gateway.core.policy.legitimate_interest import no_relationships
from gateway.core.policy.thresholds import no_buildings
from gateway.core.policy.work_kinds import ReviewOutcome
from gateway.core.review.shadow_week import USUAL_SECONDS, Answer, count_week, look_seconds, shifted, try_thresholds
from tests.core.samples import NOW, STUDENT, T2S, TEACHER, finding, pair, policy, verdict

PAIR = pair(STUDENT, direction=T2S)


def answers(*times: float, by: str = "ann", outcome: ReviewOutcome = ReviewOutcome.FINE) -> list[Answer]:
    return [Answer(("7a",), (PAIR,), outcome, by, NOW + at) for at in times]


def test_week_counts_by_clause_and_building():
    found = [
        Answer(("7a", "7b"), (PAIR,)), *answers(0), *answers(5, by="bob", outcome=ReviewOutcome.VIOLATION),
        Answer((), (PAIR,)),
    ]  # fmt: skip
    counts = count_week(found, lambda pairs: ["o-high", "o-high"])
    assert (counts.total.held, counts.total.practiced, counts.total.released, counts.reviewers) == (4, 2, 1, 2)
    assert {name: line.held for name, line in counts.by_clause.items()} == {"7a": 3, "7b": 1, "none": 1}
    assert counts.by_building["o-high"].held == 4, "a message counts once in a building"
    assert counts.total.wrong.low < 0.5 < counts.total.wrong.high
    assert (counts.measured, counts.minutes) == (False, 4 * USUAL_SECONDS / 60)


def test_pauses_and_other_people_do_not_count_as_looking():
    assert look_seconds([*answers(0, 30, 90, 5000, 5010), *answers(40, by="bob")]) == [30, 60, 10]
    counts = count_week(answers(0, 20, 40, 60, 80, 100), lambda pairs: ())
    assert (counts.measured, counts.seconds, counts.minutes) == (True, 20, 2.0)


def test_higher_thresholds_hold_less():
    in_force = policy()
    hold = in_force.clauses["7a"].thresholds[T2S].hold
    messages = [
        PendingMessage(
            f"{number:026d}", "mail", TEACHER, "ab" * 32, NOW, (RecipientStatus(STUDENT, State.SENT, (PAIR,)),),
            verdict(finding("7a", score)),
        )
        for number, score in enumerate((hold - 0.07, hold, hold + 0.07))
    ]  # fmt: skip
    found = try_thresholds(messages, in_force, no_relationships, no_buildings)
    assert [item.held for item in found] == [3, 2, 2, 1, 0]
    assert found[0].by_clause == {"7a": 3}
    assert found[-1].by_clause == {}


def test_moved_thresholds_stay_in_their_bounds():
    in_force = policy()
    for by in (-1.0, 1.0):
        for clause in shifted(in_force, by).clauses.values():
            for levels in clause.thresholds.values():
                holds = [value for value in (levels.hold, levels.hold_evasive) if value is not None]
                assert all((levels.flag or 0.0) <= value <= 1.0 for value in holds)
    assert shifted(in_force, 0.0).clauses == in_force.clauses
