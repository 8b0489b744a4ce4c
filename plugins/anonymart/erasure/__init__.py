"""Forgetting: where a person can be, so that nothing is left where nobody looked (R-ERASE, P-STAT)."""
