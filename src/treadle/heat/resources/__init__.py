"""Resource types, one family a file, and the table of the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from treadle.heat.resources.base import Resource
from treadle.heat.resources.deployments import (
    SoftwareDeployment,
    SoftwareDeploymentGroup,
    StructuredDeployment,
    StructuredDeploymentGroup,
)
from treadle.heat.resources.groups import ResourceChain, ResourceGroup
from treadle.heat.resources.mistral import ExternalResource, Workflow
from treadle.heat.resources.multipart import MultipartMime
from treadle.heat.resources.nested import TemplateResource
from treadle.heat.resources.neutron import Net, Port, Subnet
from treadle.heat.resources.nova import DeployedServer, KeyPair, Server
from treadle.heat.resources.random_string import RandomString
from treadle.heat.resources.software import CloudConfig, SoftwareComponent, SoftwareConfig, StructuredConfig
from treadle.heat.resources.values import NoneResource, Value

if TYPE_CHECKING:
    from treadle.heat.resources.base import Holder
    from treadle.heat.template import Definition

BUILTIN: Mapping[str, type[Resource]] = {
    "OS::Heat::CloudConfig": CloudConfig,
    "OS::Heat::DeployedServer": DeployedServer,
    "OS::Heat::MultipartMime": MultipartMime,
    "OS::Heat::None": NoneResource,
    "OS::Heat::RandomString": RandomString,
    "OS::Heat::ResourceChain": ResourceChain,
    "OS::Heat::ResourceGroup": ResourceGroup,
    "OS::Heat::SoftwareComponent": SoftwareComponent,
    "OS::Heat::SoftwareConfig": SoftwareConfig,
    "OS::Heat::SoftwareDeployment": SoftwareDeployment,
    "OS::Heat::SoftwareDeploymentGroup": SoftwareDeploymentGroup,
    "OS::Heat::SoftwareDeployments": SoftwareDeploymentGroup,
    "OS::Heat::StructuredConfig": StructuredConfig,
    "OS::Heat::StructuredDeployment": StructuredDeployment,
    "OS::Heat::StructuredDeploymentGroup": StructuredDeploymentGroup,
    "OS::Heat::StructuredDeployments": StructuredDeploymentGroup,
    "OS::Heat::Value": Value,
    "OS::Mistral::ExternalResource": ExternalResource,
    "OS::Mistral::Workflow": Workflow,
    "OS::Neutron::Net": Net,
    "OS::Neutron::Port": Port,
    "OS::Neutron::Subnet": Subnet,
    "OS::Nova::KeyPair": KeyPair,
    "OS::Nova::Server": Server,
}


def make_resource(holder: Holder, definition: Definition) -> Resource:
    """The resource of ``definition``; TemplateError when its type means nothing here."""
    meaning = holder.meaning(definition)
    if meaning.file:
        return TemplateResource(holder, definition, meaning)
    return BUILTIN[meaning.builtin](holder, definition)
