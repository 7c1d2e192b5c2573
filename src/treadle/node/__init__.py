"""What runs on a node: takes a node plan and a verb, tells what happens as events."""

from treadle.node.agent import NodeAgent
from treadle.node.verbs import Preview, Verbs

__all__ = ["NodeAgent", "Preview", "Verbs"]
