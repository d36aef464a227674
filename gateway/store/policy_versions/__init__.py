"""Versions of the policy, proposals for a new one, and simulations."""
