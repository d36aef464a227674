"""The policy in force, and simulations in the background."""
