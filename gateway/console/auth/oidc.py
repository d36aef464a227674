"""Sign-in with the district's own service: OpenID Connect, authorization code flow with PKCE (RFC 7636).

This module talks to the service and returns the identity it vouches for. `provisioning` finds the account.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from gateway.console.web.encryption import Encryptor
from gateway.core.accounts.account import SignedInIdentity, identity_from_claims

CALLBACK_PATH = "/sign-in/service/back"
"""Where the service sends browsers back to."""
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_SCOPES = "openid email profile"
_CLOCK_LEEWAY = 60  # seconds
_METADATA_TTL = 3600.0
_KEY_FETCH_INTERVAL = 60.0  # seconds between two fetches of keys because of an unknown key id
_MAX_RESPONSE = 1 << 20


class SignInServiceError(Exception):
    """The service signed nobody in, or gave an invalid answer. The text goes to the event log: no personal data."""


class SignInRefused(SignInServiceError):
    """The service answered with an error; `word` is its OAuth error code."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(f"it answered {status}")
        self.word = word


class RefreshUnavailable(SignInServiceError):
    """The service gave nothing to refresh this identity with: the person must sign in again."""


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """The service and this client. `trusted`: seconds that a role from groups stays valid after the last answer."""

    issuer: str
    client_id: str
    client_secret: str
    public_url: str
    trusted: float = 4 * 3600.0

    @property
    def redirect_uri(self) -> str:
        """The redirect URI, which must be registered with the service."""
        return self.public_url.rstrip("/") + CALLBACK_PATH


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a browser keeps while it is at the service: it proves that the answer belongs to its own request."""

    state: str
    nonce: str
    verifier: str
    onward: str

    @classmethod
    def new(cls, onward: str) -> AuthorizationRequest:
        """A request with new secrets. `onward`: the page to show after sign-in."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), onward)

    def to_cookie(self) -> str:
        """The value of its cookie."""
        return "|".join((self.state, self.nonce, self.verifier, self.onward))

    @classmethod
    def from_cookie(cls, text: str) -> AuthorizationRequest | None:
        """The inverse of `to_cookie`; None if the value is invalid."""
        words = text.split("|")
        return cls(*words) if len(words) == 4 and all(words[:3]) else None


