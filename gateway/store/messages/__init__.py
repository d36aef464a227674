"""A message's way through the store: intake, outbox, decisions, delivery queue and follow-ups."""
