"""A small tree of templates with all that a Heat service treats in its own way: nested stacks, files, random strings,
hidden values, and a yaql expression that counts."""

from __future__ import annotations

from pathlib import Path

TREE = {
    "roles_data.yaml": "- name: Controller\n  CountDefault: 2\n",
    "overcloud-resource-registry.j2.yaml": """\
resource_registry:
{% for role in roles %}
  X::{{ role.name }}: {{ role.name.lower() }}.yaml
{% endfor %}
  X::Unused: unused.yaml
""",
    "unused.yaml": "heat_template_version: queens\n",
    "overcloud.j2.yaml": """\
heat_template_version: queens
parameters:
  Domain: {type: string, default: localdomain}
  Steps: {type: number, default: 3}
  Count: {type: number, default: 2}
  Given: {type: string, hidden: true}
resources:
{%- for role in roles %}
  {{ role.name }}:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: Count}
      resource_def:
        type: X::{{ role.name }}
        properties: {Name: 'node-%index%', Domain: {get_param: Domain}, Steps: {get_param: Steps}}
{%- endfor %}
outputs:
  hosts: {value: {get_attr: [Controller, host]}}
  keys: {value: {get_attr: [Controller, key]}}
  motd: {value: {get_file: motd.txt}}
  stack: {value: {get_param: 'OS::stack_name'}}
  given: {value: {get_param: Given}}
""",
    "motd.txt": "Grüße\n",
    "controller.yaml": """\
heat_template_version: queens
parameters:
  Name: {type: string}
  Domain: {type: string}
  Steps: {type: number}
resources:
  Key: {type: OS::Heat::RandomString, properties: {length: 24}}
  Count:
    type: OS::Heat::Value
    properties:
      value:
        yaql:
          expression: switch($.data.key = null => 0, true => range($.data.steps).toList().len())
          data: {steps: {get_param: Steps}, key: {get_attr: [Key, value]}}
  Holder: {type: holder.yaml, properties: {Secret: {get_attr: [Key, value]}}}
outputs:
  host: {value: {list_join: [., [{get_param: Name}, {get_param: Domain}]]}}
  key: {value: {get_attr: [Holder, key]}}
""",
    "holder.yaml": """\
heat_template_version: queens
parameters:
  Secret: {type: string, hidden: true}
outputs:
  key: {value: {get_param: Secret}}
""",
}
GIVEN = {"Given": "a secret that somebody gave"}


def write_tree(folder: Path) -> Path:
    for name, text in TREE.items():
        (folder / name).write_text(text)
    return folder
