#!/usr/bin/env python3
"""Runs Horizon's management commands, for kolla's start script: Debian has its own copy elsewhere."""

import runpy

runpy.run_path("/usr/share/openstack-dashboard/manage.py", run_name="__main__")
