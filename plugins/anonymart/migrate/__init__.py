"""A home of an older version becomes one of this version: a copy first, then step by step, never back."""
