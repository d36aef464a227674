"""Decisions: release, reject, discard, claim, bulk, two-person rule."""
