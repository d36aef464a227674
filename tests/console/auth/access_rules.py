"""Who may use which route of the console, as rows of statuses, and what a request to each route sends."""

from __future__ import annotations

from tests.console.district import AUDITOR, DIRECTOR, HIGH, LINDGREN, MIDDLE, OKAFOR, PASSWORD, SECURITY

NOBODY = "nobody"
WHO = (NOBODY, DIRECTOR, HIGH, MIDDLE, SECURITY, AUDITOR, OKAFOR, LINDGREN)
"""The columns. `middle` administers another building than that of the messages. `okafor` is a teacher with a child.
`lindgren` is a teacher who sees only where his own messages are."""

# A row gives one status for all accounts except those that it names. Without a session, a 303 is to the sign-in page.
ROWS: dict[tuple[str, str], dict[str, int]] = {}


def row(method: str, path: str, *, nobody: int, others: int, **some: int) -> None:
    """The status for each column."""
    ROWS[method, path] = {who: some.get(who, nobody if who == NOBODY else others) for who in WHO}


def page(method: str, path: str, others: int = 200, **some: int) -> None:
    """A page that needs a session."""
    row(method, path, nobody=303, others=others, **{LINDGREN: 403, **some})


def call(method: str, path: str, others: int = 200, **some: int) -> None:
    """A route of the API."""
    row(method, path, nobody=401, others=others, **{LINDGREN: 403, **some})


NO_CONTENT = {SECURITY: 403, AUDITOR: 403}
ELSEWHERE = {MIDDLE: 404}

# public
for public in ("/sign-in", "/policy", "/api/docs", "/api/openapi.json"):
    row("GET", public, nobody=200, others=200)
row("GET", "/sign-in", nobody=200, others=303)  # redirected if signed in
row("POST", "/sign-in", nobody=403, others=403)  # this form needs its own secret

row("POST", "/sign-in/passkey", nobody=403, others=403)
row("GET", "/sign-in/service", nobody=404, others=404)  # the district has none
row("GET", "/sign-in/service/back", nobody=404, others=404)
row("GET", "/sign-in/code", nobody=303, others=303)  # only while a code is expected
row("POST", "/sign-in/code", nobody=303, others=303)

# one's own account
page("GET", "/account", lindgren=200)
page("POST", "/account/codes", 422, lindgren=422)  # no password was sent
page("POST", "/account/codes/confirm", 422, lindgren=422)  # no code was sent
page("POST", "/account/codes/off", 422, lindgren=422)  # and no password
page("POST", "/account/password", 422, lindgren=422)
page("POST", "/account/sessions/others", 303, lindgren=303)
page("POST", "/account/sessions/{id}/end", 404, lindgren=404)  # no such session
page("POST", "/account/passkeys", 409, lindgren=409)  # passkeys need a host name
page("POST", "/account/passkeys/made", 422, lindgren=422)
page("POST", "/account/passkeys/{id}/remove", 422, lindgren=422)

page("GET", "/account/tokens")
page("POST", "/account/tokens")
page("POST", "/account/tokens/{id}/revoke", 404)  # no such token

call("GET", "/api/v1/me", lindgren=200)
call("PUT", "/api/v1/me/password", 422, lindgren=422)  # the new one is too short
call("POST", "/api/v1/me/codes", lindgren=200)
call("POST", "/api/v1/me/codes/confirm", 422, lindgren=422)
call("POST", "/api/v1/me/codes/off", lindgren=200)
call("GET", "/api/v1/me/sessions", lindgren=200)
call("DELETE", "/api/v1/me/sessions/{id}", 404, lindgren=404)
call("GET", "/api/v1/me/passkeys", lindgren=200)
call("POST", "/api/v1/me/passkeys/{id}/remove", 404, lindgren=404)
call("GET", "/api/v1/tokens")
call("POST", "/api/v1/tokens", 201)
call("DELETE", "/api/v1/tokens/{id}", 404)

