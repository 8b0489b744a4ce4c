"""Backups of the home, their list and their term, and the way back from one (S-SAFE)."""
