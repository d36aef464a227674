"""Tests of delivered messages that people look at."""
