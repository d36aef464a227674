"""What the hops prepend, taken away again."""

from __future__ import annotations


def ours_removed(content: bytes) -> tuple[bytes, bytes]:
    """The fields that the gateway prepended, and the content as it came to it."""
    rest = content
    while rest.lower().startswith((b"received:", b"x-chaperone-id:")):
        field, after = first_field(rest)
        if field.lower().startswith(b"received:") and b"by gateway.riverbend.example" not in field:
            break
        rest = after
    return content[: len(content) - len(rest)], rest


def front_removed(content: bytes) -> bytes:
    """The content without the Received of the Postfix in front of the gateway."""
    field, rest = first_field(content)
    assert field.lower().startswith(b"received:")
    assert b"front.postfix.example" in field
    return rest


def first_field(content: bytes) -> tuple[bytes, bytes]:
    """The first header field with its folded lines, and what follows."""
    end = content.find(b"\r\n")
    while content[end + 2 : end + 3] in (b" ", b"\t"):
        end = content.find(b"\r\n", end + 2)
    return content[: end + 2], content[end + 2 :]
