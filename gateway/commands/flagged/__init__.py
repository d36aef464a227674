"""`chaperone flagged`: delivered messages that people look at, at the terminal."""

from gateway.commands.flagged.command import run as run
