"""A pair's contact, read for the page, the API and the command alike."""

from __future__ import annotations

from gateway.core.contact.limits import ContactRules
from gateway.core.contact.report import ContactReport
from gateway.ports.contact import ContactStore


async def read_pair(
    contact: ContactStore, staff: str, student: str, since: float, rules: ContactRules
) -> ContactReport:
    """The contact of a staff member and a student (sourcedIds) since a time."""
    found = await contact.pair(staff, student, since)
    findings = tuple((item.at, item.clause, item.text, item.flags, item.message_id) for item in found.findings)
    return ContactReport(staff, student, since, found.rows, found.total, rules, found.usual, findings)
