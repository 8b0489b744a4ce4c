"""Readers of other people's software: each brings what is new into landing/<source>/, and the ingest loads it
from there.
"""
