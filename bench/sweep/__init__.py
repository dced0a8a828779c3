# SPDX-License-Identifier: MIT
"""sweep - the parts of bench/lab: systems, loads, a plan of runs, their results and plots."""
