"""The services of the console, built once over the store, the directory and the policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.console.accounts.grants import GrantService
from gateway.console.accounts.service import AccountService
from gateway.console.accounts.tokens import TokenService
from gateway.console.administration.accounts import AccountAdministration
from gateway.console.administration.roster import RosterService
from gateway.console.administration.service import AdministrationService
from gateway.console.audit.service import AuditService
from gateway.console.auth.authenticator import Authenticator
from gateway.console.auth.authorization import Authorization
from gateway.console.auth.stores import SignInStores
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
from gateway.console.flags.service import FlagService, OpenWork, WorkQueue
from gateway.console.flags.shadow import ShadowWeekService
from gateway.console.help.service import HelpService
from gateway.console.looks.service import LookService
from gateway.console.messages.attachments import AttachmentReader
from gateway.console.messages.lists import MessageLists
from gateway.console.messages.mask_names import NameMasking
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.messages.service import MessageService
from gateway.console.mine.links import SignInLinks
from gateway.console.mine.service import OwnMessageService
from gateway.console.mine.submission import Submission
from gateway.console.overview.service import OverviewService
from gateway.console.people.service import PeopleService
from gateway.console.personal_accounts.service import PersonalAccountService
from gateway.console.policy.life import PolicyLifeService
from gateway.console.policy.service import PolicyService
from gateway.console.queue.cache import HeldQueue
from gateway.console.queue.navigation import QueueNavigation
from gateway.console.queue.service import QueueService
from gateway.console.records.export import PersonExport
from gateway.console.records.service import RecordsService
from gateway.console.reports.service import ReportService
from gateway.console.tools.service import ToolService
from gateway.console.trace.service import TraceService
from gateway.console.urgency.service import UrgencyService
from gateway.console.web.idempotency import Idempotency
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.policy import Policy
from gateway.core.policy.work_kinds import WorkKind
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.content import ContentParser, ReadHere
from gateway.ports.directory_accounts import RosterAdministration
from gateway.ports.store import Store
from gateway.stages.intake import MessageIntake


@dataclass(frozen=True, slots=True)
class Services:
    """Every service that pages and API use."""

    config: ConsoleConfig
    event_log: EventLog
    clock: StoreClock
    authorization: Authorization
    policy: PolicyService
    policy_life: PolicyLifeService
    names: NameAccess
    masking: NameMasking
    messages: MessageService
    lists: MessageLists
    queue: QueueService
    navigation: QueueNavigation
    help: HelpService
    urgency: UrgencyService
    flags: FlagService
    shadow: ShadowWeekService
    rates: RateService
    two_person: TwoPersonRule
    decisions: DecisionService
    claims: ClaimService
    bulk: BulkService
    flash: FlashMessages
    trace: TraceService
    audit: AuditService
    cases: CaseService
    legal_holds: LegalHoldService
    evidence: EvidenceService
    accounts: AccountService
    tokens: TokenService
    grants: GrantService
    reports: ReportService
    overview: OverviewService
    records: RecordsService
    tools: ToolService
    personal_accounts: PersonalAccountService
    people: PeopleService
    administration: AdministrationService
    account_administration: AccountAdministration
    roster: RosterService
    looks: LookService
    mine: OwnMessageService
    links: SignInLinks
    idempotency: Idempotency
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def build_services(
    store: Store, directory: ConsoleDirectory, policy: Callable[[], Policy], event_log: EventLog,
    config: ConsoleConfig, authenticator: Authenticator, decided: Callable[[], None],
    files: AttachmentReader | None = None,
    reader: ContentParser | None = None,
    roster: RosterAdministration | None = None,
) -> Services:  # fmt: skip
    """The services of one console. `decided` is called after a decision, to wake delivery."""
    clock = store.clock
    authorization = Authorization(
        directory, clock, store.lookups, store.audit, store.grants, store.cases, store.urgency,
        hide_names=config.hide_names,
    )  # fmt: skip
    policies = PolicyService(
        policy, store.policy_versions, district=config.district, adopted_text=config.adopted_policy
    )  # fmt: skip
    reader = reader or ReadHere()
    intake = MessageIntake(
        store.intake, store.secrets, directory, event_log, policy=policy, time_zone=config.zone,
        max_waiting=config.max_waiting, shadow=config.shadow, reader=reader,
    )  # fmt: skip
    names = NameAccess(authorization, directory, clock, store.audit, store.audit_trail)
    masking = NameMasking(authorization, names, directory, store.headers, store.cases, reader)
    messages = MessageService(
        authorization, clock, store.lookups, store.conversations, store.audit, store.audit_trail, store.help_alerts,
        store.claims, store.cases, store.legal_holds, store.contact, files or AttachmentReader(),
        reader, store.urgency,
    )  # fmt: skip
    lists = MessageLists(authorization, clock, store.lists)
    held = HeldQueue(store.lookups, store.lists, store.claims, directory, hide_names=config.hide_names)
    queue = QueueService(
        authorization, held, directory, clock, store.lookups, store.saved_views, store.help_alerts,
        store.urgency,
    )  # fmt: skip
    two_person = TwoPersonRule(authorization, clock, store.claims, store.accounts)
    decisions = DecisionService(
        authorization, held, policies, two_person, clock, store.dispositions, store.claims, store.undo, event_log,
        decided,
    )  # fmt: skip
    claims = ClaimService(
        authorization, masking, held, policies, clock, store.dispositions, store.claims, store.accounts, store.audit,
        store.cases, store.legal_holds, store.flags, config.zone,
    )  # fmt: skip
    cases = CaseService(
        authorization, names, masking, directory, clock, store.cases, store.legal_holds, store.accounts, store.audit,
        store.audit_trail,
    )  # fmt: skip
    reports = ReportService(authorization, directory, clock, store.reports, store.audit, config)
    help_ = HelpService(authorization, lists, directory, clock, store.help_alerts, store.audit_trail)
    urgency = UrgencyService(authorization, store.urgency, directory, clock)
    flags = _flag_service(store, authorization, directory, policies, decisions, config)
    export = PersonExport.of(store, directory, reader, config.district, config.attorneys)
    tools = ToolService(authorization, directory, clock, store.tools, config.zone)
    personal_accounts = PersonalAccountService(
        authorization, directory, clock, store.directory_accounts, hide_names=config.hide_names
    )  # fmt: skip
    looks = LookService(authorization, directory, clock, store.senders, store.cases)
    account_administration = AccountAdministration(authorization, SignInStores.of(store), directory)
    roster_files = RosterService(authorization, directory, clock, store.audit, roster)
    return Services(
        config=config,
        event_log=event_log,
        clock=clock,
        authorization=authorization,
        policy=policies,
        policy_life=PolicyLifeService(
            authorization,
            directory,
            clock,
            store.accounts,
            store.policy_versions,
            store.policy_proposals,
            store.policy_simulations,
            config.policy_rules,
        ),
        names=names,
        masking=masking,
        messages=messages,
        lists=lists,
        queue=queue,
        navigation=QueueNavigation(queue, store.secrets),
        help=help_,
        flags=flags,
        rates=RateService(authorization, reports, clock, store.flags),
        shadow=ShadowWeekService(
            authorization,
            flags,
            messages,
            help_,
            reports,
            policies,
            directory,
            clock,
            store.flags,
            store.accounts,
            store.audit,
            config,
        ),
        urgency=urgency,
        two_person=two_person,
        decisions=decisions,
        claims=claims,
        bulk=BulkService(authorization, queue, decisions, directory, clock, store.audit),
        flash=FlashMessages(names, clock, store.lookups, store.audit_trail),
        trace=TraceService(authorization, names, messages, directory, clock, store.lookups),
        audit=AuditService(authorization, masking, store.audit, store.audit_trail, store.cases),
        cases=cases,
        legal_holds=LegalHoldService(authorization, clock, store.legal_holds),
        evidence=EvidenceService(
            cases, messages, policies, directory, clock, store.lookups, store.audit, store.audit_trail, config
        ),
        accounts=AccountService(SignInStores.of(store), authenticator, directory, config),
        tokens=TokenService(authorization, clock, store.tokens),
        grants=GrantService(authorization, masking, clock, store.grants, store.accounts, store.cases, store.lookups),
        reports=reports,
        overview=OverviewService(
            authorization,
            queue,
            help_,
            urgency,
            flags,
            reports,
            policies,
            directory,
            clock,
            store.reports,
            store.lookups,
            store.work_failures,
            config,
        ),
        records=RecordsService(authorization, export, clock, store.audit, event_log),
        tools=tools,
        personal_accounts=personal_accounts,
        looks=looks,
        account_administration=account_administration,
        roster=roster_files,
        administration=AdministrationService(
            authorization, account_administration, roster_files, personal_accounts, tools, looks
        ),
        mine=OwnMessageService(
            directory,
            clock,
            store.lookups,
            store.lists,
            store.audit,
            store.audit_trail,
            store.senders,
            store.accounts,
            reader,
            policies,
            Submission(intake, directory, clock, policy),
            config.notify,
        ),
        links=SignInLinks(
            SignInStores.of(store), store.sign_in_links, directory, authenticator, enabled=config.mailed_links
        ),
        people=PeopleService(authorization, names, directory, clock, store.contact, store.audit, policy),
        idempotency=Idempotency(store.idempotency),
    )


_LIST_NAMES = {WorkKind.FLAG: "flagged", WorkKind.SAMPLE: "sampled", WorkKind.SHADOW: "shadow"}


def _flag_service(
    store: Store, authorization: Authorization, directory: ConsoleDirectory, policies: PolicyService,
    decisions: DecisionService, config: ConsoleConfig,
) -> FlagService:  # fmt: skip
    """The service of delivered messages that people look at, with a queue for each kind of work."""

    def work_queue(kind: WorkKind) -> WorkQueue:
        source = OpenWork(store.flags, kind)
        messages = HeldQueue(source, store.lists, store.claims, directory, hide_names=config.hide_names)
        queue = QueueService(
            authorization, messages, directory, store.clock, store.lookups, store.saved_views, store.help_alerts,
            store.urgency,
        )  # fmt: skip
        together = BulkService(authorization, queue, decisions, directory, store.clock, store.audit)
        return WorkQueue(queue, QueueNavigation(queue, store.secrets, _LIST_NAMES[kind]), together)

    work = {kind: work_queue(kind) for kind in WorkKind}
    return FlagService(authorization, work, directory, store.clock, store.flags, policies)
