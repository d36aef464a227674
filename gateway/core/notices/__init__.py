"""Mail that the gateway itself writes: bounces, notices, digests."""
