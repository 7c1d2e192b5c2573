"""What services do when a cloud moves on to another release."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.services.everything import PROJECT, registry, role_data
from treadle.plan.taskfiles import inlined
from treadle.rollout.tasks import meant

SECTIONS = ("pre_upgrade_rolling_tasks", "upgrade_tasks", "post_upgrade_tasks", "fast_forward_upgrade_tasks",
            "fast_forward_post_upgrade_tasks")
FILES = {str(path.relative_to(PROJECT)): yaml.safe_load(path.read_text()) for path in PROJECT.glob("*_tasks/*.yaml")}


def given(service: str, section: str) -> list[dict[str, Any]]:
    return inlined(role_data()[service].get(section) or [], FILES, service)


def one_shots(service: str) -> dict[str, dict[str, Any]]:
    """Those that bring tables up to date."""
    steps = role_data()[service].get("docker_config") or {}
    return {name: entry for step in steps.values() for name, entry in step.items() if name.endswith("db_sync")}


def variables(service: str, section: str, **known: Any) -> list[dict[str, Any]]:
    """Those of the shared tasks that ``step`` and ``release`` leave."""
    return [task["vars"] for task in meant(given(service, section), known)]


@pytest.mark.parametrize("service", sorted(registry()))
def test_every_task_is_of_one_step_of_its_section(service: str) -> None:
    for section in SECTIONS:
        for task in given(service, section):
            steps = [step for step in range(10) if meant([task], {"step": str(step)})]
            assert len(steps) == 1, f"{section}: {task}"


@pytest.mark.parametrize("service", [service for service in sorted(registry()) if one_shots(service)])
def test_tables_change_while_no_service_uses_them_and_through_every_release(service: str) -> None:
    stopped = {name for at in (variables(service, "upgrade_tasks", step="2"),
                               variables(service, "fast_forward_upgrade_tasks", step="1"))
               for one in at for name in one["containers"]}
    stays = {name for step in role_data()[service]["docker_config"].values() for name, entry in step.items()
             if entry.get("restart") and not name.endswith("_cron")}
    assert stopped == stays
    synced = variables(service, "fast_forward_upgrade_tasks", step="8")
    assert [(one["command"], one["volumes"]) for one in synced] == [
        (entry["command"], entry["volumes"]) for entry in one_shots(service).values()]
    for one, entry in zip(synced, one_shots(service).values(), strict=True):
        assert entry["image"] in one["image"] and one["image"].endswith(":{{ release }}")
    assert variables(service, "fast_forward_upgrade_tasks", step="9") == [
        {**one, "image": synced[-1]["image"]} for one in variables(service, "post_upgrade_tasks", step="1")]
