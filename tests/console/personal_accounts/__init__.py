"""Tests of the page and API of personal accounts."""
