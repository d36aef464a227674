"""Passkeys (WebAuthn Level 2): the options for the browser, and the checks of its answers."""

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

_INVALID_ANSWER = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
MAX_ANSWER = 16 << 10
"""Characters of a browser's answer, at most."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A passkey that a device has just created: its id, public key and signature counter."""

    id: str
    public_key: bytes
    count: int


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This console as WebAuthn knows it: the name of its host, and its one origin."""

    host: str
    origin: str

    @classmethod
    def at(cls, url: str) -> RelyingParty | None:
        """The console at a URL; None if browsers create no passkeys there: without TLS, or without a host name."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or host == "localhost") or _is_ip_address(host):
            return None
        return cls(host, f"{parts.scheme}://{parts.netloc}".lower())

    def creation_options(self, name: str, challenge: bytes, existing: Sequence[Passkey]) -> str:
        """JSON options to create a passkey for an account, on a device that holds none of `existing`."""
        options = generate_registration_options(
            rp_id=self.host, rp_name="Chaperone", user_name=name, user_id=_user_handle(name),
            challenge=challenge, exclude_credentials=_descriptors(existing),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
            ),
        )  # fmt: skip
        return options_to_json(options)

    def verify_creation(self, answer: str, challenge: bytes) -> NewCredential | None:
        """The passkey that a browser created; None if the answer is invalid or for another challenge."""
        try:
            verified = verify_registration_response(
                credential=_parse(answer), expected_challenge=challenge, expected_rp_id=self.host,
                expected_origin=self.origin,
            )  # fmt: skip
        except _INVALID_ANSWER:
            return None
        return NewCredential(
            bytes_to_base64url(verified.credential_id), verified.credential_public_key, verified.sign_count
        )

    def request_options(self, challenge: bytes, allowed: Sequence[Passkey]) -> str:
        """JSON options to sign with one of the `allowed` passkeys, as a second step."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.host, challenge=challenge, allow_credentials=_descriptors(allowed),
                user_verification=UserVerificationRequirement.PREFERRED,
            )
        )  # fmt: skip

    def discoverable_request_options(self, challenge: bytes) -> str:
        """JSON options to sign with any passkey of this console. The device must verify its user."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
            )
        )

    def verify_signature(
        self, answer: str, challenge: bytes, allowed: Sequence[Passkey], *, without_password: bool = False
    ) -> tuple[Passkey, int] | None:
        """Which of the `allowed` passkeys signed, and its new counter; None if none did.

        `without_password`: nobody gave a password, so the device must have verified its user and named the account.
        """
        try:
            given = _parse(answer)
            passkey = next((passkey for passkey in allowed if passkey.id == given.get("id")), None)
            if passkey is None:
                return None
            verified = verify_authentication_response(
                credential=given, expected_challenge=challenge, expected_rp_id=self.host, expected_origin=self.origin,
                credential_public_key=passkey.public_key, credential_current_sign_count=passkey.count,
                require_user_verification=without_password,
            )  # fmt: skip
            if without_password and _answered_handle(given) != _user_handle(passkey.user):
                return None
        except _INVALID_ANSWER:
            return None
        return passkey, verified.new_sign_count


def credential_id(answer: str) -> str:
    """The id of the passkey that an answer names, unverified; "" if it names none."""
    try:
        return str(_parse(answer).get("id", ""))[:2000]
    except _INVALID_ANSWER:
        return ""


def _user_handle(name: str) -> bytes:
    """The account's id on devices."""
    return hashlib.sha256(name.encode()).digest()


def _answered_handle(given: dict[str, object]) -> bytes:
    response = given.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    return base64url_to_bytes(handle) if isinstance(handle, str) else b""


def _parse(answer: str) -> dict[str, object]:
    given = json.loads(answer[: MAX_ANSWER + 1])
    if not isinstance(given, dict):
        raise ValueError("not an object")
    return given


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.id)) for passkey in passkeys]


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
