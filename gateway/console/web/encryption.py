"""Encrypts text that others can see but only this console may read.

Used for search words in URLs, which end up in browser histories and proxy logs, and for the tokens of the district's
sign-in service in the store.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Encryptor:
    """Encrypts text for one owner with AES-GCM. The same text for the same owner gives the same ciphertext.

    `purpose` separates uses: text encrypted for one purpose cannot be decrypted for another.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._cipher = AESGCM(hmac.digest(secret, f"{purpose}: cipher".encode(), hashlib.sha256))
        self._nonce_key = hmac.digest(secret, f"{purpose}: nonces".encode(), hashlib.sha256)

    def encrypt(self, text: str, owner: str) -> str:
        """The text in a form for a URL or the store, in base64url without padding; "" for an empty text."""
        if not text:
            return ""
        plaintext, owner_bytes = text.encode("utf-8", "replace"), owner.encode("utf-8", "replace")
        nonce_input = len(owner_bytes).to_bytes(4, "big") + owner_bytes + plaintext
        nonce = hmac.digest(self._nonce_key, nonce_input, hashlib.sha256)[:_NONCE_BYTES]
        return (
            base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plaintext, owner_bytes)).decode().rstrip("=")
        )

    def decrypt(self, encrypted: str, owner: str) -> str:
        """The text; "" if it was not encrypted by this console for this owner and purpose."""
        try:
            raw = base64.b64decode(encrypted + "=" * (-len(encrypted) % 4), altchars=b"-_", validate=True)
            owner_bytes = owner.encode("utf-8", "replace")
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner_bytes).decode()
        except (ValueError, InvalidTag):
            return ""
