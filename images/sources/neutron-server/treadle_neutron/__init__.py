"""Drivers for Neutron that need no agents: for machines that can run none, and for tests."""
