"""Walks generate, propagate and instantiate over steps and nodes; holds the lock, keeps the journal.

Nothing is imported here: every command needs ``state``, and few need ``deploy`` with all that it stands on.
"""
