"""Fixtures of the page Privacy: a home that was made up, behind Airflow's own application."""

from tests.airflow.privacy_client import privacy, served

__all__ = ["privacy", "served"]
