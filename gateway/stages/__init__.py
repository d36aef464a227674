"""The stages: one step of a message's way per file, in the order intake, publication, disposition, delivery;
moderation is what a person does to a held message, notification what must follow a change of state."""
