"""`chaperone export`: what is kept about a person, as a file."""

from gateway.commands.export.command import run as run
