"""The page of a release: a question, its answer, charts and a table for each, made from the marts alone."""

from anonymart.page.build import own_words, page, site_page, style

__all__ = ["own_words", "page", "site_page", "style"]
