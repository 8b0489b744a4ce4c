"""How fast the warehouse is, as ratios that hold on any machine: one run, two revisions side by side, and a
small bench that CI watches.
"""
