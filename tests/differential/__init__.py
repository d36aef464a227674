"""Our reading of mails compared with those of parsers by others."""
