"""Visits of the public site: from access logs and Matomo to page views of visitors whom nobody can find again
(P-AUDIENCE, D-AUDIENCE).
"""
