"""Assembly of urgency: who is told of urgent messages, and the webhook."""

from __future__ import annotations

from functools import partial

from gateway.assembly.process import Process
from gateway.directory.live_directory import LiveDirectory
from gateway.stages.urgency.notices import UrgentNotices, UrgentWays
from gateway.stages.urgency.webhooks import Webhooks
from gateway.stages.wakeup import Wakeup
from gateway.transports.webhook.client import WebhookClient


def urgent_notices(process: Process, directory: LiveDirectory) -> UrgentNotices:
    """Who gets urgent notices, and over which ways beside mail."""
    settings = process.settings
    notify = settings.notify
    ways = UrgentWays(
        notify.to, settings.console.public_url, settings.district.name, bool(notify.webhook.url), notify.sms,
        notify.sms_from,
    )  # fmt: skip
    return UrgentNotices(process.store.accounts, process.store.lookups, directory, ways)


async def send_webhooks(process: Process) -> None:
    """Send notices over the webhook until the process ends, if there is one."""
    webhook = process.settings.notify.webhook
    if not webhook.url:
        return
    client = await process.stack.enter_async_context(WebhookClient(webhook.url, webhook.secret))
    wakeup = Wakeup()
    process.followups.wake_too(wakeup)
    webhooks = Webhooks(process.store.webhooks, process.store.clock, client, process.event_log)
    await process.work(wakeup, webhooks=partial(webhooks.run, wakeup))
