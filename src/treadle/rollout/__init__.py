"""Walks generate, propagate and instantiate over steps and nodes; holds the lock, keeps the journal."""

from treadle.rollout.deploy import Deploy
from treadle.rollout.state import StackState, default_folder, whoami

__all__ = ["Deploy", "StackState", "default_folder", "whoami"]
