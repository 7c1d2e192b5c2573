"""Measurements that compare, side by side in one run. They are no tests: nothing fails when a machine is slow."""
