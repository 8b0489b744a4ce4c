"""What follows from the YAML of a mart is written from it: suite, models of cells, evidence, exposures,
dictionary.
"""
