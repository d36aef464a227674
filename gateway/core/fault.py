"""Faults that end a command with one clear line: what, where, how to mend."""

from __future__ import annotations


class Fault(Exception):
    """The text is shown as it is; it names the file and the key, and never content, a person or a secret."""

    exit_code = 2


class Refusal(Fault):
    """A check failed or a thing was refused."""

    exit_code = 1
