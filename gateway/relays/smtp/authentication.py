"""AUTH: which submitting system a client is (RFC 4954), by PLAIN (RFC 4616) or LOGIN, over TLS only."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping

from gateway.core.messages.refusal import Refused

MECHANISMS = ("PLAIN", "LOGIN")
LOGIN_PROMPTS = (b"Username:", b"Password:")


def decode_response(line: bytes) -> bytes:
    """The bytes of one base64 response; "=" is an empty one. Raises Refused, also for "*", which cancels."""
    if line == b"*":
        raise Refused(501, "5.7.0", "Authentication cancelled", "auth")
    if line == b"=":
        return b""
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(501, "5.5.2", "Response is not valid base64", "syntax") from None


def encode_challenge(prompt: bytes) -> bytes:
    """A prompt as a reply line of code 334."""
    return b"334 " + base64.b64encode(prompt)


def parse_plain(response: bytes) -> tuple[str, bytes]:
    """User and password of a PLAIN response. Raises Refused. Acting as somebody else is not possible."""
    identity, separator, rest = response.partition(b"\0")
    user, second, password = rest.partition(b"\0")
    if not (separator and second and user and password) or b"\0" in password:
        raise Refused(501, "5.5.2", "Response is not understood", "syntax")
    if identity not in (b"", user):
        raise Refused(535, "5.7.8", "Authentication failed", "auth")
    return user.decode("utf-8", "replace"), password


def is_password(accounts: Mapping[str, str], user: str, password: bytes) -> bool:
    """Whether a password is that of an account. An unknown account takes as long as a wrong password."""
    known = accounts.get(user)
    same = hmac.compare_digest((known or "no account").encode(), password)
    return same and bool(known)
