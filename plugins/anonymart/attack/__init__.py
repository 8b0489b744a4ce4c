"""The attacker: what somebody with the release files, the published rules and patience can find out
(S-ANON).
"""
