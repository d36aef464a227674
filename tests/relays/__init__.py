"""Raw dialogues with the relays."""
