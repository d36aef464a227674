"""FastAPI dependencies of pages: the browser's session, the checked form, services and templates."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from gateway.console.accounts.grants import GrantService
from gateway.console.accounts.service import AccountService
from gateway.console.accounts.tokens import TokenService
from gateway.console.administration.accounts import AccountAdministration
from gateway.console.administration.roster import RosterService
from gateway.console.administration.service import AdministrationService
from gateway.console.audit.service import AuditService
from gateway.console.auth.authenticator import Authenticator, BrowserSession
from gateway.console.auth.cookies import check_form
from gateway.console.cases.evidence import EvidenceService
from gateway.console.cases.legal_holds import LegalHoldService
from gateway.console.cases.service import CaseService
from gateway.console.config import ConsoleConfig
from gateway.console.decisions.bulk import BulkService
from gateway.console.decisions.claims import ClaimService
from gateway.console.decisions.flash import FlashMessages
from gateway.console.decisions.service import DecisionService
from gateway.console.decisions.two_person import TwoPersonRule
from gateway.console.flags.rates import RateService
from gateway.console.flags.service import FlagService
from gateway.console.flags.shadow import ShadowWeekService
from gateway.console.help.service import HelpService
from gateway.console.looks.service import LookService
from gateway.console.messages.lists import MessageLists
from gateway.console.messages.mask_names import NameMasking
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.messages.service import MessageService
from gateway.console.mine.links import SignInLinks
from gateway.console.mine.service import OwnMessageService
from gateway.console.overview.service import OverviewService
from gateway.console.people.service import PeopleService
from gateway.console.personal_accounts.service import PersonalAccountService
from gateway.console.policy.life import PolicyLifeService
from gateway.console.policy.service import PolicyService
from gateway.console.queue.navigation import QueueNavigation
from gateway.console.queue.service import QueueService
from gateway.console.records.service import RecordsService
from gateway.console.reports.service import ReportService
from gateway.console.services import Services
from gateway.console.templating import OwnMessagesOnly, Pages, SetUpFirst, SignInFirst
from gateway.console.tools.service import ToolService
from gateway.console.trace.service import TraceService
from gateway.console.urgency.service import UrgencyService
from gateway.console.web.errors import Problem, not_found
from gateway.console.web.forms import MESSAGE_ID, read_form
from gateway.console.web.idempotency import Idempotency

_ALLOWED_WITHOUT_SECOND_STEP = ("/account/codes", "/account/passkeys", "/sign-out")
"""What an account may still do, beside its own page, if it must set up a second step first."""


_OWN_MESSAGES = re.compile(r"/mine(?:/.*)?|/sign-out")
"""Pages of a session that was opened with a link from a mail."""


def the_authenticator(request: Request) -> Authenticator:
    """The application's authenticator."""
    authenticator: Authenticator = request.app.state.authenticator
    return authenticator


AuthenticatorDep = Annotated[Authenticator, Depends(the_authenticator)]


async def signed_in(request: Request, authenticator: AuthenticatorDep) -> BrowserSession:
    """The session of the browser. Raises SignInFirst or SetUpFirst."""
    session = await authenticator.browser_session(request)
    if session is None:
        raise SignInFirst
    path = request.url.path
    if session.owes_step and path != "/account" and not path.startswith(_ALLOWED_WITHOUT_SECOND_STEP):
        raise SetUpFirst
    request.state.signed = session
    if session.own_messages_only and not _OWN_MESSAGES.fullmatch(path):
        raise OwnMessagesOnly
    return session


async def checked_form(request: Request, session: Annotated[BrowserSession, Depends(signed_in)]) -> dict[str, str]:
    """The fields of a form that was sent from a page of this console. Raises a Problem for any other form."""
    form = await read_form(request)
    check_form(request, form.get("form", ""), session.form)
    return form


def the_pages(request: Request) -> Pages:
    """The application's templates."""
    pages: Pages = request.app.state.pages
    return pages


