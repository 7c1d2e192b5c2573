"""What runs on a node: takes a node plan and a verb, tells what happens as events."""

from treadle.node.agent import NodeAgent, Preview

__all__ = ["NodeAgent", "Preview"]
