"""Attributes of resources: outputs of nested stacks, members of groups, properties that are handed back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from treadle.heat.explain.conditions import condition
from treadle.heat.explain.explanation import Explanation
from treadle.heat.explain.paths import at, has, path_text, reach, same, shown_path
from treadle.heat.files import KeyPath
from treadle.heat.resources.base import Resource
from treadle.heat.resources.deployments import SoftwareDeploymentGroup
from treadle.heat.resources.groups import Group, Members
from treadle.heat.resources.nested import TemplateResource
from treadle.heat.resources.random_string import RandomString
from treadle.heat.resources.values import NoneResource
from treadle.heat.stack import Stack

if TYPE_CHECKING:
    from treadle.heat.explain.tracing import Tracer

#: What a step says, its children, and what decided it.
Found = tuple[str, tuple[Explanation, ...], tuple[Explanation, ...]]


def attribute(tracer: Tracer, resource: Resource, name: str, extra: tuple[Any, ...], path: KeyPath) -> Found:
    """Where what stands at ``path`` in ``get_attr: [resource, name, *extra]`` came from."""
    told = f"attribute {name} of the resource {resource.name}"
    inside = name.removeprefix("resource.") if name.startswith("resource.") else ""
    if isinstance(resource, TemplateResource):
        if name in resource.stack.template.outputs:
            return _output(tracer, resource.stack, name, (*extra, *path), told)
        if inside:
            member, _, attr = inside.partition(".")
            return _inner(tracer, resource.stack.resource(member), attr, extra, path, told)
    if isinstance(resource, Group):
        if inside:
            member, _, attr = inside.partition(".")
            return _inner(tracer, resource.member(member), attr, extra, path, told)
        return _members(tracer, resource, name, extra, path, told)
    return _own(tracer, resource, name, (*extra, *path), told)


def all_attributes(tracer: Tracer, resource: Resource, path: KeyPath) -> tuple[Explanation, ...]:
    """``get_attr`` with a resource's name alone: the first key is the attribute."""
    if not path:
        return ()
    told, children, because = attribute(tracer, resource, str(path[0]), (), path[1:])
    value = at(resource.all_attributes(), path)
    return (tracer.step(value, told, _declared(tracer, resource).place, children, because),)


def facade(tracer: Tracer, stack: Stack, wanted: str, path: KeyPath) -> tuple[Explanation, ...]:
    """The parent's metadata or policies, from inside the template that stands behind the resource."""
    parent = stack.parent
    if not isinstance(parent, Resource):
        return ()
    scope = _scope(parent)
    node = getattr(parent.definition, wanted)
    value = tracer.value(node, scope)
    if isinstance(parent.holder, Members) or value is None or not has(value, path) or wanted == "deletion_policy":
        return (_declared(tracer, parent),)
    return (tracer.trace(node, scope, path),)


def given_property(tracer: Tracer, resource: Resource, path: KeyPath, named: int = 1) -> Explanation:
    """Where what the template gives at ``path`` of the resource's properties came from; the first ``named`` parts
    of the path are told."""
    told = f"property {path_text(path[:named])} of the resource {resource.name}"
    if not isinstance(resource.holder, Members):
        child = tracer.trace(resource.definition.properties, _scope(resource), path)
        return replace(child, what=f"{told}: {child.what}")
    group = resource.holder.group
    value, whole = at(properties_given(tracer, resource), path), (*group.shared, *path)
    if not group.shared or not has(properties_given(tracer, group), whole):
        return tracer.step(value, f"{told}, a member of {group.name}", _declared(tracer, group).place)
    child = given_property(tracer, group, whole, len(group.shared) + named)
    if isinstance(value, dict | list) or same(value, child.value):
        return child
    return tracer.step(value, f"member {resource.name} of {group.name}: its index put in", child.place, (child,))


def properties_given(tracer: Tracer, resource: Resource) -> dict[str, Any]:
    """``resource.given()``, which is not evaluated again."""
    return tracer.value(resource.definition.properties, _scope(resource)) or {}


def _scope(resource: Resource) -> Stack:
    scope = resource.holder.scope
    assert isinstance(scope, Stack)
    return scope


def _declared(tracer: Tracer, resource: Resource) -> Explanation:
    place = tracer.place(_scope(resource), resource.definition.path)
    return tracer.step(None, f"the resource {resource.name} ({resource.definition.type})", place)


