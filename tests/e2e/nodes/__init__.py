"""Nodes that are machines of their own, on one machine: containers with an engine, an sshd and a network of theirs."""
