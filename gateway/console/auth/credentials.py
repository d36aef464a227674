"""Passwords, secrets of sessions and tokens, one-time codes and recovery codes. Only hashes of secrets are stored."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()  # argon2id, second recommended option of RFC 9106: 64 MiB of memory
_CONCURRENCY = asyncio.Semaphore(2)  # each hash needs the memory
_UNKNOWN_USER_HASH = _HASHER.hash(secrets.token_urlsafe(32))
_TOKEN_PREFIX = "chp_"  # lets scanners for leaked secrets recognize a token


async def hash_password(password: str) -> str:
    """The hash of a password, for the store."""
    async with _CONCURRENCY:
        return await asyncio.to_thread(_HASHER.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether a password matches a hash. False without a hash, after the same time as with one."""
    async with _CONCURRENCY:
        matches = await asyncio.to_thread(_verify, password, password_hash or _UNKNOWN_USER_HASH)
    return matches and bool(password_hash)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def new_session_secret() -> str:
    """A new secret for a browser session."""
    return secrets.token_urlsafe(32)


def new_token_secret() -> str:
    """A new secret for an API token."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str, purpose: str) -> str:
    """The hash under which a secret is stored, in hex. A secret hashed for one purpose does not work for another."""
    return hashlib.sha256(f"{purpose}:{secret}".encode("utf-8", "surrogatepass")).hexdigest()


# --- one-time codes (TOTP, RFC 6238) and recovery codes ---------------------------------------------------------------

_STEP_SECONDS = 30
_RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_CODES = 10
"""How many recovery codes an account gets."""


def new_totp_secret() -> str:
    """A new secret that the authenticator app and the store share."""
    return pyotp.random_base32()


def totp_step(secret: str, code: str, now: float) -> int | None:
    """The time step of a code, one step of clock drift allowed; None if the code is wrong."""
    digits = "".join(code.split())
    current = int(now // _STEP_SECONDS)
    return next(
        (
            step
            for step in (current, current - 1, current + 1)
            if hmac.compare_digest(_totp_code(secret, step), digits.encode())
        ),
        None,
    )


def _totp_code(secret: str, step: int) -> bytes:
    return pyotp.TOTP(secret, interval=_STEP_SECONDS).at(step * _STEP_SECONDS).encode()


def totp_uri(secret: str, name: str, issuer: str) -> str:
    """The otpauth URI that an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret, interval=_STEP_SECONDS).provisioning_uri(name=name, issuer_name=issuer)


def new_recovery_codes() -> list[str]:
    """New recovery codes. Each works once."""

    def word() -> str:
        return "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(5))

    return [f"{word()}-{word()}" for _ in range(RECOVERY_CODES)]


def hash_recovery_code(code: str, name: str) -> str:
    """The hash under which a recovery code of an account is stored."""
    return hash_secret(f"{name}:{''.join(code.lower().split()).replace('-', '')}", "recovery")
