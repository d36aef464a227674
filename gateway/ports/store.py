"""The store as a whole: one object for each feature."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ports.accounts import (
    AccountStore,
    GrantStore,
    GroupRoleStore,
    IdentityStore,
    PasskeyStore,
    ReassignmentStore,
    SecondStepStore,
    SessionStore,
    SignInFailureStore,
    SignInLinkStore,
    TokenStore,
)
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.cases import CaseStore, LegalHoldStore
from gateway.ports.channels import MediaStore, SmppBindStore, SmsPartStore
from gateway.ports.clock import WatchedClock
from gateway.ports.contact import ContactStore
from gateway.ports.directory_accounts import DirectoryAccountStore
from gateway.ports.flags import FlagStore
from gateway.ports.help import HelpAlertStore
from gateway.ports.maintenance import HistoryStore, RetentionStore, SecretStore
from gateway.ports.messages import DeliveryQueueStore, DispositionStore, FollowupStore, IntakeStore, OutboxStore
from gateway.ports.reports import RecordStore, ReportStore
from gateway.ports.review import (
    ClaimStore,
    ConversationStore,
    HeaderStore,
    IdempotencyStore,
    ListStore,
    LookupStore,
    PolicyProposalStore,
    PolicySimulationStore,
    PolicyVersionStore,
    ReminderStore,
    SavedViewStore,
    SenderStore,
    UndoStore,
)
from gateway.ports.tools import ToolStore
from gateway.ports.urgency import UrgencyStore, WebhookStore
from gateway.ports.work import QueueStore, WorkFailureStore


@dataclass(frozen=True, slots=True)
class Store:
    """One object for each feature, all on one database.

    A write is durable when its call returns. Calls raise StoreDown if the database cannot be reached or refuses to
    commit; nothing of the call was written then. Only assembly and the console's composition take the whole store;
    everything else takes the ports that it needs.
    """

    clock: WatchedClock
    secrets: SecretStore
    intake: IntakeStore
    outbox: OutboxStore
    dispositions: DispositionStore
    delivery_queue: DeliveryQueueStore
    followups: FollowupStore
    work_failures: WorkFailureStore
    queue: QueueStore
    lookups: LookupStore
    headers: HeaderStore
    lists: ListStore
    conversations: ConversationStore
    idempotency: IdempotencyStore
    claims: ClaimStore
    saved_views: SavedViewStore
    policy_versions: PolicyVersionStore
    policy_proposals: PolicyProposalStore
    policy_simulations: PolicySimulationStore
    undo: UndoStore
    reminders: ReminderStore
    reports: ReportStore
    records: RecordStore
    help_alerts: HelpAlertStore
    urgency: UrgencyStore
    flags: FlagStore
    webhooks: WebhookStore
    cases: CaseStore
    legal_holds: LegalHoldStore
    accounts: AccountStore
    identities: IdentityStore
    sessions: SessionStore
    sign_in_failures: SignInFailureStore
    tokens: TokenStore
    second_steps: SecondStepStore
    passkeys: PasskeyStore
    group_roles: GroupRoleStore
    grants: GrantStore
    reassignment: ReassignmentStore
    audit: AuditStore
    audit_trail: AuditTrailStore
    retention: RetentionStore
    history: HistoryStore
    sms_parts: SmsPartStore
    contact: ContactStore
    directory_accounts: DirectoryAccountStore
    tools: ToolStore
    media: MediaStore
    smpp_binds: SmppBindStore
    senders: SenderStore
    sign_in_links: SignInLinkStore
