"""Stages of classroom tools: the register that decisions use, and reminders."""
