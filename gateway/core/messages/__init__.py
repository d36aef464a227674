"""Messages: envelope, people, verdict, delivery states, and what follows a change of state."""