def message_id(id: Annotated[str, Path(description="The id of a message")]) -> str:
    """The message id in the path. Raises a Problem if it cannot be one."""
    if not MESSAGE_ID.fullmatch(id):
        raise not_found()
    return id


def parse_number(number: str) -> int:
    """The number of a case or grant in the path. Raises a Problem if it cannot be one."""
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Problem(404, "There is no such page.")
    return int(number)


Signed = Annotated[BrowserSession, Depends(signed_in)]
Sent = Annotated[dict[str, str], Depends(checked_form)]
ThePages = Annotated[Pages, Depends(the_pages)]
MessageId = Annotated[str, Depends(message_id)]
NumberInPath = Annotated[int, Depends(parse_number)]
PagesDep = Annotated[Pages, Depends(the_pages)]


def services(request: Request) -> Services:
    """The application's services."""
    found: Services = request.app.state.services
    return found


async def store_time(request: Request) -> float:
    """The time by the store's clock, in seconds since the epoch."""
    return await services(request).clock.now()


def _service(name: str) -> Any:
    """A dependency on one service, by its name in Services."""

    def find(request: Request) -> Any:
        return getattr(services(request), name)

    return Depends(find)


ServicesDep = Annotated[Services, Depends(services)]
NowDep = Annotated[float, Depends(store_time)]
PolicyDep = Annotated[PolicyService, _service("policy")]
PolicyLifeDep = Annotated[PolicyLifeService, _service("policy_life")]
NamesDep = Annotated[NameAccess, _service("names")]
MaskingDep = Annotated[NameMasking, _service("masking")]
MessagesDep = Annotated[MessageService, _service("messages")]
ListsDep = Annotated[MessageLists, _service("lists")]
QueueDep = Annotated[QueueService, _service("queue")]
NavigationDep = Annotated[QueueNavigation, _service("navigation")]
TraceDep = Annotated[TraceService, _service("trace")]
AuditDep = Annotated[AuditService, _service("audit")]
HelpDep = Annotated[HelpService, _service("help")]
DecisionsDep = Annotated[DecisionService, _service("decisions")]
ClaimsDep = Annotated[ClaimService, _service("claims")]
TwoPersonDep = Annotated[TwoPersonRule, _service("two_person")]
BulkDep = Annotated[BulkService, _service("bulk")]
FlashDep = Annotated[FlashMessages, _service("flash")]
IdempotencyDep = Annotated[Idempotency, _service("idempotency")]
CasesDep = Annotated[CaseService, _service("cases")]
LegalHoldsDep = Annotated[LegalHoldService, _service("legal_holds")]
EvidenceDep = Annotated[EvidenceService, _service("evidence")]
AccountsDep = Annotated[AccountService, _service("accounts")]
TokensDep = Annotated[TokenService, _service("tokens")]
PersonalAccountsDep = Annotated[PersonalAccountService, _service("personal_accounts")]
GrantsDep = Annotated[GrantService, _service("grants")]
PeopleDep = Annotated[PeopleService, _service("people")]
OverviewDep = Annotated[OverviewService, _service("overview")]
RecordsDep = Annotated[RecordsService, _service("records")]
ReportsDep = Annotated[ReportService, _service("reports")]
ToolsDep = Annotated[ToolService, _service("tools")]
AdministrationDep = Annotated[AdministrationService, _service("administration")]
AccountAdministrationDep = Annotated[AccountAdministration, _service("account_administration")]
RosterDep = Annotated[RosterService, _service("roster")]
LooksDep = Annotated[LookService, _service("looks")]
MineDep = Annotated[OwnMessageService, _service("mine")]
LinksDep = Annotated[SignInLinks, _service("links")]
RatesDep = Annotated[RateService, _service("rates")]
ShadowDep = Annotated[ShadowWeekService, _service("shadow")]
FlagsDep = Annotated[FlagService, _service("flags")]
UrgencyDep = Annotated[UrgencyService, _service("urgency")]
ConfigDep = Annotated[ConsoleConfig, _service("config")]
