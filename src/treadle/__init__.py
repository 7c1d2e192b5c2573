"""Treadle: deploys and changes an OpenStack cloud of containers, step by step."""

__version__ = "0.1.0"