# reports and policies
page("GET", "/mine", lindgren=200)
page("GET", "/reports")
page("GET", "/reports.csv")
page("GET", "/overview")
page("GET", "/records", 403, director=200)
page("POST", "/records", 403, director=422)  # no person was sent
page("GET", "/records/{id}/file", 403, director=404)
call("GET", "/api/v1/records", 403, director=200)
call("POST", "/api/v1/records", 403, director=201)
call("GET", "/api/v1/records/{id}", 403, director=404)
call("GET", "/api/v1/records/{id}/file", 403, director=404)
row("GET", "/policy/{version}", nobody=404, others=404)  # never in force

# the life of the policy: technology directors only
for path in ("/policies", "/policies/edit", "/policies/versions/{number}"):
    page("GET", path, 403, director=200)
page("POST", "/policies/check", 403, director=200)
page("POST", "/policies/edit", 403, director=422)  # an empty policy
for method, path in (
    ("GET", "/policies/proposals/{id}"), ("POST", "/policies/proposals/{id}/agree"),
    ("POST", "/policies/proposals/{id}/withdraw"), ("GET", "/policies/simulations/{id}"),
    ("POST", "/policies/simulations/{id}/cancel"),
):  # fmt: skip
    page(method, path, 403, director=404)  # there is none
for path in ("/policies", "/policies/{number}", "/policies/proposals", "/policies/simulations"):
    call("GET", f"/api/v1{path}", 403, director=200)
call("POST", "/api/v1/policies", 403, director=422)  # an empty policy
call("POST", "/api/v1/policies/check", 403, director=200)
call("POST", "/api/v1/policies/simulations", 403, director=422)
call("GET", "/api/v1/policies/simulations/{id}", 403, director=404)
for path in ("/proposals/{id}/agree", "/proposals/{id}/withdraw", "/simulations/{id}/cancel"):
    call("POST", f"/api/v1/policies{path}", 403, director=404)
call("GET", "/api/v1/reports")

# look up and read
page("GET", "/", security=303, auditor=303, lindgren=303)  # redirected: no queue
page("GET", "/events", **NO_CONTENT)
page("POST", "/search", 303, **NO_CONTENT)
page("GET", "/messages/{id}", **ELSEWHERE)  # states and times for those who see no content
page("GET", "/messages/{id}/html/{part}", **NO_CONTENT, **ELSEWHERE)
page("GET", "/messages/{id}/picture/{part}", **NO_CONTENT, **ELSEWHERE)
page("GET", "/messages/{id}/source", okafor=403, **NO_CONTENT, **ELSEWHERE)
page("GET", "/messages/{id}/conversation", okafor=403, **NO_CONTENT, **ELSEWHERE)
page("GET", "/delivered", **NO_CONTENT)
page("GET", "/trace")
page("POST", "/trace")
page("GET", "/audit", high=403, middle=403, okafor=403, security=403)

