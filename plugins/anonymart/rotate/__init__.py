"""Rotation of keys: what a key protects is written anew under another one, in place (S-SAFE).

`rotation.json` in the home says what is under way, and holds no key: the key that is to come stands in the
key file, or in the environment. A kill leaves both, and the next command ends the rotation before its own
work.
"""

from anonymart.rotate.rotation import Plan, Wish, plan, resume, rotate

__all__ = ["Plan", "Wish", "plan", "resume", "rotate"]
