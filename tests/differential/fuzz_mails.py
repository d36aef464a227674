"""`python -m tests.differential.fuzz_mails --count N` reads N mutated mails: no crash, no hang, no byte left out."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from classifiers.extract.extraction import extract_message
from gateway.core.mime.page.sanitizer import sanitized_pieces
from gateway.core.mime.shown_header import MAX_HEADER_BYTES
from gateway.ports.content import excerpt_of, header_of
from tests.differential.file_mutations import mutated, seeds
from tests.differential.html_pages import make_page
from tests.differential.mutations import mutate

MAX_SECONDS = 2.0
_HEAD = b"From: Dana <dana@a.example>\r\nTo: b@c.example\r\nSubject: =?utf-8?q?Field_trip?=\r\nMIME-Version: 1.0\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nBring sunscreen and sandwiches.\r\n"


def _mail(random_: random.Random) -> bytes:
    """A mail with a page and a file."""
    page = make_page(random_.randrange(1 << 30)).html.encode()
    name, file = random_.choice(list(seeds().items()))
    parts = [
        _TEXT,
        b"Content-Type: text/html\r\n\r\n" + (mutated(page, random_) if random_.random() < 0.5 else page),
        b"Content-Type: application/octet-stream; name=" + name.encode() + b"\r\n\r\n" + file,
    ]
    body = b"".join(b"\r\n--in\r\n" + part for part in parts)
    return _HEAD + b"Content-Type: multipart/mixed; boundary=in\r\n\r\n" + body + b"\r\n--in--\r\n"


def fuzzed_mails(seed: int, count: int) -> Iterator[bytes]:
    """Mails with changes of structure, changed bytes, or both."""
    random_ = random.Random(seed)
    mail = _HEAD + _TEXT
    for number in range(count):
        if not number % 20:
            mail = _mail(random_)
        content = mutate(random_, mail) if random_.random() < 0.6 else mail
        yield mutated(content, random_) if random_.random() < 0.7 else content


def check(content: bytes) -> str:
    """Read a mail in every way that the gateway does; returns what is wrong with the result, "" for nothing."""
    started = time.process_time()
    read = extract_message(content)
    excerpt_of("mail", content)
    header_of("mail", content[:MAX_HEADER_BYTES])
    sanitized_pieces(content.decode("latin-1"))
    took = time.process_time() - started
    if took > MAX_SECONDS:
        return f"slow: {took:.1f} s"
    if sum(span.size for span in read.account) != len(content):
        return "bytes that are not accounted for"
    if any(span.end != after.start for span, after in zip(read.account, read.account[1:], strict=False)):
        return "a gap in the account"
    return ""


def main() -> int:
    """Run; returns 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong: Counter[str] = Counter()
    for number, content in enumerate(fuzzed_mails(given.seed, given.count)):
        try:
            problem = check(content)
        except Exception as error:  # noqa: BLE001 - every kind of crash is counted
            problem = f"{type(error).__name__}: {error}"[:200]
        if problem:
            wrong[problem] += 1
            print(f"input {number} of seed {given.seed}: {problem}", flush=True)
    print(f"{given.count} mails, {sum(wrong.values())} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
