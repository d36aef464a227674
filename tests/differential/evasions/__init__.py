"""Mails that hide a sentence: writings, forms, files and mail structures that combine, chosen by a seed."""
