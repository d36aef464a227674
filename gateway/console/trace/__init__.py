"""Where messages are, without their content."""
