"""Anonymart: an anonymized analytics and survey warehouse for an online school.

This package never imports Airflow: every step runs and is tested without it.
"""

__version__ = "0.1.0"
