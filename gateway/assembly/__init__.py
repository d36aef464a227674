"""Assembly: the only package that chooses and connects adapters, from the settings."""
