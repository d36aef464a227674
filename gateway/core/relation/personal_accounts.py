"""What administrators have said about outside addresses: whose personal accounts they are, and whose they are not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PersonalAccounts:
    """`confirmed`: the sourcedId by address, in canonical form. `refused`: pairs of address and sourcedId.

    `organizations`: addresses and domains of organizations that may write to many students.
    """

    confirmed: Mapping[str, str] = field(default_factory=dict)
    refused: Set[tuple[str, str]] = frozenset()
    organizations: Set[str] = frozenset()

    def is_organization(self, address: str) -> bool:
        """Whether an address, its domain, or a domain above it is registered."""
        if not self.organizations:
            return False
        if address in self.organizations:
            return True
        domain = address.rpartition("@")[2]
        while domain:
            if domain in self.organizations:
                return True
            domain = domain.partition(".")[2]
        return False


NO_PERSONAL_ACCOUNTS = PersonalAccounts()
"""Nothing confirmed, nothing refused."""
