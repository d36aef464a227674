"""Sealing: what goes where others can read it, and is to be opened by us alone.

Words that somebody looks for, in URLs, which go into histories and into the logs of proxies; and in the store what the
district's sign-in service can be asked with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class Sealer:
    """Seals words for one owner: for any other they cannot be opened. The same words are sealed the same.

    `purpose`: what is sealed, so that nothing sealed for one is opened for another.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret, f"{purpose}: cipher".encode(), hashlib.sha256))
        self._nonces = hmac.digest(secret, f"{purpose}: nonces".encode(), hashlib.sha256)

    def seal(self, words: str, owner: str) -> str:
        """Words as a URL or the store may hold them; "" for none."""
        if not words:
            return ""
        plain, whose = words.encode("utf-8", "replace"), owner.encode("utf-8", "replace")
        told = len(whose).to_bytes(4, "big") + whose + plain
        nonce = hmac.digest(self._nonces, told, hashlib.sha256)[:_NONCE]
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, whose)).decode().rstrip("=")

    def opened(self, sealed: str, owner: str) -> str:
        """The words; "" where they were not sealed by us for this owner and purpose."""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            whose = owner.encode("utf-8", "replace")
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], whose).decode()
        except (ValueError, InvalidTag):
            return ""
