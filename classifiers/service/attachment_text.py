"""Reads the text of a message's files for a reviewer, in one process per message.

It is a program of its own, so a hostile file can only harm this process. Standard input is a line of JSON with number,
media type, name and length of each file, followed by the files. The answer is JSON: {number: [text, words for what
could not be read]}.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import BinaryIO

from classifiers.extract import documents
from classifiers.extract.extraction import MAX_ATTACHED, MAX_FILE_SECONDS
from classifiers.service.worker import exit_with_parent, limit_memory, redirect_to_null

MAX_MEMORY = 512 << 20
"""Bytes of memory beyond those at the start, at most."""
MAX_CPU_SECONDS = 10
"""CPU seconds, at most."""


def read_files(given: BinaryIO) -> dict[str, documents.ExtractedText]:
    """The text of each file, and the words for what could not be read."""
    budget = documents.Budget(time.monotonic() + MAX_FILE_SECONDS, MAX_ATTACHED)
    return {
        number: documents.extract_text(media_type, name, given.read(length), budget)
        for number, media_type, name, length in json.loads(given.readline())
    }


def main() -> None:
    """Run as `python -m classifiers.service.attachment_text PARENT`. PARENT is the process id of the caller."""
    exit_with_parent(int(sys.argv[1]))
    answer = os.fdopen(os.dup(1), "wb")
    redirect_to_null(1, 2)  # an error message could quote content
    limit_memory(MAX_MEMORY)
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    texts = read_files(sys.stdin.buffer)
    with answer:
        answer.write(json.dumps(texts).encode())


if __name__ == "__main__":
    main()
