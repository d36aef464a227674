"""The text of a message's files for somebody who reads it: one process a message, which ends with it.

A program of its own, so that a hostile file meets the bounds of this process and nobody's pages. Its standard input is
a line of JSON with number, media type, name and length of each file, then the files; it answers with JSON, {number:
[text, words for what could not be read]}.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import BinaryIO

from classifiers.extract import documents
from classifiers.extract.extraction import MAX_ATTACHED, PATIENCE
from classifiers.service.worker import bound, die_with, silence

MEMORY = 512 << 20
"""Bytes that it may take beyond what it has when it begins."""
LONGEST_CPU = 10
"""Seconds of work after which the system ends it."""


def opened(given: BinaryIO) -> dict[str, documents.Text]:
    """The text of each file, and the words for what could not be read."""
    budget = documents.Budget(time.monotonic() + PATIENCE, MAX_ATTACHED)
    return {
        number: documents.text_of(media_type, name, given.read(length), budget)
        for number, media_type, name, length in json.loads(given.readline())
    }


def main() -> None:
    """Run as `python -m classifiers.service.attachment_text PARENT`; PARENT is the process id of whoever started it."""
    die_with(int(sys.argv[1]))
    answer = os.fdopen(os.dup(1), "wb")
    silence(1, 2)  # an error could quote content
    bound(MEMORY)
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_CPU, LONGEST_CPU))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    found = opened(sys.stdin.buffer)
    with answer:
        answer.write(json.dumps(found).encode())


if __name__ == "__main__":
    main()