# decide: on a message that okafor sent, then on one to her child
page("POST", "/messages/{id}/release", 303, okafor=403, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/undo", 303, okafor=409, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/undo", 409, **NO_CONTENT, **ELSEWHERE)  # nothing was decided
page("POST", "/messages/{id}/reject", 303, okafor=403, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/acknowledge", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/give-back", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/call", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/take", 303, okafor=403, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/leave", 303, okafor=403, **NO_CONTENT, **ELSEWHERE)
page("POST", "/sign-out", 303, lindgren=303)
call("DELETE", "/api/v1/me/sessions", lindgren=200)

# review: the message `high` and a case with it; `laid-out` for decisions
page("GET", "/help", **NO_CONTENT)
page("GET", "/decided", security=403)
page("POST", "/views", 303, **NO_CONTENT)
page("POST", "/messages/{id}/hold", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/assign", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/comments", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/withdraw", 409, **NO_CONTENT, **ELSEWHERE)  # nothing was proposed
page("POST", "/messages/{id}/legal-hold", 303, **NO_CONTENT, **ELSEWHERE)
page("GET", "/cases", **NO_CONTENT)
page("POST", "/cases", 303, **NO_CONTENT)
page("GET", "/cases/{number}", **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/add", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/notes", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/legal-hold", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/evidence", **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/remove/{id}", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/close", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/reopen", 303, **NO_CONTENT, **ELSEWHERE)
page("GET", "/together/{id}", **NO_CONTENT, **ELSEWHERE)
page("POST", "/together", **NO_CONTENT)  # other messages are named as not decided
page("POST", "/together/undo", middle=409, **NO_CONTENT)
page("POST", "/messages/{id}/names", 303, okafor=403, **NO_CONTENT, **ELSEWHERE)
page("POST", "/cases/{number}/names", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/discard", 303, **NO_CONTENT, **ELSEWHERE)

call("GET", "/api/v1/held", **NO_CONTENT)
call("POST", "/api/v1/held/search", **NO_CONTENT)
call("GET", "/api/v1/messages/{id}", **ELSEWHERE)
call("GET", "/api/v1/messages/{id}/content", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/release", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/reject", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/discard", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/names", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/names", **NO_CONTENT, **ELSEWHERE)
call("GET", "/api/v1/mailings/{id}", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/mailings/decide", **NO_CONTENT)  # other messages are named as not decided
call("POST", "/api/v1/mailings/undo", 409, **NO_CONTENT)
call("GET", "/api/v1/trace")
call("POST", "/api/v1/trace")
call("GET", "/api/v1/audit", high=403, middle=403, okafor=403, security=403)
call("GET", "/api/v1/stats")

# content for auditors
page("GET", "/grants", high=403, middle=403, okafor=403, security=403)
page("POST", "/grants", 403, director=303)
page("POST", "/grants/{number}/end", 403, director=303)
call("GET", "/api/v1/grants", high=403, middle=403, okafor=403, security=403)
call("POST", "/api/v1/grants", 403, director=201)
call("DELETE", "/api/v1/grants/{number}", 403, director=409)  # the page ended it

# classroom tools: building administrators and staff ask for one, which a director registers and removes
NO_TOOLS = {SECURITY: 403, AUDITOR: 403}
page("GET", "/tools", lindgren=200, **NO_TOOLS)
page("POST", "/tools", 303, lindgren=303, **NO_TOOLS)
page("POST", "/tools/remove", 403, director=303)
call("GET", "/api/v1/tools", lindgren=200, **NO_TOOLS)
call("GET", "/api/v1/tools/used", 403, director=200)
call("POST", "/api/v1/tools", 201, lindgren=201, **NO_TOOLS)
call("DELETE", "/api/v1/tools/{domain}", 403, director=200)

# the same review by the API
call("GET", "/api/v1/help", **NO_CONTENT)
call("GET", "/api/v1/delivered", **NO_CONTENT)
call("GET", "/api/v1/decided", security=403)
call("PUT", "/api/v1/views/{name}", **NO_CONTENT)
call("GET", "/api/v1/views", **NO_CONTENT)
call("DELETE", "/api/v1/views/{name}", **NO_CONTENT)
call("GET", "/api/v1/messages/{id}/review", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("GET", "/api/v1/messages/{id}/history", okafor=403, security=403, **ELSEWHERE)
call("GET", "/api/v1/messages/{id}/conversation", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/hold", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/assign", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/comments", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/withdraw", 409, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/acknowledge", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/give-back", 409, **NO_CONTENT, **ELSEWHERE)  # nobody had taken it up
call("POST", "/api/v1/messages/{id}/call", **NO_CONTENT, **ELSEWHERE)
page("GET", "/people", **NO_CONTENT)
page("POST", "/people", **NO_CONTENT)
page("GET", "/people/{id}", 404, **NO_CONTENT)  # nobody has this sourcedId
page("GET", "/people/{id}/with/{other}", 404, **NO_CONTENT)
call("POST", "/api/v1/people/search", **NO_CONTENT)
call("GET", "/api/v1/people/{id}", 404, **NO_CONTENT)
call("GET", "/api/v1/people/{id}/with/{other}", 404, **NO_CONTENT)
page("GET", "/personal-accounts", **NO_CONTENT)
page("POST", "/personal-accounts", 422, **NO_CONTENT)  # no person was sent
page("POST", "/personal-accounts/organizations", 303, **NO_CONTENT)
for listing in ("personal-accounts", "unknown-addresses", "organizations"):
    call("GET", f"/api/v1/{listing}", **NO_CONTENT)
call("POST", "/api/v1/personal-accounts", 404, **NO_CONTENT)  # nobody has this sourcedId
call("POST", "/api/v1/organizations", 201, **NO_CONTENT)
call("DELETE", "/api/v1/organizations/{name}", 404, **NO_CONTENT)
call("GET", "/api/v1/urgent", **NO_CONTENT)
call("GET", "/api/v1/distress", **NO_CONTENT)
call("POST", "/api/v1/messages/{id}/take", okafor=403, **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/leave", 409, okafor=403, **NO_CONTENT, **ELSEWHERE)  # nobody had taken it

# delivered messages that people look at: the message `flag`, which belongs to the high school
page("GET", "/flagged", **NO_CONTENT)
page("GET", "/sampled", **NO_CONTENT)
page("GET", "/would-be-held", **NO_CONTENT)
page("POST", "/flagged/search", 303, **NO_CONTENT)
page("GET", "/flagged/acknowledged", **NO_CONTENT)
page("GET", "/flagged/together/{id}", **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/outcome", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/messages/{id}/reopen", 303, **NO_CONTENT, **ELSEWHERE)
page("POST", "/flagged/together", **NO_CONTENT)  # other messages are named as not changed
page("POST", "/messages/{id}/example", 409, **NO_CONTENT, **ELSEWHERE)  # shadow mode did not hold it
page("GET", "/shadow-report", **NO_CONTENT)
page("GET", "/go-live", **NO_CONTENT)
call("GET", "/api/v1/flagged", **NO_CONTENT)
call("POST", "/api/v1/flagged/search", **NO_CONTENT)
call("GET", "/api/v1/flagged/rates")
call("POST", "/api/v1/flagged/acknowledge", **NO_CONTENT)
call("POST", "/api/v1/messages/{id}/reopen", 409, **NO_CONTENT, **ELSEWHERE)  # nobody has acknowledged it
call("POST", "/api/v1/messages/{id}/example", 409, **NO_CONTENT, **ELSEWHERE)
call("GET", "/api/v1/shadow-report", **NO_CONTENT)
call("GET", "/api/v1/go-live", **NO_CONTENT)
call("POST", "/api/v1/messages/{id}/legal-hold", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/messages/{id}/legal-hold/lift", high=403, okafor=403, middle=403, **NO_CONTENT)
call("GET", "/api/v1/cases", **NO_CONTENT)
call("POST", "/api/v1/cases", 201, **NO_CONTENT)
call("GET", "/api/v1/cases/{number}", **NO_CONTENT, **ELSEWHERE)
call("PATCH", "/api/v1/cases/{number}", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/messages", **NO_CONTENT, **ELSEWHERE)
call("DELETE", "/api/v1/cases/{number}/messages/{id}", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/notes", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/legal-hold", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/legal-hold/lift", high=403, okafor=403, **NO_CONTENT, **ELSEWHERE)
call("GET", "/api/v1/cases/{number}/evidence", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/close", **NO_CONTENT, **ELSEWHERE)
call("POST", "/api/v1/cases/{number}/reopen", **NO_CONTENT, **ELSEWHERE)

# one's own messages, of staff: `own` is held under a clause of which nobody is warned
page("GET", "/mine/message/{id}", 404, lindgren=404)
for action in ("again", "anyway", "look"):
    own = {"okafor": 409} if action == "look" else {}
    page("POST", f"/mine/message/{{id}}/{action}", 404, lindgren=404, **own)
    call("POST", f"/api/v1/me/messages/{{id}}/{action}", 404, lindgren=404, **own)
row("GET", "/mine/sign-in", nobody=200, others=200)
row("POST", "/mine/sign-in", nobody=403, others=403)  # this form needs its own secret
row("GET", "/mine/link/{secret}", nobody=200, others=200)
row("POST", "/mine/link", nobody=403, others=403)
call("GET", "/api/v1/me/messages", lindgren=200)
call("GET", "/api/v1/me/messages/{id}", 404, lindgren=404)
page("POST", "/messages/{id}/look", 409, okafor=403, **NO_CONTENT, **ELSEWHERE)  # nobody asks
call("GET", "/api/v1/look-requests", **NO_CONTENT)
call("POST", "/api/v1/messages/{id}/look", 409, okafor=403, **NO_CONTENT, **ELSEWHERE)

# administration; this console has no roster files
page("GET", "/administration", **NO_CONTENT)
call("GET", "/api/v1/administration", **NO_CONTENT)
for listing in ("contacts", "groups", "roster"):
    page("GET", f"/administration/{listing}", 404, **NO_CONTENT)
    call("GET", f"/api/v1/{listing}", 404, **NO_CONTENT)
page("POST", "/administration/groups", 404, **NO_CONTENT)
page("POST", "/administration/roster/upload", 403, director=422)  # not a form with a file
page("POST", "/administration/roster/again", 403, director=404)
page("POST", "/administration/roster/import", 403, director=404)  # nothing waits
call("POST", "/api/v1/roster/imports", 403, director=422)  # not a zip
call("POST", "/api/v1/roster/imports/{id}", 403, director=404)
page("GET", "/administration/accounts", 403, director=200)
page("POST", "/administration/accounts", 403, director=422)  # no name
page("POST", "/administration/accounts/{name}", 403, director=404)
call("GET", "/api/v1/accounts", 403, director=200)
call("POST", "/api/v1/accounts", 403, director=201)
call("PUT", "/api/v1/accounts/{name}", 403, director=404)
for action in ("password", "disable", "enable", "codes-off"):
    call("POST", f"/api/v1/accounts/{{name}}/{action}", 403, director=404)

_OF_HIGH = ("hold", "assign", "comments", "withdraw", "legal-hold")
ABOUT = {
    "/messages/{id}/html/{part}": "laid-out", "/messages/{id}/picture/{part}": "laid-out",
    "/messages/{id}/reject": "child", "/messages/{id}/acknowledge": "help", "/api/v1/messages/{id}/reject": "child",
    "/messages/{id}/give-back": "help", "/api/v1/messages/{id}/give-back": "help",
    "/messages/{id}/call": "help", "/api/v1/messages/{id}/call": "help",
    **{f"{api}/messages/{{id}}/{item}": "flag" for item in ("outcome", "reopen", "example") for api in ("", "/api/v1")},
    "/flagged/together/{id}": "flag",
    "/messages/{id}/discard": "laid-out", "/cases/{number}/remove/{id}": "text", "/together/{id}": "high",
    "/api/v1/mailings/{id}": "high",
    **{f"{api}/messages/{{id}}/{item}": "high" for item in _OF_HIGH for api in ("", "/api/v1")},
    "/api/v1/messages/{id}/legal-hold/lift": "high", "/api/v1/messages/{id}/acknowledge": "help",
    "/api/v1/messages/{id}/discard": "laid-out", "/api/v1/cases/{number}/messages/{id}": "text",
}  # fmt: skip
"""The message that a route is asked about; `own` where it is not named."""
PARTS = {"/messages/{id}/html/{part}": "2", "/messages/{id}/picture/{part}": "3"}
SENT: dict[str, dict[str, str]] = {
    "/flagged/search": {"kind": "flag"}, "/flagged/together": {"kind": "flag", "outcome": "fine"},
    "/messages/{id}/outcome": {"kind": "flag", "outcome": "fine"},
    "/trace": {"asked": "nobody@riverbend.example"}, "/views": {"name": "late", "query": "age=overdue"},
    "/messages/{id}/hold": {"for": "1d"}, "/messages/{id}/assign": {"to": "me"},
    "/grants": {"to": AUDITOR, "all": "yes", "for": "1h"},
    "/messages/{id}/comments": {"text": "seen"}, "/messages/{id}/call": {"was": "right"},
    "/cases": {"title": "Secrecy"}, "/cases/add": {"case": "1"},
    "/cases/{number}": {"title": "Secrecy", "severity": "low"}, "/cases/{number}/notes": {"text": "asked around"},
    "/cases/{number}/close": {"outcome": "unfounded"}, "/together": {"deed": "release"},
    "/people": {"asked": "nobody"},
    "/personal-accounts/organizations": {"name": "scholarships.example.org", "label": "Scholarships"},
    "/tools": {"domain": "quiz.example.org"}, "/tools/remove": {"domain": "quiz.example.org"},
    "/account/tokens": {"may": "read", "lasts": "7d", "password": PASSWORD},
}  # fmt: skip
"""What a form sends beside its secret."""
ASKED = {"/api/v1/trace": {"id": "nothing"}}
NAMES = {
    "/cases/add": ("message", "text"),
    "/together": ("id", "high"),
    "/together/undo": ("ids", "high"),
    "/flagged/together": ("id", "flag"),
}
"""What a form names a message in, and which."""
CALLS: dict[str, dict[str, object]] = {
    "/api/v1/me/messages/{id}/again": {"text": "Kinder words."}, "/api/v1/me/messages/{id}/look": {"words": "please"},
    "/api/v1/messages/{id}/look": {"text": "Yes."}, "/api/v1/roster/imports/{id}": {"confirm": False},
    "/api/v1/accounts": {"name": "made.here", "role": "auditor"}, "/api/v1/accounts/{name}": {"role": "auditor"},
    "/api/v1/flagged/search": {"text": "practice"},
    "/api/v1/flagged/acknowledge": {"ids": ["0" * 26], "outcome": "fine"},
    "/api/v1/messages/{id}/reopen": {}, "/api/v1/messages/{id}/example": {"chosen": True},
    "/api/v1/grants": {"to": AUDITOR, "for": "1h", "reason": "a sample"},
    "/api/v1/organizations": {"name": "scholarships.example.org", "label": "Scholarships"},
    "/api/v1/personal-accounts": {"address": "someone@mail.example", "person": "nobody", "status": "refused"},
    "/api/v1/records": {"person": "k-02"}, "/api/v1/people/search": {"text": "nobody"},
    "/api/v1/tools": {"domain": "game.example.org"},
    "/api/v1/policies": {"policy": ""}, "/api/v1/policies/check": {"policy": ""},
    "/api/v1/policies/simulations": {"policy": ""}, "/api/v1/policies/proposals/{id}/agree": {},
    "/api/v1/trace": {"id": "nothing"}, "/api/v1/held/search": {"text": "practice"},
    "/api/v1/messages/{id}/hold": {"for": "1d"}, "/api/v1/messages/{id}/assign": {"to": ""},
    "/api/v1/messages/{id}/comments": {"text": "seen"}, "/api/v1/messages/{id}/withdraw": {},
    "/api/v1/messages/{id}/undo": {}, "/api/v1/messages/{id}/acknowledge": {}, "/api/v1/messages/{id}/give-back": {},
    "/api/v1/messages/{id}/call": {"right": True}, "/api/v1/cases": {"title": "Secrecy"},
    "/api/v1/cases/{number}": {"severity": "low"}, "/api/v1/cases/{number}/notes": {"text": "asked around"},
    "/api/v1/cases/{number}/close": {"outcome": "unfounded", "reason": "because"},
    "/api/v1/views/{name}": {"query": "age=overdue"}, "/api/v1/mailings/undo": {"ids": ["0" * 26]},
    "/api/v1/mailings/decide": {"ids": ["0" * 26], "deed": "release"},
    "/api/v1/me/password": {"password": PASSWORD, "new": "short"}, "/api/v1/me/codes": {"password": PASSWORD},
    "/api/v1/me/codes/confirm": {"code": "none"}, "/api/v1/me/codes/off": {"password": PASSWORD},
    "/api/v1/me/passkeys/{id}/remove": {"password": PASSWORD}, "/api/v1/tokens": {"password": PASSWORD},
}  # fmt: skip
"""What a call of the API sends, where that is not a reason."""
LAST = (("POST", "/sign-out"), ("DELETE", "/api/v1/me/sessions"))
"""What ends the session that the others need."""
