"""`chaperone tools`: the register of classroom tools at the terminal."""

from gateway.commands.tools.command import run as run
