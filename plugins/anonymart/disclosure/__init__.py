"""Disclosure control that is worked out outside of SQL: the table from which the noise of counts is drawn."""
