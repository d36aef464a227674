"""The console: pages and API for those who decide on held messages, and the public page of the policy."""
