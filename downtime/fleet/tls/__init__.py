"""Certificates of the pages, and the front that encrypts them on their way to other machines."""
