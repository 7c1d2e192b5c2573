"""A tree of templates in the shape of TripleO's, of any size: roles with chains of services that build on others."""

from __future__ import annotations

import itertools
from pathlib import Path

#: Resources of one service of one role: itself, the base that it builds on, and two values.
RESOURCES = 4

_PARAMETERS = """\
  ServiceData: {type: json, default: {}}
  ServiceNetMap: {type: json, default: {}}
  DefaultPasswords: {type: json, default: {}}
  EndpointMap: {type: json, default: {}}
  RoleName: {type: string, default: ''}
  RoleParameters: {type: json, default: {}}
"""

_PUPPET = """\
heat_template_version: queens
parameters:
{parameters}
  Debug: {{type: boolean, default: false}}
  {name}Workers: {{type: string, default: ''}}
  {name}Password: {{type: string, default: secret-{name}, hidden: true}}
conditions:
  workers_are_set: {{not: {{equals: [{{get_param: {name}Workers}}, '']}}}}
resources:
  Settings:
    type: OS::Heat::Value
    properties:
      type: json
      value:
        map_merge:
        - {{'{name}::debug': {{get_param: Debug}}, '{name}::password': {{get_param: {name}Password}}}}
        - if: [workers_are_set, {{'{name}::workers': {{get_param: {name}Workers}}}}, {{}}]
        - {{'{name}::bind_host': {{get_param: [ServiceNetMap, {name}Network]}}}}
outputs:
  role_data:
    value:
      service_name: {name}
      config_settings: {{get_attr: [Settings, value]}}
      service_config_settings:
        haproxy:
          '{name}.firewall_rules': {{'100 {name}': {{dport: [{port}, 1{port}]}}}}
      global_config_settings: {{'{name}_enabled': true}}
      step_config: "include treadle::{name}\\n"
      upgrade_tasks:
      - name: Stop {name}
        when: step|int == 2
        service: name={name} state=stopped
"""

_DOCKER = """\
heat_template_version: queens
parameters:
{parameters}
  Docker{name}Image: {{type: string, default: 'localhost/{name}:1'}}
  Docker{name}ConfigImage: {{type: string, default: 'localhost/{name}:1'}}
resources:
  Base:
    type: ../puppet/{name}.yaml
    properties:
      ServiceData: {{get_param: ServiceData}}
      ServiceNetMap: {{get_param: ServiceNetMap}}
      DefaultPasswords: {{get_param: DefaultPasswords}}
      EndpointMap: {{get_param: EndpointMap}}
      RoleName: {{get_param: RoleName}}
      RoleParameters: {{get_param: RoleParameters}}
  Parameters:
    type: OS::Heat::Value
    properties:
      type: json
      value:
        map_replace:
        - map_replace:
          - {{Docker{name}Image: Docker{name}Image}}
          - values: {{get_param: RoleParameters}}
        - values: {{Docker{name}Image: {{get_param: Docker{name}Image}}}}
outputs:
  role_data:
    value:
      service_name: {{get_attr: [Base, role_data, service_name]}}
      config_settings:
        map_merge:
        - {{get_attr: [Base, role_data, config_settings]}}
        - {{'{name}::wsgi': true}}
      service_config_settings: {{get_attr: [Base, role_data, service_config_settings]}}
      global_config_settings: {{get_attr: [Base, role_data, global_config_settings]}}
      puppet_config:
        config_volume: {name}
        puppet_tags: {name}_config
        step_config:
          list_join: ["\\n", [{{get_attr: [Base, role_data, step_config]}}, 'include treadle::client']]
        config_image: {{get_param: Docker{name}ConfigImage}}
      kolla_config:
        /var/lib/kolla/config_files/{name}.json:
          command: /usr/bin/{name}
          config_files:
          - {{source: /var/lib/kolla/config_files/src/*, dest: /, merge: true, preserve_properties: true}}
      docker_config:
        step_4:
          {name}:
            image: {{get_attr: [Parameters, value, Docker{name}Image]}}
            net: host
            user: root
            volumes:
              list_concat:
              - [/etc/hosts:/etc/hosts:ro, /etc/localtime:/etc/localtime:ro]
              - - /var/lib/kolla/config_files/{name}.json:/var/lib/kolla/config_files/config.json:ro
                - str_replace:
                    template: /var/log/containers/NAME:/var/log/NAME
                    params: {{NAME: {name}}}
            environment: [KOLLA_CONFIG_STRATEGY=COPY_ALWAYS]
      upgrade_tasks:
        yaql:
          expression: coalesce($.data.tasks, []).where($ != null).distinct()
          data: {{tasks: {{get_attr: [Base, role_data, upgrade_tasks]}}}}
"""

