"""Measurements: the build against what people would pick instead, and each optimization alone.

measure     run a command and watch time, memory and bytes written of its process tree
contenders  what is run against each other, and how each is prepared
results     JSON lines of runs, resumable; ratios against the targets; Delta tables of both
check       fingerprints that show that contenders hold equal tables
lab         the optimizations as experiments
"""
