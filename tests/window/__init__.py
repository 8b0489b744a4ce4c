"""The window, activity periods and consent (P-STAT, P-SURVEY), held against an oracle in plain Python."""
