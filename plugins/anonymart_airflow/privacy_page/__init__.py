"""The page "Privacy" of Airflow. It shows names and counts, never a value of a person
(S-ANON, S-SAFE).
"""
