"""`chaperone policy`: one module for each way to look at a policy, and the command that chooses."""

from gateway.commands.policy.command import run as run
