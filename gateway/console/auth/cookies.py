"""The console's cookies, and protection of forms against requests from other sites."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gateway.console.auth.credentials import hash_secret, new_session_secret
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import User

SESSION_SECONDS = 12 * 3600.0
"""Seconds after which a session ends, even if it is used."""
_KNOWN_BROWSER_SECONDS = 180 * 86400
_FORM_SECONDS = 3600


class Cookies:
    """Reads and sets the cookies of sessions, of forms before sign-in, of known browsers, and of OpenID Connect."""

    def __init__(self, *, https: bool) -> None:
        self._https = https
        prefix = "__Host-" if https else ""
        self._session = f"{prefix}chaperone"
        self._form = f"{prefix}chaperone-form"
        self._known_browser = f"{prefix}chaperone-known"
        self._authorization = f"{prefix}chaperone-errand"

    # the session

    def session_secret(self, request: Request) -> str:
        """The secret of the browser's session; "" without one."""
        return request.cookies.get(self._session, "")

    def session_key(self, request: Request) -> str:
        """The hash under which the browser's session is stored."""
        return hash_secret(self.session_secret(request), "session")

    def set_session(self, request: Request, response: Response, secret: str) -> None:
        """Give the browser a session. SameSite=Lax, so that a link in a notice finds the session."""
        if mark := getattr(request.state, "known_browser", ""):
            response.set_cookie(
                self._known_browser, mark, max_age=_KNOWN_BROWSER_SECONDS, path="/", secure=self._https, httponly=True,
                samesite="strict",
            )  # fmt: skip
        response.set_cookie(
            self._session, secret, max_age=int(SESSION_SECONDS), path="/", secure=self._https, httponly=True,
            samesite="lax",
        )  # fmt: skip

    def delete_session(self, response: Response) -> None:
        """Remove the session from the browser."""
        response.delete_cookie(self._session, path="/", secure=self._https, httponly=True, samesite="lax")

    # known browsers

    def known_browser(self, request: Request, user: User, password_hash: str) -> str:
        """The id of a browser that gave this account's right password before; "" for any other browser."""
        mark = request.cookies.get(self._known_browser, "")
        browser_id = mark.partition(".")[0]
        expected = known_browser_mark(browser_id, user, password_hash)
        return browser_id if hmac.compare_digest(mark.encode(), expected.encode()) else ""

    # forms

    def form_secret(self, request: Request) -> str:
        """The form secret that the browser sent before sign-in; "" without one."""
        return request.cookies.get(self._form, "")

    def new_form_secret(self, request: Request) -> str:
        """The form secret for a browser without a session: the one it has, or a new one."""
        existing = self.form_secret(request)
        return existing if 20 <= len(existing) <= 64 and existing.isascii() else new_session_secret()

    def set_form_secret(self, response: Response, secret: str) -> None:
        """Give a browser without a session its form secret."""
        response.set_cookie(
            self._form, secret, max_age=_FORM_SECONDS, path="/", secure=self._https, httponly=True, samesite="strict"
        )

    # sign-in with the district's service

    def authorization(self, request: Request) -> str:
        """The authorization request that the browser carries; "" without one."""
        return request.cookies.get(self._authorization, "")

    def set_authorization(self, response: Response, value: str, seconds: int) -> None:
        """Let the browser carry an authorization request. SameSite=Lax: it comes back from another site."""
        response.set_cookie(
            self._authorization, value, max_age=seconds, path="/", secure=self._https, httponly=True, samesite="lax"
        )

    def delete_authorization(self, response: Response) -> None:
        """Remove the authorization request."""
        response.delete_cookie(self._authorization, path="/", secure=self._https, httponly=True, samesite="lax")


def known_browser_mark(browser_id: str, user: User, password_hash: str) -> str:
    """The cookie of a browser that gave the right password. It cannot be forged; a new password invalidates it."""
    mac = hmac.new(password_hash.encode(), f"known {user.name} {browser_id}".encode("utf-8", "replace"), "sha256")
    return f"{browser_id}.{mac.hexdigest()}"


def check_form(request: Request, sent: str, expected: str) -> None:
    """Raise a Problem unless a form was sent from a page of this console (protection against CSRF)."""
    origin = request.headers.get("origin", "")
    same_origin = not origin or urlsplit(origin).netloc == request.headers.get("host", "")
    site = request.headers.get("sec-fetch-site", "same-origin")
    same_secret = hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())
    if not (same_origin and same_secret and expected and site in ("same-origin", "none")):
        raise Problem(403, "The form is too old, or came from another site. Reload the page and try again.")
