"""Names: which people of the roster a written name may be."""
