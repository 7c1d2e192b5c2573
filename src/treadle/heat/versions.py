"""Every version of the template language: its names, its functions, what its sections may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from treadle.heat.functions import cfn, collections, logic, query, references, strings
from treadle.heat.nodes import Function

_CFN_NAMES = ("Fn::GetAZs", "Fn::Join", "Fn::Split", "Fn::Replace", "Fn::Base64", "Fn::MemberListToMap",
              "Fn::ResourceFacade", "Ref")

SECTIONS = ("heat_template_version", "description", "parameter_groups", "parameters", "resources", "outputs")
RESOURCE_KEYS = ("type", "properties", "metadata", "depends_on", "deletion_policy", "update_policy",
                 "description")
PARAMETER_KEYS = ("type", "description", "default", "schema", "constraints", "hidden", "label", "immutable")
DELETION_POLICIES = ("Delete", "Retain", "Snapshot")


@dataclass(frozen=True)
class Version:
    """One version. ``functions`` are those of values, ``conditions`` those of conditions (none before
    2016-10-14). ``removed`` names functions that earlier versions had."""

    date: str
    functions: Mapping[str, Function]
    removed: Mapping[str, Function]
    conditions: Mapping[str, Function] | None = None
    nullable_if: bool = False
    modulo: bool = False
    tags: bool = False

    @property
    def sections(self) -> tuple[str, ...]:
        return SECTIONS if self.conditions is None else (*SECTIONS, "conditions")

    @property
    def resource_keys(self) -> tuple[str, ...]:
        return RESOURCE_KEYS if self.conditions is None else (*RESOURCE_KEYS, "external_id", "condition")

    @property
    def output_keys(self) -> tuple[str, ...]:
        return ("description", "value") if self.conditions is None else ("description", "value", "condition")

    @property
    def parameter_keys(self) -> tuple[str, ...]:
        return (*PARAMETER_KEYS, "tags") if self.tags else PARAMETER_KEYS

    @property
    def deletion_policies(self) -> tuple[str, ...]:
        if self.conditions is None:
            return DELETION_POLICIES
        return (*DELETION_POLICIES, *(policy.lower() for policy in DELETION_POLICIES))


_BASE: dict[str, Function] = {
    "get_param": references.get_param,
    "get_resource": references.get_resource,
    "get_file": references.get_file,
    "resource_facade": references.resource_facade,
}
_2013: dict[str, Function] = {
    **_BASE,
    "get_attr": references.get_attr_then_select,
    "list_join": strings.list_join_one,
    "str_replace": strings.str_replace_plain,
    "Ref": cfn.ref,
    "Fn::Select": cfn.select,
    "Fn::Join": cfn.join,
    "Fn::Split": cfn.split,
    "Fn::Replace": cfn.replace,
    "Fn::Base64": cfn.base64,
    "Fn::MemberListToMap": cfn.member_list_to_map,
    "Fn::ResourceFacade": references.resource_facade,
}
_2014: dict[str, Function] = {
    **_BASE,
    "get_attr": references.get_attr,
    "list_join": strings.list_join_one,
    "str_replace": strings.str_replace_plain,
    "Fn::Select": cfn.select,
}
_2015_04: dict[str, Function] = {**_2014, "repeat": collections.repeat_lists, "digest": strings.digest}
_2015_10: dict[str, Function] = {
    **{name: call for name, call in _2015_04.items() if name != "Fn::Select"},
    "get_attr": references.get_attr_or_all,
    "list_join": strings.list_join,
    "str_replace": strings.str_replace,
    "str_split": strings.str_split,
}
_2016_04: dict[str, Function] = {**_2015_10, "map_merge": collections.map_merge}
_2016_10: dict[str, Function] = {
    **_2016_04,
    "repeat": collections.repeat_maps,
    "yaql": query.yaql,
    "map_replace": collections.map_replace,
}
_2017_02: dict[str, Function] = {
    **_2016_10,
    "filter": collections.filter_values,
    "str_replace_strict": strings.str_replace_strict,
}
_2017_09: dict[str, Function] = {
    **_2017_02,
    "repeat": collections.repeat,
    "make_url": strings.make_url,
    "list_concat": collections.list_concat,
    "list_concat_unique": collections.list_concat_unique,
    "str_replace_vstrict": strings.str_replace_vstrict,
    "contains": logic.contains,
}
_CONDITIONS: dict[str, Function] = {
    "get_param": references.get_param,
    "equals": logic.equals,
    "not": logic.not_,
    "and": logic.and_,
    "or": logic.or_,
}
_CONDITIONS_2017_09: dict[str, Function] = {**_CONDITIONS, "yaql": query.yaql, "contains": logic.contains}


def _removed(*names: str, since: str) -> dict[str, Function]:
    return {name: references.removed(name, since) for name in names}


_GONE_2014 = _removed(*_CFN_NAMES, since="2014-10-16")
_GONE_2015 = {**_GONE_2014, **_removed("Fn::Select", since="2015-10-15")}

_ALL = (
    Version("2013-05-23", _2013, _removed("Fn::GetAZs", since="Treadle: it needs a cloud to ask")),
    Version("2014-10-16", _2014, _GONE_2014),
    Version("2015-04-30", _2015_04, _GONE_2014),
    Version("2015-10-15", _2015_10, _GONE_2015),
    Version("2016-04-08", _2016_04, _GONE_2015),
    Version("2016-10-14", _2016_10, _GONE_2015, _CONDITIONS),
    Version("2017-02-24", _2017_02, _GONE_2015, _CONDITIONS, modulo=True),
    Version("2017-09-01", _2017_09, _GONE_2015, _CONDITIONS_2017_09, modulo=True),
    Version("2018-03-02", _2017_09, _GONE_2015, _CONDITIONS_2017_09, modulo=True, tags=True),
    Version("2018-08-31", _2017_09, _GONE_2015, _CONDITIONS_2017_09, modulo=True, tags=True),
    Version("2021-04-16", _2017_09, _GONE_2015, _CONDITIONS_2017_09, nullable_if=True, modulo=True, tags=True),
)
_NAMES = {"newton": "2016-10-14", "ocata": "2017-02-24", "pike": "2017-09-01", "queens": "2018-03-02",
          "rocky": "2018-08-31", "wallaby": "2021-04-16"}

VERSIONS: Mapping[str, Version] = {
    **{version.date: version for version in _ALL},
    **{name: next(v for v in _ALL if v.date == date) for name, date in _NAMES.items()},
}