class SignInService:
    """A client of the service. The caller closes `client`."""

    def __init__(self, provider: OidcConfig, client: httpx.AsyncClient) -> None:
        self.provider, self._client = provider, client
        # Tokens are encrypted with the client secret: a copy of the store alone cannot use them.
        self._encryptor = Encryptor(provider.client_secret.encode(), "vouching")
        self._metadata: dict[str, Any] = {}
        self._metadata_at = self._keys_at = float("-inf")
        self._keys: jwt.PyJWKSet | None = None
        self._fetching_keys = asyncio.Lock()

    async def authorization_url(self, request: AuthorizationRequest) -> str:
        """The URL to send a browser to. Raises SignInServiceError."""
        metadata = await self._discover()
        challenge = urlsafe_b64encode(hashlib.sha256(request.verifier.encode()).digest()).decode().rstrip("=")
        parameters = {
            "response_type": "code", "client_id": self.provider.client_id, "redirect_uri": self.provider.redirect_uri,
            "scope": _scopes(metadata), "state": request.state, "nonce": request.nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = str(metadata["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"

    async def complete(self, request: AuthorizationRequest, answer: Mapping[str, str]) -> SignedInIdentity:
        """The identity behind the callback's query parameters. Raises SignInServiceError."""
        if not hmac.compare_digest(answer.get("state", "").encode(), request.state.encode()):
            raise SignInServiceError("the answer is to another request")
        if answer.get("error"):
            raise SignInServiceError("the service refused")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:
            raise SignInServiceError("the answer is from another service")  # RFC 9207
        metadata = await self._discover()
        tokens = await self._exchange_code(metadata, answer.get("code", ""), request.verifier)
        claims = await self._verify_id_token(str(tokens.get("id_token", "")))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), request.nonce.encode()):
            raise SignInServiceError("its token is for another request")
        claims = await self._with_user_info(metadata, tokens, claims)
        return self._with_refresh(tokens, identity_from_claims(self.provider.issuer, claims))

    async def refresh(self, again: str, subject: str) -> SignedInIdentity:
        """What the service says now about somebody who signed in before. Raises SignInServiceError.

        SignInRefused with the word invalid_grant: it no longer vouches for them. RefreshUnavailable: it cannot be
        asked.
        """
        decrypted = self._encryptor.decrypt(again, subject)
        if not decrypted:
            raise RefreshUnavailable("the stored tokens cannot be read")
        held = json.loads(decrypted)
        metadata = await self._discover()
        if not held.get("refresh"):
            return await self._refresh_by_user_info(metadata, held, subject)
        parameters = {"grant_type": "refresh_token", "refresh_token": held["refresh"]}
        tokens = {"refresh_token": held["refresh"], **await self._fetch_tokens(metadata, parameters)}
        if not tokens.get("id_token"):
            held = {**held, "access": tokens.get("access_token", "")}
            return await self._refresh_by_user_info(metadata, held, subject)
        claims = await self._verify_id_token(str(tokens["id_token"]))
        claims = await self._with_user_info(metadata, tokens, claims)
        identity = self._with_refresh(tokens, identity_from_claims(self.provider.issuer, claims))
        return _checked_subject(identity, subject)

    async def _refresh_by_user_info(
        self, metadata: Mapping[str, Any], held: Mapping[str, str], subject: str
    ) -> SignedInIdentity:  # fmt: skip
        """Refresh with an access token. If the user info has no groups, the service cannot be asked."""
        if "userinfo_endpoint" not in metadata or not held.get("access"):
            raise RefreshUnavailable("it issued no token to refresh with")
        try:
            claims = await self._json(
                "GET", metadata["userinfo_endpoint"], headers={"Authorization": f"Bearer {held['access']}"}
            )
        except SignInRefused:
            raise RefreshUnavailable("its access token has expired") from None
        if not {"groups", "roles"} & claims.keys():
            raise RefreshUnavailable("its user info has no groups")
        tokens = {"refresh_token": held.get("refresh", ""), "access_token": held["access"]}
        identity = self._with_refresh(tokens, identity_from_claims(self.provider.issuer, claims))
        return _checked_subject(identity, subject)

    def _with_refresh(self, tokens: Mapping[str, Any], identity: SignedInIdentity) -> SignedInIdentity:
        """The identity with its tokens, encrypted, for `refresh`."""
        held = {"refresh": tokens.get("refresh_token") or "", "access": tokens.get("access_token") or ""}
        return replace(identity, refresh_token=self._encryptor.encrypt(json.dumps(held), identity.subject))

    async def _exchange_code(self, metadata: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        parameters = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.provider.redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        return await self._fetch_tokens(metadata, parameters)

    async def _fetch_tokens(self, metadata: Mapping[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        client_id, client_secret = self.provider.client_id, self.provider.client_secret
        endpoint = metadata["token_endpoint"]
        if "client_secret_basic" in methods:
            return await self._json("POST", endpoint, data=parameters, auth=httpx.BasicAuth(client_id, client_secret))
        parameters = {**parameters, "client_id": client_id, "client_secret": client_secret}
        return await self._json("POST", endpoint, data=parameters)

    async def _verify_id_token(self, token: str) -> dict[str, Any]:
        """The claims of an ID token that the service issued for this client."""
        try:
            key = await self._signing_key(token)
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=_ALGORITHMS, audience=self.provider.client_id, issuer=self.provider.issuer,
                leeway=_CLOCK_LEEWAY, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise SignInServiceError(f"its token is not valid: {type(error).__name__}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.provider.client_id) != self.provider.client_id:
            raise SignInServiceError("its token is for another client")
        return claims

    async def _with_user_info(
        self, metadata: Mapping[str, Any], tokens: Mapping[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """The claims, with those of the user info endpoint if the ID token has no email."""
        if "email" in claims or "userinfo_endpoint" not in metadata:
            return claims
        headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        info = await self._json("GET", metadata["userinfo_endpoint"], headers=headers)
        if info.get("sub") != claims["sub"]:
            raise SignInServiceError("its user info is about somebody else")
        return {**info, **claims}

    async def _signing_key(self, token: str) -> jwt.PyJWK:
        kid = jwt.get_unverified_header(token).get("kid")
        if self._keys is None or (kid and kid not in {key.key_id for key in self._keys.keys}):
            async with self._fetching_keys:
                if time.monotonic() - self._keys_at > _KEY_FETCH_INTERVAL or self._keys is None:
                    metadata = await self._discover()
                    self._keys_at = time.monotonic()
                    self._keys = jwt.PyJWKSet.from_dict(await self._json("GET", metadata["jwks_uri"]))
        for key in self._keys.keys:
            if key.public_key_use in (None, "sig") and key.key_type != "oct" and kid in (None, key.key_id):
                return key
        raise SignInServiceError("its token is signed with an unknown key")

    async def check(self) -> str:
        """Read the service's metadata and keys; a sentence on success. Raises SignInServiceError."""
        metadata = await self._discover()
        keys = await self._json("GET", metadata["jwks_uri"])
        if not keys.get("keys"):
            raise SignInServiceError("it publishes no keys")
        return f"{self.provider.issuer} answers"

    async def _discover(self) -> dict[str, Any]:
        """The service's metadata (OpenID Connect Discovery), cached."""
        if time.monotonic() - self._metadata_at > _METADATA_TTL:
            url = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            metadata = await self._json("GET", url)
            if metadata.get("issuer") != self.provider.issuer:
                raise SignInServiceError("its issuer differs from console.oidc.issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_secure_url(str(metadata.get(name, ""))):
                    raise SignInServiceError(f"its {name} is not an https address")
            self._metadata, self._metadata_at = metadata, time.monotonic()
        return self._metadata

    async def _json(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        if not is_secure_url(str(url)):
            raise SignInServiceError("one of its addresses is not https")
        try:
            response = await self._client.request(
                method, url, headers={"Accept": "application/json", **options.pop("headers", {})}, **options
            )
            if response.status_code in (400, 401, 403):
                raise SignInRefused(response.status_code, _error_code(response))
            if response.status_code != 200 or len(response.content) > _MAX_RESPONSE:
                raise SignInServiceError(f"it answered {response.status_code}")
            body = response.json()
        except httpx.HTTPError as error:
            raise SignInServiceError(f"it cannot be reached: {type(error).__name__}") from None
        except ValueError:
            raise SignInServiceError("its answer is not JSON") from None
        if not isinstance(body, dict):
            raise SignInServiceError("its answer is not a JSON object")
        return body


def _scopes(metadata: Mapping[str, Any]) -> str:
    offered = metadata.get("scopes_supported")
    return _SCOPES + " offline_access" * (isinstance(offered, list) and "offline_access" in offered)


def _checked_subject(identity: SignedInIdentity, subject: str) -> SignedInIdentity:
    if identity.subject != subject:
        raise SignInServiceError("its answer is about somebody else")
    return identity


def _error_code(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("error", "")) if isinstance(body, dict) else ""


def is_secure_url(url: str) -> bool:
    """Whether a URL uses TLS or points to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
