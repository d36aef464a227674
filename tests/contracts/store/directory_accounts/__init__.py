"""Tests of the store of addresses beside the roster."""
