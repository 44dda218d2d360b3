"""The proof: simulated worlds whose truth is known, and how near every estimator comes to it.

A proof is one file here: it says what it holds an estimator to (`ProofRow.low` and `high`) and runs it, either on
numbers drawn directly or on worlds that are simulated, linked and judged like any export. `catalog.PROOFS` lists them.
"""
