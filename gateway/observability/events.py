"""The event log: one method per event, each with one log line and its metrics.

Nothing here contains a person, an address or content: messages are named by id. Log lines are JSON objects with `at`,
`level`, `event` and the fields of the event; `hint` says how to fix a problem. Dashboards and alerts use the metric
names.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.observability.measurements import Measurements
from gateway.ports.urgency import UrgentBacklog

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 3600)
_log = logging.getLogger("chaperone")


class EventLog(Measurements):
    """The events, over one registry of metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"chaperone_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"chaperone_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(f"chaperone_{name}", text, buckets=_SECONDS, registry=registry)

        super().__init__(registry)
        self.registry = registry
        self._messages = counter("messages", "Messages accepted or passed through", "channel", "direction")
        self._decisions = counter("decisions", "Decisions on recipients", "action", "channel")
        self._undecided = counter("undecided", "Recipients decided without a complete verdict", "reason")
        self._findings = counter("findings", "Clauses found, once per message", "clause")
        self._decision_seconds = histogram("decision_seconds", "From acceptance to decision")
        self._classify_seconds = histogram("classify_seconds", "Classification of one message")
        self._delivery_seconds = histogram("delivery_seconds", "From acceptance or release to sent")
        self._deliveries = counter("deliveries", "Delivery attempts, by recipient", "channel", "outcome")
        self._work_failures = counter("work_failures", "Unforeseen failures of work items and stages", "stage")
        self._outcome_seconds = histogram("outcome_seconds", "From a next hop's 250 to our durable record of it")
        self._lag = gauge("bus_lag", "Records that a consumer group has not committed", "topic", "group")
        self._consuming: set[str] = set()
        self._progress = gauge(
            "consumer_progress_timestamp_seconds", "When a group last committed or was idle, or began", "group"
        )
        self._dead = counter("dead_letters", "Records sent to the dead-letter topic")
        self._help = counter("help_alerts", "Help alerts sent")
        self._urgent = counter("urgent_notices", "Notices of urgent messages", "clause")
        self._urgent_nobody = counter("urgent_nobody_told", "Notices of urgent messages without anybody to notify")
        self._untaken = gauge("urgent_untaken", "Urgent messages that nobody has taken")
        self._oldest_urgent = gauge("oldest_urgent_seconds", "How long the oldest of them has waited")
        self._webhooks = counter("webhook_notices", "Requests to the webhook, taken or not", "outcome")
        self._nobody_told = counter("help_nobody_told", "Help alerts without anybody to notify")
        self._canary = counter("canary_failures", "Self-tests of the classifiers that failed")
        self._logins = counter("login_failures", "Sign-ins refused")
        self._chain = gauge("audit_chain_valid", "1 while the audit chain is intact and linked in time")
        self._chain.set(1)  # most processes never check
        self._model = gauge("model_info", "The model in use", "version")
        self._policy = gauge("policy_info", "The policy in use", "hash")
        self._mode = gauge("mode_info", "Whether what the policy holds is held", "mode")
        self._build = gauge("build_info", "The version of this program", "version")
        self._roles = gauge("role_info", "1 for each role of this process", "role")
        self._store_up = gauge("store_up", "1 while the store answers this process")
        self._bus_up = gauge("bus_up", "1 while the bus answers this process")
        self._clock_jumps = counter("clock_jumps", "Jumps of the store's clock, forward or back")
        self._store_was_down = False
        self._sessions = gauge("smtp_sessions", "Open SMTP sessions")
        self._bound = gauge("smpp_sessions", "Applications bound over SMPP")
        self._smsc = gauge("smsc_bound", "1 while the session at the SMSC is bound", "way")
        self._media = counter("media", "Media of text messages, fetched or not", "outcome")
        self._hop_up = gauge("next_hop_up", "1 while a next hop of mail can be reached", "hop")
        self._refusals = counter("smtp_refusals", "SMTP commands and contents refused", "reason", "hop")

    @staticmethod
    def _line(event: str, level: int = logging.INFO, /, **fields: object) -> None:
        if _log.isEnabledFor(level):  # `log` would look up its caller in the stack for every line
            _log.handle(_log.makeRecord(_log.name, level, "", 0, event, (), None, extra={"fields": fields}))

    # mail and texts in

    def accepted(self, message_id: str, channel: str, directions: Collection[str], size: int) -> None:
        """A message in scope is stored. It counts once per direction of its pairs."""
        for direction in sorted(directions):
            self._messages.labels(channel, direction).inc()
        self._line("accepted", id=message_id, channel=channel, directions=sorted(directions), size=size)

    def passed_through(self, channel: str) -> None:
        """A message out of scope was passed through. It has no log line."""
        self._messages.labels(channel, "out_of_scope").inc()

    def passed_again(self, message_id: str, sent: int, left: int) -> None:
        """A released message came back and was delivered without a second verdict: to how many, and not to how many."""
        self._line("second_pass", id=message_id, sent=sent, left=left)

    def refused(self, reason: str, hop: str = "") -> None:
        """An SMTP command or content was refused, by us or by a next hop."""
        self._refusals.labels(reason, hop).inc()
        self._line("refused", reason=reason, **({"hop": hop} if hop else {}))

    def request_refused(self, reason: str) -> None:
        """A request with a text message was refused; `reason` is a word."""
        self._line("refused", channel="sms", reason=reason)

    def session_opened(self) -> None:
        """An SMTP session started."""
        self._sessions.inc()

    def session_closed(self) -> None:
        """An SMTP session ended."""
        self._sessions.dec()

    def media_fetched(self, message_id: str, number: int, outcome: str, size: int) -> None:
        """A picture or file of a text message was fetched; `outcome` is "fetched" or a word for why not."""
        self._media.labels(outcome).inc()
        level = logging.INFO if outcome == "fetched" else logging.WARNING
        self._line("media", level, id=message_id, number=number, outcome=outcome, size=size)

    def application_bound(self, account: str) -> None:
        """An application bound over SMPP with an account."""
        self._bound.inc()
        self._line("bound", account=account)

    def application_unbound(self, account: str) -> None:
        """The SMPP session of an application ended."""
        self._bound.dec()
        self._line("unbound", account=account)

    def smsc_bound(self, way: str) -> None:
        """The gateway is bound at the SMSC, as transceiver, transmitter or receiver."""
        self._smsc.labels(way).set(1)
        self._line("smsc_bound", way=way)

    def smsc_lost(self, way: str, why: str) -> None:
        """The gateway is not bound at the SMSC and retries; `why` is a word or a status."""
        self._smsc.labels(way).set(0)
        self._line("smsc_lost", logging.WARNING, way=way, why=why, hint="check sms.smpp.upstream and its password")

    # bus and classifiers

    def published(self, count: int) -> None:
        """The bus confirmed messages."""
        self._line("published", logging.DEBUG, count=count)

    def bus_lost(self, during: str) -> None:
        """The broker does not answer; the gateway retries."""
        self._line("bus_lost", logging.WARNING, during=during, hint="check bus.url and that the broker runs")

    def record_refused(self, topic: str, error: str) -> None:
        """The bus refused a record because of its size. Its message is decided without a verdict."""
        self._line("record_refused", logging.ERROR, topic=topic, error=error, hint="lower bus.max_inline")

    def bus_restored(self) -> None:
        """The broker answers again."""
        self._line("bus_found")

    def store_lost(self, during: str) -> None:
        """The store does not answer; the gateway retries."""
        self._line("store_lost", logging.ERROR, during=during, hint="check store.url and that the database runs")

    def store_away(self, why: str) -> None:
        """The store is away at the start. Everything else starts, and the store is opened as soon as it answers."""
        self._line("store_away", logging.ERROR, why=why)

    def store_checked(self, up: bool) -> None:
        """Whether the store answered now."""
        if up and self._store_was_down:
            self._line("store_found")
        self._store_was_down = not up
        self._store_up.set(int(up))

    def bus_checked(self, up: bool) -> None:
        """Whether the bus answered last time."""
        self._bus_up.set(int(up))

    def expired(self, contents: int, rows: int) -> None:
        """Retention deleted contents, and messages without content."""
        self._line("expired", contents=contents, messages=rows)

    def clock_jumped(self, seconds: float) -> None:
        """The store's clock was set, forward or (negative) back. Leases and waits allow for it."""
        self._clock_jumps.inc()
        hint = "see that one time service sets the clock, in small steps"
        self._line("clock_jumped", logging.WARNING, seconds=round(seconds, 1), hint=hint)

    def republished(self, message_id: str, standing: str) -> None:
        """A message without a verdict was published again."""
        self._line("publishing_again", logging.WARNING, id=message_id, standing=standing)

    def consuming(self, group: str) -> None:
        """This process reads for a consumer group. Progress counts from here, or it could be stuck unseen."""
        if group not in self._consuming:
            self._consuming.add(group)
            self._progress.labels(group).set(time.time())

    def progressed(self, topic: str, group: str, lag: int) -> None:
        """A consumer group committed, or had nothing to do."""
        self._lag.labels(topic, group).set(lag)
        self._progress.labels(group).set(time.time())

    def lagging(self, topic: str, group: str, lag: int) -> None:
        """A consumer group has uncommitted records. This does not count as progress."""
        self._lag.labels(topic, group).set(lag)

    def classified(self, message_id: str, seconds: float, failed: Collection[str]) -> None:
        """A message was classified."""
        self._classify_seconds.observe(seconds)
        level = logging.WARNING if failed else logging.DEBUG
        self._line("classified", level, id=message_id, ms=round(seconds * 1000, 1), failed=list(failed))

    def worker_died(self, reason: str) -> None:
        """A child process ended; its work is retried."""
        self._line("worker_died", logging.WARNING, reason=reason)

    def canary_failed(self, count: int) -> None:
        """A model failed its self-test and is not used."""
        self._canary.inc()
        self._line("canary_failed", logging.ERROR, count=count, hint="train the model again, or name another one")

    def dead_letter(self, topic: str, partition: int, offset: int, error: str) -> None:
        """A record could not be read and went to the dead letters; `error` is a word, never content."""
        self._dead.inc()
        self._line("dead_letter", logging.ERROR, topic=topic, partition=partition, offset=offset, error=error)

    # decisions

    def decided(
        self, message_id: str, channel: str, action: str, recipients: int, clauses: Collection[str],
        reasons: Collection[str], seconds: float | None, by: str,
    ) -> None:  # fmt: skip
        """Recipients of a message were decided. `seconds`: since acceptance, if the policy decided."""
        self._decisions.labels(action, channel).inc(recipients)
        for reason in reasons:
            self._undecided.labels(reason).inc(recipients)
        if seconds is not None:
            self._decision_seconds.observe(seconds)
        self._line(
            "decided", id=message_id, channel=channel, action=action, recipients=recipients,
            clauses=list(clauses), reasons=list(reasons), by="policy" if by == "policy" else "person",
        )  # fmt: skip

    def clauses_found(self, clauses: Collection[str]) -> None:
        """A verdict has findings for these clauses."""
        for clause in clauses:
            self._findings.labels(clause).inc()

    def help_alerted(self, message_id: str) -> None:
        """A help alert is being sent."""
        self._help.inc()
        self._line("help_alerted", logging.WARNING, id=message_id)

    def help_unannounced(self, message_id: str) -> None:
        """A help alert has nobody to notify: no account with an address, and no notify.to."""
        self._nobody_told.inc()
        self._line("help_nobody_told", logging.ERROR, id=message_id)

    def urgent_announced(self, message_id: str, clauses: Collection[str], people: int) -> None:
        """A notice of an urgent message goes out, to so many addresses."""
        for clause in clauses:
            self._urgent.labels(clause).inc()
        self._urgent_nobody.inc(not people)
        event, level = ("urgent_notice", logging.WARNING) if people else ("urgent_nobody_told", logging.ERROR)
        self._line(event, level, id=message_id, clauses=list(clauses))

    def urgent_measured(self, backlog: UrgentBacklog) -> None:
        """The urgent messages that nobody has taken were counted."""
        self._untaken.set(backlog.count)
        self._oldest_urgent.set(backlog.oldest)

    def webhook_answered(self, message_id: str, why: str, attempts: int) -> None:
        """The receiver of the webhook took a notice, or `why` it did not, in a word."""
        self._webhooks.labels("failed" if why else "taken").inc()
        hint = {"why": why, "hint": "see that the receiver of notify.webhook.url answers 2xx"} if why else {}
        self._line("webhook_failed" if why else "webhook_taken", id=message_id, attempts=attempts, **hint)

    def delivered_late(self, message_id: str) -> None:
        """A message that would have been held was delivered before its verdict."""
        self._line("late", logging.WARNING, id=message_id)

    # the console

    def sign_in_refused(self, reason: str) -> None:
        """A sign-in or a token was refused; `reason` is a word."""
        self._logins.inc()
        self._line("sign_in_refused", logging.WARNING, reason=reason)

    def sign_in_service_failed(self, why: str) -> None:
        """The district's sign-in service refused a sign-in, or its answer was not valid."""
        self._line("sign_in_service", logging.WARNING, why=why)

    def decision_undone(self, message_id: str) -> None:
        """A reviewer undid a decision in time."""
        self._line("undone", id=message_id)

    # mail and texts out

    def delivered(self, message_id: str, channel: str, outcomes: Mapping[str, int], seconds: float | None) -> None:
        """A delivery attempt ended. `outcomes` counts recipients that are sent, deferred, bounced."""
        for outcome, count in outcomes.items():
            self._deliveries.labels(channel, outcome).inc(count)
        if seconds is not None:
            self._delivery_seconds.observe(seconds)
        level = logging.INFO if set(outcomes) <= {"sent"} else logging.WARNING
        self._line("delivered", level, id=message_id, channel=channel, **outcomes)

    def next_hop_changed(self, hop: str, why: str | None) -> None:
        """A next hop of mail is down, and `why` in a word; up (""); or it is not configured anymore (None)."""
        if why is None:
            self._hop_up.remove(hop)
            return
        self._hop_up.labels(hop).set(0 if why else 1)
        if why:
            hint = "see that it runs, or correct smtp.next_hop"
            self._line("next_hop_down", logging.ERROR, hop=hop, why=why, hint=hint)
        else:
            self._line("next_hop_up", hop=hop)

    def claim_lost(self, message_id: str) -> None:
        """A claim expired before its delivery ended; the outcome was not recorded."""
        self._line("claim_lost", logging.WARNING, id=message_id)

    def followup_done(self, kind: str, message_id: str) -> None:
        """A follow-up was done."""
        self._line("told", kind=kind, id=message_id)

    # the process

    def ready(self, roles: Collection[str], where: Mapping[str, str]) -> None:
        """This process is ready, with these roles."""
        self._build.labels(version("chaperone-gateway")).set(1)
        for role in roles:
            self._roles.labels(role).set(1)
        self._line("ready", logging.INFO, roles=",".join(sorted(roles)), **where)

    def stopping(self) -> None:
        """This process is stopping."""
        self._line("stopping")

    def reloaded(self, what: str, changed: int) -> None:
        """A new roster or policy is in use."""
        self._line("reloaded", what=what, changed=changed)

    def kept(self, what: str, why: str) -> None:
        """A new certificate, policy or setting is not used, and the old one is kept. `why` has a hint."""
        self._line("kept", logging.ERROR, what=what, why=why)

    def kept_last_good(self, what: str, why: str) -> None:
        """A new roster or policy was refused and the last good one is kept. `why` names file and hint but no person."""
        self._line("kept_last_good", logging.ERROR, what=what, why=why)

    def unexpected_failure(self, during: str, error: BaseException | None = None) -> None:
        """Our code failed unexpectedly. Call it inside `except`, or with `error`."""
        _log.error("failed", extra={"fields": {"during": during}}, exc_info=error or True)

    def item_stuck(self, stage: str, message_id: str) -> None:
        """A work item is stuck: it failed too often in an unforeseen way and waits for an operator."""
        hint = "see `chaperone queue list --stuck`; `chaperone queue retry` tries it again"
        self._line("stuck", logging.ERROR, stage=stage, id=message_id, hint=hint)

    def work_failed(self, stage: str, error: BaseException) -> None:
        """One work item, or a whole stage, failed unexpectedly. It is tried again later."""
        self._work_failures.labels(stage).inc()
        self.unexpected_failure(stage, error)

    # measurements

    def outcome_recorded(self, seconds: float) -> None:
        """A sent message was recorded so long after its next hop took it."""
        self._outcome_seconds.observe(seconds)

    def audit_broken(self, number: int) -> None:
        """An entry of the audit log was changed or is missing."""
        self._line("audit_broken", logging.CRITICAL, number=number, hint="keep the store; run `chaperone audit verify`")

    def audit_chain_checked(self, valid: bool) -> None:
        """The audit chain was verified."""
        self._chain.set(1 if valid else 0)

    def versions_in_use(self, *, model: str = "", policy: str = "", mode: str = "") -> None:
        """The model, the policy or its mode changed."""
        for value, metric in ((model, self._model), (policy, self._policy), (mode, self._mode)):
            if value:
                metric.clear()
                metric.labels(value).set(1)
