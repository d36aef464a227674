"""What signs people in: password hashes, and the secrets of sessions and tokens, of which only hashes are kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()  # argon2id with the parameters of RFC 9106, second choice: 64 MiB
_AT_ONCE = asyncio.Semaphore(2)  # passwords hashed at a time: each takes memory
_NOBODYS = _HASHER.hash(secrets.token_urlsafe(32))
_TOKEN = "chp_"  # so that a scanner of leaked secrets knows one


async def hashed(password: str) -> str:
    """The hash of a password, for the store."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def fits(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one of a hash. Without a hash it is not, and takes as long to say."""
    async with _AT_ONCE:
        right = await asyncio.to_thread(_verify, password, password_hash or _NOBODYS)
    return right and bool(password_hash)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def new_session() -> str:
    """A secret for a browser."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """A secret for a program."""
    return _TOKEN + secrets.token_urlsafe(32)


def digest(secret: str, purpose: str) -> str:
    """The hash under which a secret is kept. `purpose`: what it is of, so that none serves as another."""
    return hashlib.sha256(f"{purpose}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()
