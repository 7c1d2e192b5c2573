"""Resource types, one family a file, and the table of the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from treadle.heat.resources.base import Resource
from treadle.heat.resources.groups import ResourceChain, ResourceGroup
from treadle.heat.resources.nested import TemplateResource
from treadle.heat.resources.random_string import RandomString
from treadle.heat.resources.software import SoftwareConfig, StructuredConfig
from treadle.heat.resources.values import NoneResource, Value

if TYPE_CHECKING:
    from treadle.heat.resources.base import Holder
    from treadle.heat.template import Definition

BUILTIN: Mapping[str, type[Resource]] = {
    "OS::Heat::None": NoneResource,
    "OS::Heat::RandomString": RandomString,
    "OS::Heat::ResourceChain": ResourceChain,
    "OS::Heat::ResourceGroup": ResourceGroup,
    "OS::Heat::SoftwareConfig": SoftwareConfig,
    "OS::Heat::StructuredConfig": StructuredConfig,
    "OS::Heat::Value": Value,
}


def make_resource(holder: Holder, definition: Definition) -> Resource:
    """The resource of ``definition``; TemplateError when its type means nothing here."""
    meaning = holder.meaning(definition)
    if meaning.file:
        return TemplateResource(holder, definition, meaning)
    return BUILTIN[meaning.builtin](holder, definition)
