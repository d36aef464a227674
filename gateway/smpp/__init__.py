"""The SMPP session that the relay and the transport share."""
