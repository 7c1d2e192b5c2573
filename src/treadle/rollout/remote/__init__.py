"""Nodes that are other machines: reached over SSH, where ``treadle-node`` does what is done in process elsewhere."""
