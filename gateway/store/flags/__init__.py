"""Review work in the store: flags, the sample of clean messages, and what shadow mode would have held."""
