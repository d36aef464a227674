"""Envelope options and message ids."""

from __future__ import annotations

from gateway.core.messages.message import option


def test_option_values_keep_case_and_equals_signs():
    assert option(("BODY=8BITMIME", "envid=Qq=1"), "ENVID") == "Qq=1"
    assert option(("SMTPUTF8",), "RET") == ""
