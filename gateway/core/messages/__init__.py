"""What passes through the gateway: message, envelope, people, verdict, delivery states."""
