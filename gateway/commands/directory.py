"""`chaperone directory`: take a roster in, and what is known of an address."""
