"""Removes the header fields that the hops prepended."""

from __future__ import annotations


def split_prepended(content: bytes) -> tuple[bytes, bytes]:
    """The fields that the gateway prepended, and the content as the gateway received it."""
    rest = content
    while rest.lower().startswith((b"received:", b"x-chaperone-id:")):
        field, after = first_field(rest)
        if field.lower().startswith(b"received:") and b"by gateway.riverbend.example" not in field:
            break
        rest = after
    return content[: len(content) - len(rest)], rest


def without_front_received(content: bytes) -> bytes:
    """The content without the Received field of the Postfix in front of the gateway."""
    field, rest = first_field(content)
    assert field.lower().startswith(b"received:")
    assert b"front.postfix.example" in field
    return rest


def first_field(content: bytes) -> tuple[bytes, bytes]:
    """The first header field with its continuation lines, and the rest."""
    end = content.find(b"\r\n")
    while content[end + 2 : end + 3] in (b" ", b"\t"):
        end = content.find(b"\r\n", end + 2)
    return content[: end + 2], content[end + 2 :]