_ROLE = """\
  {role}Chain:
    type: OS::Heat::ResourceChain
    properties:
      resources: {{get_param: {role}Services}}
      concurrent: true
      resource_properties:
        ServiceNetMap: {{get_param: ServiceNetMap}}
        EndpointMap: {{get_param: EndpointMap}}
        RoleName: {role}
  {role}Data:
    type: OS::Heat::Value
    properties:
      type: json
      value:
        service_names: {{filter: [[null], {{get_attr: [{role}Chain, role_data, service_name]}}]}}
        config_settings:
          map_merge:
            yaql:
              expression: list(coalesce($.data.services, []).select($.get('config_settings')).where($ != null))
              data: {{services: {{get_attr: [{role}Chain, role_data]}}}}
        global_config_settings:
          map_merge:
            yaql:
              expression: >
                list(coalesce($.data.services, []).select($.get('global_config_settings')).where($ != null))
              data: {{services: {{get_attr: [{role}Chain, role_data]}}}}
        puppet_config:
          yaql:
            expression: >
              coalesce($.data.services, []).where($ != null).select($.get('puppet_config')).where($ != null).distinct()
            data: {{services: {{get_attr: [{role}Chain, role_data]}}}}
        docker_config:
          yaql:
            expression: >
              coalesce($.data.services, []).where($ != null).select($.get('docker_config')).where($ != null)
              .reduce($1.mergeWith($2), {{}})
            data: {{services: {{get_attr: [{role}Chain, role_data]}}}}
        upgrade_tasks:
          yaql:
            expression: >
              coalesce($.data.services, []).where($ != null).select($.get('upgrade_tasks')).where($ != null)
              .flatten().distinct()
            data: {{services: {{get_attr: [{role}Chain, role_data]}}}}
"""


def write(root: Path, roles: int, services: int, templates: int = 0) -> tuple[Path, list[Path]]:
    """Write a tree below ``root`` for so many roles, each with so many services; (its template, its environments).

    ``templates`` is the number of different services (default: as many as a role has); a role with more has some
    several times, as a chain may. The stack has about ``roles * services * RESOURCES`` resources."""
    templates = min(templates or services, services)
    (root / "docker").mkdir(parents=True)
    (root / "puppet").mkdir()
    names = [f"service{number}" for number in range(templates)]
    for number, name in enumerate(names):
        given = {"name": name, "parameters": _PARAMETERS.rstrip(), "port": 1000 + number}
        (root / "puppet" / f"{name}.yaml").write_text(_PUPPET.format(**given))
        (root / "docker" / f"{name}.yaml").write_text(_DOCKER.format(**given))
    wanted = [f"OS::Services::{name}" for name in itertools.islice(itertools.cycle(names), services)]
    parts = ["heat_template_version: queens\nparameters:\n  ServiceNetMap: {type: json, default: {}}\n"
             "  EndpointMap: {type: json, default: {}}\n"]
    listed = [f"Role{number}" for number in range(roles)]
    parts += [f"  {role}Services: {{type: comma_delimited_list, default: '{','.join(wanted)}'}}\n" for role in listed]
    parts += ["resources:\n", *(_ROLE.format(role=role) for role in listed), "outputs:\n"]
    parts += [f"  {role}: {{value: {{get_attr: [{role}Data, value]}}}}\n" for role in listed]
    template, environment = root / "overcloud.yaml", root / "environment.yaml"
    template.write_text("".join(parts))
    networks = "".join(f"    {name}Network: internal_api\n" for name in names)
    registry = "".join(f"  OS::Services::{name}: docker/{name}.yaml\n" for name in names)
    environment.write_text(f"resource_registry:\n{registry}parameter_defaults:\n  Debug: true\n"
                           f"  ServiceNetMap:\n{networks}")
    return template, [environment]
