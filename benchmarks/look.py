"""One process of benchmarks.noop: what a deploy does on a node to find out that there is nothing to do."""

import json
import sys
import time
from pathlib import Path


def look(plan_file: Path, url: str) -> dict[str, float]:
    """Seconds of each part, from the first import on."""
    begin = time.perf_counter()
    import msgspec

    from treadle.engine import Engine
    from treadle.events import Events
    from treadle.node import NodeAgent
    from treadle.plan.nodeplan import NodePlan

    plan = msgspec.json.decode(plan_file.read_bytes(), type=NodePlan)
    agent = NodeAgent(plan, Engine(url), Events())
    agent.engine.api.ping()
    ready = time.perf_counter()
    planned = agent.status()
    looked = time.perf_counter()
    if planned.changes:
        raise SystemExit(f"there is something to do: {planned.changes[0]}")
    for step in range(1, 6):
        agent.containers(step, planned.actions)
    agent.left()
    return {"start": ready - begin, "one look": looked - ready, "steps and last look": time.perf_counter() - looked}


if __name__ == "__main__":
    print(json.dumps(look(Path(sys.argv[1]), sys.argv[2])))
