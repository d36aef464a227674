"""What signs people in: password hashes, and the secrets of sessions and tokens, of which only hashes are kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

import pyotp
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


# --- the second step of signing in ----------------------------------------------------------------------------------

_STEP = 30
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY = 10
"""Codes for when the phone is gone."""


def new_step_secret() -> str:
    """What an authenticator and the store both keep."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: float) -> int | None:
    """The step of time that a code is of, one step late or early forgiven; None for a wrong one."""
    digits = "".join(code.split())
    at = int(now // _STEP)
    return next(
        (step for step in (at, at - 1, at + 1) if hmac.compare_digest(_code(secret, step), digits.encode())), None
    )


def _code(secret: str, step: int) -> bytes:
    return pyotp.TOTP(secret, interval=_STEP).at(step * _STEP).encode()


def step_address(secret: str, name: str, issuer: str) -> str:
    """What an authenticator reads from the picture."""
    return pyotp.TOTP(secret, interval=_STEP).provisioning_uri(name=name, issuer_name=issuer)


def new_recovery() -> list[str]:
    """Codes that work once each."""

    def word() -> str:
        return "".join(secrets.choice(_ALPHABET) for _ in range(5))

    return [f"{word()}-{word()}" for _ in range(RECOVERY)]


def recovery_digest(code: str, name: str) -> str:
    """The hash under which such a code is kept."""
    return digest(f"{name}:{''.join(code.lower().split()).replace('-', '')}", "recovery")
