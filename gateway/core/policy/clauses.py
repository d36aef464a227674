"""The clauses that code knows by id. Everything else about clauses is in the policy file.

A clause that is listed in a policy file only works like the others: a lexicon cue finds it, the thresholds of the file
decide about it, and lists, pages, notices and metrics show it.
"""

from __future__ import annotations

import re

SOCIAL_NETWORKS = "1"
TOOLS = "2"  # stands for clauses 2 and 3; its findings are links to classroom tools
ACCOUNTS = "4"
OUTSIDE_CONTACT = "5"  # counters of contact, and the phrase that brings a conversation back to the school account
PURPOSE = "6"
SEXUAL, DRUGS, OBSCENE, ILLEGAL, BULLYING = "7a", "7b", "7c", "7d", "7e"
CONFIDENTIAL = "8"  # its findings name the person that the information is about
INTERFERENCE = "9"  # also the limit on how many students one sender writes to

HELD = (SEXUAL, DRUGS, OBSCENE, ILLEGAL, BULLYING, CONFIDENTIAL, INTERFERENCE)
"""Clauses that the model scores together with whether the message should be held."""
EVADED = (SOCIAL_NETWORKS, ACCOUNTS)
"""Clauses that are held only when the text also hides or evades."""
FLAGGED = (*EVADED, PURPOSE)
"""Clauses that the model scores by themselves."""
LEARNED = (*FLAGGED, *HELD)
"""Clauses that the model scores: the labels of the training corpora."""
BY_RULE = (OUTSIDE_CONTACT, TOOLS)
"""Clauses found by rules alone."""


def clause_order(clause: str) -> tuple[int, str]:
    """The sort key of a clause id: 7b comes after 7a, 10 after 9."""
    digits = clause.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits), clause[len(digits) :]


BUILT_IN = tuple(sorted((*LEARNED, *BY_RULE), key=clause_order))
"""Every clause that code knows. A policy file must have all of them."""

_ID = re.compile(r"[1-9][0-9]?[a-z]?")


def is_clause_id(text: str) -> bool:
    """Whether a text is written like a clause id: a number from 1 to 99, perhaps with a letter."""
    return _ID.fullmatch(text) is not None


def holds_messages(clause: str) -> bool:
    """Whether releasing or rejecting a held message says something about a clause: not about flagged ones."""
    return clause in HELD or clause not in BUILT_IN
