"""Passkeys (WebAuthn): what a browser is asked for, and whether its answer is the device's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.core.accounts.account import Passkey

_NO_ANSWER = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
LARGEST = 16 << 10
"""Characters that a browser's answer may have."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The console as devices know it: by the name of its host, at this one address."""

    host: str
    origin: str

    @classmethod
    def at(cls, url: str) -> Keys | None:
        """The console at an address; None where browsers make no passkeys: without TLS, or without a name."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or host == "localhost") or _is_address(host):
            return None
        return cls(host, f"{parts.scheme}://{parts.netloc}".lower())

    def to_make(self, name: str, challenge: bytes, known: Sequence[Passkey]) -> str:
        """What a browser needs to make a passkey on a device that has none of `known` yet."""
        options = generate_registration_options(
            rp_id=self.host, rp_name="Chaperone", user_name=name, user_id=_handle(name),
            challenge=challenge, exclude_credentials=_described(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
            ),
        )  # fmt: skip
        return options_to_json(options)

    def made(self, answer: str, challenge: bytes) -> tuple[str, bytes, int] | None:
        """Id, public key and count of what was made; None where the answer is none to this question."""
        try:
            done = verify_registration_response(
                credential=_read(answer), expected_challenge=challenge, expected_rp_id=self.host,
                expected_origin=self.origin,
            )  # fmt: skip
        except _NO_ANSWER:
            return None
        return bytes_to_base64url(done.credential_id), done.credential_public_key, done.sign_count

    def to_ask(self, challenge: bytes, known: Sequence[Passkey]) -> str:
        """What a browser needs to ask a device for one of `known`."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.host, challenge=challenge, allow_credentials=_described(known),
                user_verification=UserVerificationRequirement.PREFERRED,
            )
        )  # fmt: skip

    def to_ask_anybody(self, challenge: bytes) -> str:
        """What a browser needs to ask its device for any passkey of ours, by a finger, a face or the device's code."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
            )
        )

    def shown(
        self, answer: str, challenge: bytes, known: Sequence[Passkey], *, alone: bool = False
    ) -> tuple[Passkey, int] | None:
        """Which of `known` signed, and its new count; None where none did.

        `alone`: nobody gave a password, so the device must have made sure who it is, and say whose key it is.
        """
        try:
            given = _read(answer)
            passkey = next((each for each in known if each.id == given.get("id")), None)
            if passkey is None:
                return None
            done = verify_authentication_response(
                credential=given, expected_challenge=challenge, expected_rp_id=self.host, expected_origin=self.origin,
                credential_public_key=passkey.public_key, credential_current_sign_count=passkey.count,
                require_user_verification=alone,
            )  # fmt: skip
            if alone and _told_handle(given) != _handle(passkey.user):
                return None
        except _NO_ANSWER:
            return None
        return passkey, done.new_sign_count


def id_in(answer: str) -> str:
    """The id of the passkey that an answer says it is of; "" where it says none."""
    try:
        return str(_read(answer).get("id", ""))[:2000]
    except _NO_ANSWER:
        return ""


def _handle(name: str) -> bytes:
    """What a device knows an account by."""
    return hashlib.sha256(name.encode()).digest()


def _told_handle(given: dict[str, object]) -> bytes:
    response = given.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    return base64url_to_bytes(handle) if isinstance(handle, str) else b""


def _read(answer: str) -> dict[str, object]:
    given = json.loads(answer[: LARGEST + 1])
    if not isinstance(given, dict):
        raise ValueError("no object")
    return given


def _described(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in known]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
