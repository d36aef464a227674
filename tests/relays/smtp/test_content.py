"""Decoding and encoding of DATA: exact for canonical content, harmless for everything else."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.core.messages.refusal import Refused
from gateway.relays.smtp.content import ContentDecoder, IncomingContent
from gateway.transports.smtp.wire import ContentEncoder

SMUGGLED = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\r\n\0.\r\n"]
nasty = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"\xff", b"a", b"\r\n.", b"\n.", b"MAIL FROM:<a@b>"]),
    max_size=30,
).map(b"".join)
contents = st.one_of(st.binary(max_size=200), nasty)
cuts = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def canonical(content: bytes) -> bytes:
    content = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    return content if not content or content.endswith(b"\r\n") else content + b"\r\n"


def pieces(raw: bytes, sizes: list[int]):
    at = turn = 0
    while at < len(raw):
        size = sizes[turn % len(sizes)]
        yield raw[at : at + size]
        at += size
        turn += 1


def encoded(content: bytes, sizes: list[int]) -> bytes:
    encoder = ContentEncoder()
    return b"".join(encoder.feed(piece) for piece in pieces(content, sizes)) + encoder.end()


def decoded(wire: bytes, sizes: list[int]) -> tuple[bytes, ContentDecoder]:
    decoder = ContentDecoder()
    out = b""
    for piece in pieces(wire, sizes):
        if decoder.finished:
            decoder.rest += piece
        else:
            out += decoder.feed(piece)
    return out, decoder


@given(contents, cuts, cuts)
@example(b"", [1], [1])
@example(b"\r\n", [1], [1])
@example(b".", [1], [1])
@example(b".\r\n", [1], [2])
@example(b"a\r", [2], [1])
def test_encoding_and_decoding_gives_the_canonical_content(content: bytes, out: list[int], back: list[int]) -> None:
    wire = encoded(content, out)
    again, decoder = decoded(wire + b"QUIT\r\n", back)
    assert again == canonical(content)
    assert decoder.finished
    assert decoder.rest == b"QUIT\r\n"
    assert not decoder.bare


@given(contents, cuts)
def test_encoded_content_has_only_one_end_of_data(content: bytes, out: list[int]) -> None:
    wire = encoded(content, out)
    assert wire.endswith(b".\r\n")
    inside = b"\r\n" + wire[:-3]
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", inside)
    assert b"\r\n.\r\n" not in inside


@given(contents, cuts)
def test_decoded_content_is_canonical_however_it_is_cut(raw: bytes, sizes: list[int]) -> None:
    wire = raw + b"\r\n.\r\nNOOP\r\n"
    whole, reference = decoded(wire, [len(wire)])
    parts, decoder = decoded(wire, sizes)
    assert parts == whole
    assert decoder.rest == reference.rest
    assert decoder.bare == reference.bare
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", whole)


@pytest.mark.parametrize("end", SMUGGLED)
def test_only_crlf_dot_crlf_ends_data(end: bytes) -> None:
    wire = b"a" + end + b"MAIL FROM:<x@y>\r\n.\r\n"
    content, decoder = decoded(wire, [3])
    assert b"MAIL FROM:<x@y>" in content
    assert decoder.finished
    assert decoder.rest == b""
    assert decoder.bare is (end != b"\r\n\0.\r\n")


def test_nul_and_8bit_are_kept() -> None:
    every = bytes(set(range(256)) - {10, 13}) + b"\r\n"
    assert decoded(every + b".\r\n", [1])[0] == every


def test_dots_are_removed_only_after_crlf() -> None:
    assert decoded(b"..a\r\n.b\r\n...\r\n.\r\n", [2])[0] == b".a\r\nb\r\n..\r\n"
    assert decoded(b"a\n..b\r\n.\r\n", [2])[0] == b"a\r\n..b\r\n"


async def _read_all(content: IncomingContent) -> bytes:
    out = b""
    while piece := await content.next_piece():
        out += piece
    return out


def source(wire: bytes, size: int = 7):
    waiting = list(pieces(wire, [size]))

    async def more() -> bytes:
        return waiting.pop(0)

    return more, waiting


async def test_too_large_content_is_read_to_its_end_and_refused() -> None:
    more, waiting = source(b"x" * 99 + b"\r\n.\r\nRSET\r\n", 50)
    content = IncomingContent(b"", more, max_size=60)
    with pytest.raises(Refused) as refused:
        await _read_all(content)
    assert refused.value.reply.startswith("552 5.3.4")
    assert content.rest + b"".join(waiting) == b"RSET\r\n"


async def test_content_of_the_maximum_size_is_accepted() -> None:
    more, _ = source(b"x" * 58 + b"\r\n.\r\n")
    assert await _read_all(IncomingContent(b"", more, max_size=60)) == b"x" * 58 + b"\r\n"


async def test_bare_newlines_may_be_refused() -> None:
    more, _ = source(b"a\nb\r\n.\r\n")
    with pytest.raises(Refused) as refused:
        await _read_all(IncomingContent(b"", more, max_size=60, refuse_bare=True))
    assert refused.value.reply.startswith("550 5.5.2")
    more, _ = source(b"a\r\nb\r\n.\r\n")
    assert await _read_all(IncomingContent(b"", more, max_size=60, refuse_bare=True)) == b"a\r\nb\r\n"
