"""The overview: what waits, the trend of weeks, and whether the gateway is well."""
