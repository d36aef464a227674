"""What a reviewer is told about a guess: why an outside address counts as somebody's personal account, and how sure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import AccountBasis, Pair
from gateway.core.policy.clauses import ACCOUNTS
from gateway.core.policy.decision import ContactNote

ACCOUNT_NOTE = "account"
"""The name of these notes beside the limits of contact."""
_WHY = {
    AccountBasis.NAME: "by the name beside it",
    AccountBasis.LOCAL_PART: "by the name in the address",
    AccountBasis.SIGNATURE: "by the name that its text is signed with",
    AccountBasis.REPLY: "because it answers, or is answered by, a message in scope",
}


def account_notes(pairs: Iterable[Pair]) -> Iterator[ContactNote]:
    """One note for each conversation with a guessed account. It leads to nothing by itself."""
    told: set[tuple[str, str]] = set()
    for pair in pairs:
        if (why := _WHY.get(pair.basis) if pair.basis is not None else None) is None:
            continue
        if (pair.staff, pair.student) not in told:
            told.add((pair.staff, pair.student))
            text = f"an unknown outside address counts as a personal account {why}; {pair.confidence:.0%} sure"
            yield ContactNote(ACCOUNTS, ACCOUNT_NOTE, text, conversation_id(pair.staff, pair.student), flags=False)
