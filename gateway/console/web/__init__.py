"""What every page and route shares: errors, forms, paging, rate limits, streams."""
