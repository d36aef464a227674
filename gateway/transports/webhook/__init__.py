"""The webhook: notices as signed requests to the district's receiver."""
