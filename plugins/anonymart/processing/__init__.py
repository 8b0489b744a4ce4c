"""The processing register (GDPR article 30), and what is made from it: pages for the reviewer and for
learners, and a draft of the impact assessment.
"""
