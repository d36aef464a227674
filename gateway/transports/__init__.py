"""The ways out: to the next hops by SMTP, SMPP and HTTP."""
