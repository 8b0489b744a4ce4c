"""The catalogue: one code of the school's own for each thing it teaches, and any number of ids by which
platforms name it.
"""

from anonymart.catalogue.settle import Settled, adopt, settle

__all__ = ["Settled", "adopt", "settle"]
