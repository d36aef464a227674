"""The life of a policy: its versions, proposals and simulations, what changes between two, and rules without effect."""
