"""Delivered files before anybody reads rows: names, marks, bytes and encodings. Ingestion, surveys and
catalogue stand on it.
"""