def _output(tracer: Tracer, stack: Stack, name: str, wanted: tuple[Any, ...], told: str) -> Found:
    output = stack.template.outputs[name]
    if not stack.enabled(output):
        off = condition(tracer, output.condition, stack)
        return f"{told}, an output that its condition turns off", (), (off,)
    value = stack.output(name)
    path = canonical(value, wanted)
    if path is not None:
        return told, (tracer.trace(output.value, stack, path),), ()
    place = tracer.place(stack, (*output.path, "value"))
    return f"{told}, which has no {shown_path(wanted)}: null", (tracer.step(None, f"output {name}", place),), ()


def canonical(value: Any, wanted: tuple[Any, ...]) -> KeyPath | None:
    """The path that ``get_attr`` walks, indices counted from the start; None where it leads nowhere, or into
    a string."""
    path: list[str | int] = []
    for part in wanted:
        if isinstance(value, list) and isinstance(part, int) and -len(value) <= part < 0:
            part += len(value)
        if reach(value, (part,)) == 0:
            return None
        path.append(part)
        value = value[part]
    return tuple(path)


def _inner(tracer: Tracer, resource: Resource, attr: str, extra: tuple[Any, ...], path: KeyPath,
           told: str) -> Found:
    if not attr:
        if not extra:
            return f"reference: {told}", (), (_declared(tracer, resource),)
        attr, *rest = extra
        extra = tuple(rest)
    more, children, because = attribute(tracer, resource, attr, extra, path)
    return f"{told}: {more}", children, because


def _members(tracer: Tracer, group: Group, name: str, extra: tuple[Any, ...], path: KeyPath, told: str) -> Found:
    members = list(group.members.values())
    if name in ("refs", "refs_map", "removed_rsrc_list"):
        return told, (), (_declared(tracer, group),)
    if isinstance(group, SoftwareDeploymentGroup):
        # Its attributes are maps, which the whole path walks; some have a plural for a name.
        name = name.removesuffix("s") if name in group.own else name
        reached = canonical(dict.fromkeys(group.members), tuple((*extra, *path)[:1]))
        if reached is None:
            return f"{told}, which has no {shown_path((*extra, *path))}: null", (), (_declared(tracer, group),)
        extra, path = (*extra, *path)[1:], reached
    if name == "attributes":
        name, *rest = extra
        extra = tuple(rest)
    if not path:
        made = f"{told}, over {len(members)} members"
        given = properties_given(tracer, group)
        sizes = [key for key in ("count", "resources") if key in given]
        because = tuple(given_property(tracer, group, (key,)) for key in sizes)
        return made, (), because or (_declared(tracer, group),)
    member = members[path[0]] if isinstance(path[0], int) else group.member(path[0])
    more, children, because = attribute(tracer, member, name, extra, path[1:])
    kind = f"{member.name} ({member.definition.type})"
    return more.replace(f"of the resource {member.name}", f"of member {kind} of {group.name}", 1), children, because


def _own(tracer: Tracer, resource: Resource, name: str, wanted: tuple[Any, ...], told: str) -> Found:
    if isinstance(resource, NoneResource):
        return f"{told}: OS::Heat::None gives null", (), (_declared(tracer, resource),)
    if isinstance(resource, RandomString):
        return f"{told}: a random string", (), (_declared(tracer, resource),)
    properties, given = resource.properties, properties_given(tracer, resource)
    if name in properties and same(resource.attribute(name, []), properties[name]):
        path = canonical(properties[name], wanted)
        if path is None:
            return f"{told}, which has no {shown_path(wanted)}: null", (), (_declared(tracer, resource),)
        if name not in given:
            return f"{told}: the type's default", (), (_declared(tracer, resource),)
        whole = (name, *path)
        child = given_property(tracer, resource, whole[:reach(given, whole)])
        if same(child.value, at(properties, whole)):
            return told, (child,), ()
        return f"{told}, converted to its type", (child,), ()
    if resource.attribute(name, []) is None:
        return f"{told}: {resource.definition.type} gives null", (), (_declared(tracer, resource),)
    inputs = tuple(given_property(tracer, resource, (key,)) for key in given)
    return f"{told}: computed by {resource.definition.type}", inputs, (_declared(tracer, resource),)
