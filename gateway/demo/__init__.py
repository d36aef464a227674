"""The demo: a sample district and its traffic over the whole product."""
