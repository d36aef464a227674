"""What senders do, in the store."""
