"""Every service of the project keeps the same rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services.everything import GIVEN, PROJECT, declared, parameters, registry, role_data, templates
from treadle.images import catalogue
from treadle.plan.nodeplan import TASKS
from treadle.plan.roledata import SECTIONS
from treadle.rollout.update import STEPS

HOST = {"service_name", "config_settings", "step_config"}
CONTAINERIZED = {*HOST, "puppet_config", "kolla_config", "docker_config", "host_prep_tasks", "metadata_settings",
                 "update_tasks", "upgrade_tasks"}
GENERATED = re.compile(r"/var/lib/config-data/puppet-generated/([^/:]+)")


def images() -> set[str]:
    """The references of all images that are built."""
    known = catalogue.load(PROJECT / "images")
    return {known.reference(image.name) for image in known.images}


def containers(service: str) -> dict[str, dict[str, Any]]:
    """All of a service's containers, of every step."""
    steps = role_data()[service].get("docker_config") or {}
    return {name: entry for step in steps.values() for name, entry in step.items()}


def containerized() -> list[str]:
    return [name for name, template in registry().items() if template.startswith("docker/")]


def configured() -> list[str]:
    """Those that Puppet generates something for."""
    return [service for service in containerized() if role_data()[service]["puppet_config"]]


def volumes() -> set[str]:
    """Config volumes that some service generates."""
    return {data["puppet_config"]["config_volume"] for data in role_data().values() if data.get("puppet_config")}


def mounts(entry: dict[str, Any]) -> list[str]:
    return [str(mount) for mount in entry.get("volumes", [])]


def test_every_service_has_its_type_and_every_template_is_a_service():
    named = {template for template in registry().values() if template != "OS::Heat::None"}
    bases = {str((PROJECT / template).parent.joinpath(resource["type"]).resolve().relative_to(PROJECT))
             for template in named for resource in declared(template).get("resources", {}).values()
             if resource["type"].endswith(".yaml")}
    assert set(templates()) - named - bases == set()
    assert [name for name, template in registry().items() if template == "OS::Heat::None"] == []


@pytest.mark.parametrize("template", templates())
def test_every_parameter_is_described_and_used(template):
    text, document = (PROJECT / template).read_text(), declared(template)
    assert document["description"].strip()
    for name, parameter in document["parameters"].items():
        assert parameter.get("description"), name
        if name not in GIVEN:
            assert re.search(rf"get_param: (\[)?{name}\b", text), f"{name} is declared and not used"
    assert set(document["parameters"]) >= GIVEN


@pytest.mark.parametrize("service", sorted(registry()))
def test_every_service_has_all_its_sections(service):
    data = role_data()[service]
    wanted = CONTAINERIZED if service in containerized() else HOST
    assert wanted - set(data) == set() and set(data) - set(SECTIONS) == set()
    assert Path(registry()[service]).stem.replace("-", "_").startswith(data["service_name"])


@pytest.mark.parametrize("service", containerized())
def test_every_image_is_known_and_every_volume_is_generated(service):
    used = {entry["image"] for entry in containers(service).values() if entry.get("action") != "exec"}
    assert used - images() == set()
    mounted = {name for entry in containers(service).values() for mount in mounts(entry)
               for name in GENERATED.findall(mount)}
    assert mounted - volumes() == set()


@pytest.mark.parametrize("service", configured())
def test_configuration_is_generated_in_a_known_image_by_a_manifest(service):
    config = role_data()[service]["puppet_config"]
    assert config["config_image"] in images()
    assert config["puppet_tags"] and config["step_config"].strip()


@pytest.mark.parametrize("service", containerized())
def test_every_container_that_stays_is_watched_and_comes_back(service):
    scripts = {name for data in role_data().values() for name in data.get("docker_config_scripts") or {}}
    configs = {path for data in role_data().values() for path in data.get("kolla_config") or {}}
    for name, entry in containers(service).items():
        if entry.get("action") == "exec" or entry.get("detach") is False:
            continue
        assert entry["restart"] in ("always", "unless-stopped"), name
        assert entry["healthcheck"]["test"]
        if service not in configured():
            continue
        assert entry["healthcheck"]["test"] == f"/etc/treadle/healthcheck/{name}"
        kolla = [mount.split(":")[0] for mount in mounts(entry) if "config_files/config.json" in mount]
        assert kolla == [f"/var/lib/kolla/config_files/{name}.json"] and kolla[0] in configs
        assert "KOLLA_CONFIG_STRATEGY=COPY_ALWAYS" in entry["environment"]
        run = {mount.split(":")[0].rpartition("/")[2] for mount in mounts(entry) if "docker-config-scripts" in mount}
        assert run - scripts == set(), name


def test_every_service_with_containers_is_updated_by_the_same_tasks():
    tasks = {service: role_data()[service]["update_tasks"] for service in containerized() if containers(service)}
    shared = tasks["OS::TripleO::Services::Memcached"]
    assert [task["import_tasks"] for task in shared] == ["update_tasks/checks.yaml", "update_tasks/images.yaml"]
    assert {service for service, found in tasks.items() if [one for one in shared if one not in found]} == set()


@pytest.mark.parametrize("section", [section for section in TASKS if section in STEPS])
def test_every_task_of_an_update_is_for_one_step_and_every_file_is_there(section, packages):
    imported = set()
    for environment in ("", packages):
        for service, data in role_data(environment).items():
            for task in data.get(section) or []:
                conditions = task["when"] if isinstance(task["when"], list) else [task["when"]]
                steps = [int(found[1]) for one in conditions if (found := re.fullmatch(r"step\|int == (\d)", one))]
                assert len(steps) == 1 and steps[0] in STEPS[section], f"{service}: {task}"
                imported.add(task.get("import_tasks", ""))
    files = {path: yaml.safe_load((PROJECT / path).read_text()) for path in imported - {""}}
    assert all(task["name"] for tasks in files.values() for task in tasks)
    if section == "update_tasks":
        assert set(files) == {str(path.relative_to(PROJECT)) for path in (PROJECT / "update_tasks").iterdir()}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """An environment file by which packages of the host are upgraded too."""
    file = tmp_path_factory.mktemp("packages") / "packages.yaml"
    file.write_text(yaml.safe_dump({"parameter_defaults": {"UpdateHostPackages": "*"}}))
    return str(file)


@pytest.mark.parametrize("service", containerized())
def test_folders_that_a_container_writes_to_are_made_before(service):
    made = "".join(str(task) for data in role_data().values() for task in data.get("host_prep_tasks") or [])
    for name, entry in containers(service).items():
        for mount in mounts(entry):
            source = mount.split(":")[0]
            if source.startswith(("/var/log/", "/var/lib/")) and not re.match(
                    r"/var/lib/(config-data|kolla|docker-config-scripts)/", source):
                assert f"{{{{ treadle_root }}}}{source}'" in made, f"{name}: {source}"


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """An environment file that sets every parameter …ExtraConfig."""
    file = tmp_path_factory.mktemp("probed") / "extra.yaml"
    file.write_text(yaml.safe_dump({"parameter_defaults": {
        name: {"probe": name} for name in parameters() if name.endswith("ExtraConfig")}}))
    return str(file)


@pytest.mark.parametrize("service", configured())
def test_operators_can_set_hiera_data_of_a_service_by_a_parameter_of_its_own(service, probed):
    assert role_data(probed)[service]["config_settings"]["probe"].endswith("ExtraConfig")
