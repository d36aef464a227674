"""The first page of a model card, in plain words for a principal, and its tables: the figures of an evaluation.

Both stand between two markers in the card. Everything outside of them is written by people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from classifiers.training.evaluation.false_alarms import is_ordinary
from classifiers.training.evaluation.metrics import rate
from classifiers.training.evaluation.results import ExampleResult
from gateway.core.fault import Fault
from gateway.core.policy.decision import Action
from gateway.core.policy.urgency import DISTRESS

BEGIN = "<!-- first page: `chaperone evaluate --card` writes it -->"
END = "<!-- end of the first page -->"
TABLES_BEGIN = "<!-- tables: `chaperone evaluate --card` writes them -->"
TABLES_END = "<!-- end of the tables -->"

STUDENTS = 5000
FROM_STAFF, FROM_STUDENTS = 10_000, 5_000
"""Messages in a week of a district with STUDENTS students: two for each student from staff, and one from each."""

FEWEST, ENOUGH = 20, 100
"""Messages from which a share says something, and those from which the rate of a set does."""

Picks = Callable[[ExampleResult], bool]


def first_page(version: str, results: Sequence[ExampleResult], replies: Sequence[ExampleResult] = ()) -> list[str]:
    """The page. `results` are messages that the model has not learned from, by any author and of any set.

    `replies` are short replies that were classified with the messages before them.
    """
    district = [one for one in results if one.example.weight == 1.0]
    ordinary = [one for one in results if is_ordinary(one)]
    return [
        f"# Model {version}, for principals",
        "",
        f"These figures are from {len(district):,} invented messages that the model had not learned from, and "
        f"{len(ordinary):,} ordinary ones, most of them written by real people. Ranges are 95 % intervals.",
        "",
        "**What it finds**",
        "",
        *_found(district),
        "",
        "**What it misses.** " + _missed(district),
        "",
        "Very short replies are the hardest. With the messages that they answer, this share of those that ask for help "
        f"is alerted: {_share(replies, lambda one: one.example.help, _is_alerted)}; and this share of those that "
        "should be held is held or flagged: "
        f"{_share(replies, lambda one: one.example.hold, lambda one: one.reported)}.",
        "",
        f"**False alarms in a week**, in a district of {STUDENTS:,} students, if staff send {FROM_STAFF:,} messages "
        f"and students {FROM_STUDENTS:,}, all of them ordinary:",
        "",
        *_week(ordinary),
        "",
        "How many messages a district sends is an assumption: two a week for each student from staff, and one from "
        'each student. A figure is that number times the rate of all ordinary talk (the rows "all" in the tables '
        "below). "
        f"The registers differ: {_range(ordinary)}. If your district sends twice as many, expect twice the alarms.",
        "",
        "A held message waits until an administrator decides. A flagged one is delivered and listed. An alert is "
        "delivered and tells people at once that a student may need help. "
        "Messages that only look bad, such as a lesson on drugs, are stopped more often: "
        + _share(district, lambda one: one.example.hard and not one.example.labels, lambda one: one.held)
        + " of those written to look bad are held.",
        "",
        "**What was never tested**",
        "",
        "- Messages of a real district: nobody has given any. The people who wrote the messages knew the policy.",
        "- How well reviewers work with it over months, and whether people write differently once they know of it.",
        "- Languages other than English and Spanish. They are recognized and flagged, not understood.",
        "- What pictures, recordings and films show. Words in pictures are not read; such messages are flagged.",
        "- Whether it treats dialects, and names of every origin, alike.",
        "",
        "It asks a person to look. It decides nothing about a person.",
    ]


def _found(results: Sequence[ExampleResult]) -> list[str]:
    """A table: what should happen, and how often it does."""
    staff = _should_be_held("staff")
    rows: list[tuple[str, Picks, Picks]] = [
        ("Staff to student, should be held: held", staff, lambda one: one.held),
        ("of these, held or flagged", staff, lambda one: one.reported),
        ("of these, plain ones: held", lambda one: staff(one) and one.example.degree == "plain", lambda one: one.held),
        ("Student to staff, should be seen: held or flagged", _should_be_held("student"), lambda one: one.reported),
        ("Students in danger: alerted at once", lambda one: one.example.help, _is_alerted),
        ("of these, held (none should be)", lambda one: one.example.help, lambda one: one.held),
        ("Students in distress: noticed", lambda one: bool(one.example.distress), _is_noticed),
    ]
    lines = ["| what should happen | how often it does |", "|---|---|"]
    for title, picks, hits in rows:
        lines.append(f"| {title} | {_share(results, picks, hits)} |")
    return lines


def _should_be_held(sender: str) -> Picks:
    return lambda one: one.example.hold and one.example.sender == sender


def _missed(results: Sequence[ExampleResult]) -> str:
    """By clause, what is delivered without a word although staff should not have sent it; the worst first."""
    shares = []
    for clause in ("7a", "7b", "7c", "7d", "7e", "8"):
        group = [one for one in results if clause in one.example.labels and _should_be_held("staff")(one)]
        if len(group) >= FEWEST:
            shares.append((sum(not one.reported for one in group) / len(group), clause))
    worst = ", ".join(f"clause {clause} {100 * share:.0f} %" for share, clause in sorted(shares, reverse=True))
    return (
        "Of messages by staff that should be held, these shares pass without a flag: "
        f"{worst or 'not measured'}. Most of them are calm, indirect or short, and several say nothing wrong in "
        "any single sentence. Contact over weeks is watched by counters and not by this model."
    )


def _week(results: Sequence[ExampleResult]) -> list[str]:
    lines = ["| | held | flagged | alerts |", "|---|---|---|---|"]
    for title, sender, messages in (
        ("from staff", "staff", FROM_STAFF), ("from students", "student", FROM_STUDENTS)
    ):  # fmt: skip
        group = [one for one in results if one.example.sender == sender]
        cells = (_a_week(group, action, messages) for action in (Action.HOLD, Action.FLAG, Action.ALERT))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def _range(results: Sequence[ExampleResult]) -> str:
    """The lowest and the highest rate of holds from staff, and of alerts from students, between the sets."""
    parts = []
    for sender, action, what in (
        ("staff", Action.HOLD, "staff messages held"),
        ("student", Action.ALERT, "student messages alerted"),
    ):
        sets: dict[str, list[bool]] = {}
        for one in results:
            if one.example.sender == sender:
                sets.setdefault(one.example.source, []).append(one.action is action)
        shares = sorted(1000 * sum(hits) / len(hits) for hits in sets.values() if len(hits) >= ENOUGH)
        if shares:
            parts.append(f"{what}, from {shares[0]:.0f} to {shares[-1]:.0f} in 1,000")
    return "; ".join(parts) or "not measured"


def _a_week(group: Sequence[ExampleResult], action: Action, messages: int) -> str:
    if not group:
        return "not measured"
    share = rate([one.action is action for one in group])
    return f"{share.value * messages:.0f} ({share.low * messages:.0f} to {share.high * messages:.0f})"


def _share(results: Sequence[ExampleResult], picks: Picks, hits: Picks) -> str:
    group = [one for one in results if picks(one)]
    if len(group) < FEWEST:
        return "not measured"
    share = rate([hits(one) for one in group])
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f}) of {len(group):,}"


def _is_alerted(result: ExampleResult) -> bool:
    return result.action is Action.ALERT


def _is_noticed(result: ExampleResult) -> bool:
    return _is_alerted(result) or DISTRESS in result.reasons


def write_first_page(card: Path, page: Sequence[str]) -> None:
    """Put the page between the markers of a card, or before a text without markers. Raises Fault."""
    _write(card, page, BEGIN, END, first=True)


def write_tables(card: Path, tables: Sequence[str]) -> None:
    """Put the tables between their markers in a card, or after a text without markers. Raises Fault."""
    _write(card, tables, TABLES_BEGIN, TABLES_END, first=False)


def _write(card: Path, lines: Sequence[str], begin: str, end: str, *, first: bool) -> None:
    try:
        text = card.read_text("utf-8") if card.exists() else ""
        before, found, rest = text.partition(begin)
        if found:
            _, closed, after = rest.partition(end)
            if not closed:
                raise Fault(f"{card}: {end} is missing; put it where the written part of the card begins")
        elif first:
            before, after = "", f"\n\n{text}" if text else "\n"
        else:
            before, after = f"{text}\n" if text else "", "\n"
        card.write_text(before + "\n".join([begin, "", *lines, "", end]) + after, "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"{card}: cannot be written as a card ({error}); name a file of Markdown text") from None
