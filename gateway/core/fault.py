"""Faults that end a command with one clear line: what is wrong, where, and how to fix it."""

from __future__ import annotations


class Fault(Exception):
    """A configuration or usage error. The text is shown as is; it names the file and the key.

    It never contains message content, a person or a secret.
    """

    exit_code = 2


class Refusal(Fault):
    """A failed check, or a refused action."""

    exit_code = 1
