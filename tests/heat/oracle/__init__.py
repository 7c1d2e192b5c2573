"""Real Heat as the reference: its own code in one process, without API, database or cloud.

``python -m tests.heat.oracle`` runs under the Python of ``.venvs/heat-oracle`` and answers requests, one JSON
document a line; ``tests/heat/reference.py`` is the other end. Nothing in here is imported by our own Python.
"""
