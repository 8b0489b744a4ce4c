"""Releases: a candidate is exported, the gate reads it, the vault's ledger commits it, `current` is swapped
(S-ANON, S-SAFE).
"""

from anonymart.release.candidate import make_candidate
from anonymart.release.ledger import list_releases
from anonymart.release.publish import has_news, publish, recover, refuse
from anonymart.release.share import Recipient, Share, share
from anonymart.release.site import Site, make_site
from anonymart.release.withdraw import Wrong, plan_withdrawal, reword, withdraw

__all__ = [
    "Recipient",
    "Share",
    "Site",
    "Wrong",
    "has_news",
    "list_releases",
    "make_candidate",
    "make_site",
    "plan_withdrawal",
    "publish",
    "recover",
    "refuse",
    "reword",
    "share",
    "withdraw",
]
