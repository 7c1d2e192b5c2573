"""Drivers for Cinder that need no storage system: for clouds on one machine, and for tests."""
