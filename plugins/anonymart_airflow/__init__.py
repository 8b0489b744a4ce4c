"""Anonymart in Airflow: wiring around the library, and the only code that imports airflow."""
