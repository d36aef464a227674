"""`python -m tests.differential.fuzz_mails --count N` reads N mutated mails: no crash, no hang, no byte left out."""

from __future__ import annotations

import argparse
import base64
import random
import sys
from collections.abc import Iterator
from functools import cache

from classifiers.extract.extraction import extract_message
from gateway.core.mime.page.sanitizer import sanitized_pieces
from gateway.core.mime.shown_header import MAX_HEADER_BYTES
from gateway.ports.content import excerpt_of, header_of
from tests.differential.file_mutations import mutated, seeds
from tests.differential.fuzzing import count_wrong
from tests.differential.html_pages import make_page
from tests.differential.mutations import mutate

_HEAD = b"From: Dana <dana@a.example>\r\nTo: b@c.example\r\nSubject: =?utf-8?q?Field_trip?=\r\nMIME-Version: 1.0\r\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nBring sunscreen and sandwiches.\r\n"


@cache
def _files() -> list[tuple[str, bytes]]:
    return list(seeds().items())


def _mail(random_: random.Random) -> bytes:
    """A mail with a page, a file, both, or neither: small ones are read faster."""
    parts = [_TEXT]
    if random_.random() < 0.3:
        page = make_page(random_.randrange(1 << 30)).html.encode()
        page = mutated(page, random_) if random_.random() < 0.5 else page
        parts.append(b"Content-Type: text/html\r\n\r\n" + page)
    if random_.random() < 0.5:
        name, file = random_.choice(_files())
        kind = b"Content-Type: application/octet-stream; name=" + name.encode()
        if random_.random() < 0.5:
            file = base64.encodebytes(file)
            kind += b"\r\nContent-Transfer-Encoding: base64"
        parts.append(kind + b"\r\n\r\n" + file)
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
    read = extract_message(content)
    excerpt_of("mail", content)
    header_of("mail", content[:MAX_HEADER_BYTES])
    sanitized_pieces(content.decode("latin-1"))
    for file in read.files:
        if file.kind == "text" and file.reason.startswith("broken ("):
            return f"failed: {file.path}: {file.reason}"
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
    return 1 if count_wrong(fuzzed_mails(given.seed, given.count), check) else 0


if __name__ == "__main__":
    sys.exit(main())
