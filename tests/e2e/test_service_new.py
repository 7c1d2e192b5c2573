"""From nothing to a running service: what docs/add-a-service.md promises."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.skeleton.tree import copy_tree


def test_a_new_service_runs_with_its_options_before_anything_of_it_was_edited(
        folder: Path, light_engine: PrivateEngine, number: int) -> None:
    cloud = Cloud.on(number, "added", folder / "added", light_engine.url, prefix="added-")
    cloud.write_files()
    tree = copy_tree(cloud.folder / "tree")
    cloud.run("openstack", "overcloud", "service", "new", "my-agent", "--image", "cron", "--command", "sleep infinity",
              "--templates", str(tree)).ok()
    roles, options = cloud.folder / "roles.yaml", cloud.folder / "options.yaml"
    roles.write_text(json.dumps([{"name": "Standalone", "CountDefault": 1, "tags": ["primary", "controller"],
                                  "ServicesDefault": ["OS::TripleO::Services::MyAgent"]}]))
    options.write_text(json.dumps({"parameter_defaults": {
        "ExtraConfig": {"treadle::profile::base::my_agent::options": {"colour": "blue"}}}}))
    words = ["openstack", "overcloud", "deploy", "--templates", str(tree), "--stack", cloud.name, "--yes",
             "--nodes", str(cloud.nodes_file), "--roles-file", str(roles), "-e", str(cloud.environment_file),
             "-e", str(tree / "environments/services/my-agent.yaml"), "-e", str(options)]
    cloud.run(*words).ok()
    try:
        read = light_engine.docker("exec", "added-my_agent", "cat", "/etc/my-agent/my-agent.conf")
        assert read.stdout == "colour = blue\n"
        assert "Nothing to do" in cloud.run(*words).ok().out
    finally:
        cloud.run("openstack", "overcloud", "delete", "--stack", cloud.name, "--yes").ok()
