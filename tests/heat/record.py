"""Ask real Heat: writes what it gives for every case of the table to ``parity/expected.json``.

Run at the root of the project with a Python that has openstack-heat: ``python -m tests.heat.record DIRECTORY``,
where DIRECTORY holds ``oracle.py``, which evaluates a template with Heat's own code. Tests read only the recorded
file.
"""

from __future__ import annotations

import copy
import importlib
import itertools
import json
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from tests.heat.parity_table import EXPECTED, cases, plain, write


def ask(oracle: Any, case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Heat's outputs, or its error. Every resource is validated, as it is when a stack is created."""
    template, environments = write(case, folder)
    try:
        outputs, _ = oracle.evaluate(str(template), [str(path) for path in environments],
                                     case.get("given"), case.get("defaults"),
                                     validate=True)
        return {"outputs": plain(outputs)}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        told = str(error).replace(str(folder), "")[:300]
        return {"error": f"{type(error).__name__}: {told}"}


def complete(oracle: Any) -> None:
    """What the oracle leaves out of software configurations and deployments, so that Heat's own code decides:
    configurations have UUIDs, deployments are there without outputs, and each is checked as Heat does on create,
    with nothing to send a signal to."""
    from heat.common import exception
    from heat.engine.resources import signal_responder
    from heat.engine.resources.openstack.heat.software_component import SoftwareComponent
    from heat.engine.resources.openstack.heat.software_deployment import SoftwareDeployment

    oracle.setup()
    service = oracle.NullRPC

    def create(self: Any, _context: Any, **fields: Any) -> dict[str, Any]:
        identity = str(uuid.uuid4())
        lists = {name: fields.get(name) or [] for name in ("inputs", "outputs")}
        self.sc[identity] = {**fields, **lists, "id": identity}
        return self.sc[identity]

    def show(self: Any, _context: Any, identity: Any) -> dict[str, Any]:
        if identity not in self.sc:
            raise exception.NotFound(f"Software config with id {identity} not found")
        return copy.deepcopy(self.sc[identity])

    service.create_software_config = create
    service.show_software_config = show
    service.show_software_deployment = lambda *_: {"output_values": None}
    responder = signal_responder.SignalResponder
    for name in ("_get_ec2_signed_url", "_get_swift_signal_url", "_get_zaqar_signal_queue_id"):
        setattr(responder, name, lambda _self: "nowhere")
    responder._get_heat_signal_credentials = lambda _self: dict.fromkeys(
        ("auth_url", "username", "user_id", "password", "project_id", "region_name"))
    mark = oracle._mark

    def marked(resource: Any, identity: Any = None) -> None:
        if isinstance(resource, SoftwareComponent):
            resource.handle_create()
        if isinstance(resource, SoftwareDeployment):
            config = resource._load_config()
            if "CREATE" in resource.properties["actions"]:
                resource._build_derived_config_params("CREATE", config)
        mark(resource, identity)

    oracle._mark = marked


def number_anew(oracle: Any) -> None:
    """Count the resources of the cloud from the beginning: the oracle counts over all that it ever evaluated."""
    server = oracle.resources.global_env().get_class("OS::Nova::Server")
    server.handle_create.__globals__["_n"] = itertools.count(10)


def main(directory: str) -> None:
    sys.path.insert(0, directory)
    oracle = importlib.import_module("oracle")
    complete(oracle)
    found = {}
    for name, case in cases():
        if name in found:
            raise SystemExit(f"the case {name!r} is there twice")
        number_anew(oracle)
        with tempfile.TemporaryDirectory() as folder:
            found[name] = ask(oracle, case, Path(folder))
    EXPECTED.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
