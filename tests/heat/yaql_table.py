"""yaql expressions and data: what native forms are compared with the library on.

NATIVE must have a native form that gives a value whenever the library does, PARTLY one that does for some data; LEFT
must be left to the library, whatever it gives. Data is what ``$.data`` is.
"""

from __future__ import annotations

from typing import Any

SERVICES = [
    {"service_name": "nova", "config_settings": {"a": 1}, "tasks": [{"name": "x"}, {"name": "y"}], "groups": ["nova"],
     "volumes": {"v": ["1", "2"]}},
    None,
    {"service_name": "cinder", "tasks": [{"name": "x"}], "groups": ["disk", "nova"], "volumes": {"v": ["2"], "w": []}},
    {"service_name": "empty", "tasks": None},
    {},
]
NESTED: dict[str, Any] = {"map": {"one_network": "a", "two": ["b", ["c"]], "three": {"x": None}}, "none": None}
ROLES = {"role_data": SERVICES, "default": ["root"], "extra": [], "enabled": ["nova", "cinder"]}
METADATA = [{"type": "vip", "service": "haproxy", "network": "internal_api"}, None,
            {"type": "node", "service": "nova", "network": "internal_api"},
            {"type": "node", "service": "nova", "network": "storage"}]

#: What templates of clouds are made of.
TEMPLATES: list[tuple[str, list[Any]]] = [
    ("$.data.rightSplit(separator => ':', maxSplits => 1)[0]", ["docker.io/x/nova:tag", "h:5000/x:tag", "none",
    None, 1]),
    ("let(where => $.data.rightSplit(':', 1)[0]) -> regex('(?:https?://)?(.*?)/(.*)').split($where)[2]",
     ["https://a.b/c/d:1", "a/b:c", "nothing", ""]),
    ("$.data.split('/')[0].matches('(\\.|:)')", ["a.b/c", "a:1/c", "a/c", ""]),
    ("coalesce($.data, []).first(null)", [None, [], [None], [1, 2], "text", {}]),
    ("str($.data.port)", [{"port": 80}, {"port": None}, {"port": True}, {"port": "x"}, {"port": 1.5}, {}]),
    ("str($.data).replace('null', 'disabled')", [None, "null and null", 3, False]),
    ("$.data.where($ != '').first()", [["", "a"], [""], [], None, [None, "b"]]),
    ("let(root => $) -> $.data.role_data.where($ != null and $.containsKey('service_name'))"
     ".where($.service_name in coalesce($root.data.enabled, [])).select($.service_name)",
     [ROLES, {}, {"role_data": []}]),
    ("coalesce($.data, []).where($ != null).select($.get('config_settings')).where($ != null)"
     ".reduce($1.mergeWith($2), {})", [SERVICES, None, [], [1], [{"config_settings": {"a": {"b": [1]}}},
                                                               {"config_settings": {"a": {"b": [2, 1], "c": 1}}}]]),
    ("dict($.data.where($ != null).select($.get('volumes')).where($ != null).selectMany($.items())"
     ".groupBy($[0], $[1]).select([$[0], $[1].flatten()]))", [SERVICES, [], None, [{"volumes": 1}]]),
    ("coalesce($.data, []).where($ != null).select($.get('tasks')).where($ != null).flatten().distinct()",
     [SERVICES, None, [], [{"tasks": [[1, [1]], {"b": [2]}, {"b": [2]}]}]]),
    ("let(servers => switch(isDict($.data.servers) => $.data.servers, true => {})) -> "
     "$servers.deleteAll($servers.keys().where($servers[$] = null))",
     [{"servers": {"a": None, "b": 1}}, {"servers": []}, {"servers": {}}, {}]),
    ("let(fqdns => $.data.f) -> dict(coalesce($.data.m, []).where($ != null and $.type = 'vip')"
     ".select([concat('m_', $.service, $.network), concat($.service, '/', $fqdns.get($.network))]))",
     [{"m": METADATA, "f": {"internal_api": "host"}}, {"m": METADATA, "f": {}}, {"m": None, "f": None}]),
    ("dict(coalesce($.data, []).where($ != null and $.type = 'node')"
     ".groupBy(concat('c_', $.service), $.network.replace('_', '')))", [METADATA, None, [{}]]),
    ("coalesce($.data.n, []).zip(coalesce($.data.a, []), coalesce($.data.b, [])).where($[2] = null)"
     ".where($[1] != null).select($[1]).join(\"\\n\")",
     [{"n": [1, 2, 3], "a": ["x", None, "z"], "b": [None, None, 1]}, {"n": [], "a": None, "b": None}, {}]),
    ("let(d => coalesce($.data.d, ''), s => coalesce($.data.s, {}).flatten()) -> $s.where($ != null)"
     ".select({ 'type' => "
     "'tail', 'tag' => $.tag, 'format' => $.get('format', $d), 'pos' => $.get('pos', $d + '/' + $.tag + '.pos') })",
     [{"d": "x", "s": [{"tag": "t"}, [None, {"tag": "u", "pos": 1}]]}, {"d": "x", "s": None}, {"d": None, "s": [1]}]),
    ("set((coalesce($.data.default, []) + coalesce($.data.extra, []) + coalesce($.data.role_data, [])"
     ".where($ != null).select($.get('groups'))).flatten()).where($).orderBy($)",
     [ROLES, {"default": None, "extra": None, "role_data": None}]),
    ("list(coalesce($.data.role_data, []).where($ != null).select($.get('tasks')).where($ != null))", [ROLES]),
    ("$.data.hostname_map.get($.data.hostname, $.data.hostname).toLower()",
     [{"hostname_map": {"A": "Bc"}, "hostname": "A"}, {"hostname_map": {}, "hostname": "X"}, {"hostname": "X"}]),
    ("dict($.data.map.items().where(len($[1]) > 0))", [{"map": {"a": [], "b": [1], "c": "x"}}, {"map": {"a": 1}}]),
    ("$.data.where(not isEmpty($)).first()", [["", " ", "x"], [None], [], [[1]]]),
    ("dict($.data.map.items().select([regex(`([a-z0-9])([A-Z])`).replace($[0], '\\\\1_\\\\2').toLower(), $[1]]))",
     [{"map": {"NovaApiPort": 1, "x": None}}, NESTED, {}]),
    ("switch(not $.data.h.isEmpty() => $.data.h, $.data.n=>$.data.n)",
     [{"h": "", "n": "x"}, {"h": "a", "n": ""}, {"h": None, "n": None}, {}]),
    ("dict($.data.map.items().where(isString($[1]) and not $[1].endsWith(\"_network\")))", [NESTED, {"map": {}}]),
    ("let(root => $) -> $.data.extra.items().where($[0] in $root.data.on).select($[1]).flatten() + $root.data.on",
     [{"extra": {"a": ["x"], "b": [["y"]]}, "on": ["a"]}, {"extra": {}, "on": []}, {"extra": None, "on": []}]),
    ("switch(bool($.data.c) => $.data.c, bool($.data.s) => $.data.s).select($.port).distinct().join(' ')\n",
     [{"c": [{"port": 1}, {"port": 1}], "s": []}, {"c": None, "s": [{"port": "x"}]}, {"c": [], "s": []}]),
    ("$.data.toDict($.get('name')).values()", [[{"name": "a"}, {"name": "b"}, {"name": "a", "x": 1}, {}], [], None]),
    ("switch($.data = {} => \"none\", $.data != {} => $.data.items().orderBy($[0]).first()[1])",
     [{}, {"b": 1, "a": [2]}, [], None]),
    ("coalesce($.data.role_data, []).where($ != null).where($.containsKey('tasks')).tasks.flatten().name", [ROLES, {}]),
    ("$.data.select($+\":\"+$+\":ro\")", [["a", "b"], [], [1], None]),
    ("not $.data", [None, [], [0], "", "x", {}, 0.0]),
]

_NUMBERS: list[Any] = [{"a": a, "b": b} for a in (0, 7, -2, 2.5, None, "x",
True, [1]) for b in (0, 3, -0.5, None, "y", [2])]
_TEXTS: list[Any] = ["", "abc", " a b ", "a,b,,c", "AbC_d", "éß", None, 3, ["a"]]
_LISTS: list[Any] = [[], [1], [3, 1, 2, 1], ["b", "a", "B"], [None, 1], [[1], [2, [3]]], [{"k": 1}, {"k": 2, "v": 3}],
                     [{"k": 1}, {"k": 1}], [1, "a"], [True, 1, 1.0], None, "text", {"a": 1}, 5]
_MAPS: list[Any] = [{}, {"a": 1}, {"a": {"b": [1, 2]}, "c": None}, {1: "x", False: "y", None: "z",
"1": "w"}, None, [1], "a"]

OPERATORS: list[tuple[str, list[Any]]] = [
    *[(f"$.data.a {sign} $.data.b", _NUMBERS) for sign in
      ("+", "-", "*", "/", "mod", "<", ">", "<=", ">=", "=", "!=", "and", "or")],
    ("[-$.data, +$.data]", [1, 2.5, None, "x", True]),
    *[(text, [None]) for text in (
        "1 + 2 * 3 - 4", "(1 + 2) * 3", "7 / 2", "-7 / 2", "7.0 / 2", "7 mod 3", "2 < 3 and 3 < 2 or true", "-2 - -3",
        "not true or true", "not 1 = 2", "1 = 1 = true", "1.5 + 1", "'a' + 'b' < 'ac'", "null = null", "1 = true",
        "1.0 = 1",
        "[1, 2] = [1, 2]", "[1, [2]] = [1, [2]]", "{a => 1} = {'a' => 1}", "[1] = {a => 1}", "[] = null", "'1' = 1",
        "{1 => 'a', b => [1], null => 2}", "{}", "[]", "[[], {}]", "dict(a => 1, 'b' => 2)", "list()", "set()",
        "coalesce()",
        "switch()", "coalesce(null, null)", "let(a => 1, b => 2) -> $a + $b", "let(1, 2) -> [$1, $2, $]",
        "with(1) -> $",
        "let(a => 1) -> let(b => $a) -> [$a, $b, $c]", "let(a => 1) -> (let(a => 2) -> $a) + $a", "$nothing", "$1",
        "$2",
        "\"a\\tb\\n\\\\\\\"\\'\"", "'a\\q'", "`a\\nb\\`c`", "[1, 2, 3][-1]", "[1][1]", "{a => 1}['b', 2]",
        "'x' in 'xyz'", "1 in [1, 2]", "null in [null]", "[1] in [[1]]", "{a => 1} in [{a => 1}]", "1 in null",
        "1 = 1 and", "not(true)", "1 +", "{a}", "$.data.(x)", "true()", "nope(1)", "1.nope()", "@", "'x",
        "'a' =~ 'b|a'", "'a' !~ 'a'", "'a' =~ regex('A', true)", "'a' =~ '('", "1 =~ '1'", "range(5).select($ * $)",
        "range(2, 10, 3)", "range(0)", "range(3, 0, -1)", "range('a')", "[1, 2] + [3]", "{a => 1} + {a => 2, b => 3}",
        "range(2) + [2]", "[1] + range(2)", "[1] + null", "set(1, 2, 1)", "set('b', 'a', null, 1)",
        "set([1])", "list(1, range(3), [2])", "[].select($).any()",  "range(3).orderBy(-$) and 1",
        "[].orderBy($) and 1", "{} and 1",
    )],
    ("$.data?.a", [{"a": 1}, {"a": None}, None, {}, [{"a": 1}]]),
    ("$.data?.get('a', 2)?.b.c", [{"a": {"b": {"c": 1}}}, {}, None, {"a": None}, {"a": {"b": None}}]),
    ("$.data.x?.select($?.y)", [{"x": [{"y": 1}, None]}, {"x": None}]),
    ("$.data.a.b", [{"a": {"b": 1}}, {"a": [{"b": 1}, {"b": 2}]}, {"a": [[{"b": 1}]]}, {"a": "x"}, {"a": [1]},
                    {"a": []}]),
    ("$.data in ['a', 1, null]", ["a", 1, True, None, [], {}]),
    ("$.data[0]", [*_LISTS, *_TEXTS, *_MAPS]),
    ("$.data['a']", [*_LISTS, *_MAPS]),
    ("$.data", [*_LISTS, *_TEXTS, *_MAPS, {"a": {2: {1.5: []}}}]),
]

METHODS: list[tuple[str, list[Any]]] = [
    *[(f"$.data.{call}", _LISTS) for call in (
        "where($)", "where($ = 1)", "where(predicate => $ != null)", "where($.k = 1)", "where($ > 1)", "select($.k)",
        "select([$, 1])", "select($1)", "select(null)", "selectMany($)", "selectMany([$, $])", "flatten()",
        "distinct()",
        "distinct($.k)", "distinct($ = 1)", "first()", "first(null)", "first(default => 1)", "last()", "last(0)",
        "single()",
        "skip(1)", "skip(9)", "skip(-1)", "limit(2)", "limit(0)", "limit(-1)", "takeWhile($ != 1)",
        "skipWhile($ != 1)", "any()", "any($ = 1)", "all()", "all($ = 1)", "append(1, [2])", "append()", "enumerate()",
        "enumerate(1)", "count()", "len()", "sum()", "sum(0)", "sum('')", "max()", "max(0)", "min()", "min(null)",
        "reduce($1 + $2)", "reduce($1 + $2, 0)", "aggregate([$1, $2], null)", "groupBy($)", "groupBy($.k)",
        "groupBy($ = 1, [$])", "toDict($)", "toDict($.k)", "toDict($, 1)", "orderBy($)", "orderBy($.k)",
        "orderByDescending($)", "orderByDescending($ = 1)", "reverse()", "zip([1, 2], range(5))", "zip()", "zip(null)",
        "toList()", "toSet()", "toSet().len()", "contains(1)", "contains(null)", "contains([1])", "contains({k => 1})",
        "indexOf(1)", "indexOf([1])", "lastIndexOf(1)", "join(',')", "isEmpty()", "k", "k.orderBy($).first()",
        "where($ != null).select($.k).where($ != null)", "select(let(x => $) -> [1, 2].select([$, $x]))",
        "select($.keys().orderBy($))", "where([$].flatten().len() > 1)",
    )],
    *[(f"$.data.{call}", [*_TEXTS, [1, 2]]) for call in (
        "toLower()", "toUpper()", "trim()", "trim('a')", "trim(null)", "trimLeft()", "trimRight('c ')", "norm()",
        "isEmpty()",
        "len()", "split()", "split(',')", "split(null, 1)", "split(',', 1)", "split('')",
        "split(',', null)", "split(regex('[, ]'))", "split(regex('(,)'), 1)", "rightSplit(',', 1)", "rightSplit()",
        "join(['x', 1, null, true])", "replace('a', 'xy')", "replace('a', '', 1)", "replace('', '-')",
        "replace(regex('([a-z])'), '<\\\\1>')", "replace(regex('b'), '', 1)", "replace('a', 'b', null)",
        "startsWith('a')",
        "startsWith('x', 'a')", "startsWith()", "endsWith('c', 'd')", "endsWith(1)", "substring(1)", "substring(-2)",
        "substring(0, 2)", "substring(-2, 1)", "substring(1, -1)", "indexOf('b')", "indexOf('b', 2)", "indexOf('')",
        "lastIndexOf('a')", "lastIndexOf('a', 1)", "matches('^a')", "matches('(')", "matches('é')",
    )],
    *[(text, _TEXTS) for text in (
        "regex('b').matches($.data)", "regex('B', ignoreCase => true).matches($.data)", "regex('[a-c]').search($.data)",
        "regex('[a-c]').searchAll($.data)", "regex('(b)|(,)').split($.data)", "regex(',').split($.data, 1)",
        "regex('^.', false, true).replace($.data, 'X')", "regex('b.', dotAll => true).replace($.data, '', 1)",
        "$.data =~ '[a-z]+$'", "$.data !~ regex('[a-z]+$')", "str($.data)", "int($.data)", "float($.data)",
        "bool($.data)",
        "concat($.data, 'x')", "len($.data)", "isEmpty($.data)", "norm($.data)", "regex($.data).matches('abc')",
        "isRegex(regex('a'))",
    )],
    *[(f"$.data.{call}", _MAPS) for call in (
        "keys()", "values()", "items()", "keys().len()", "values().len()", "items().len()", "items().select($[0])",
        "keys().orderBy($)", "get('a')", "get('a', 1)", "get(key => 'z', default => [1])", "get(null)",
        "set('a', 2)", "set('n', [1])", "containsKey('a')", "containsKey(null)", "containsValue(1)",
        "containsValue(null)",
        "containsValue([1])", "delete('a')", "delete('a', null)", "delete()", "deleteAll(['a', 'zz'])",
        "deleteAll('a')",
        "mergeWith({a => {b => [2, 3], d => 1}, e => 1})", "mergeWith({a => [1]})", "mergeWith({c => [1], a => 5})",
        "mergeWith({})", "mergeWith(null)", "mergeWith($.data)", "len()", "a", "a.b", "items().toDict($[0], $[1])",
        "select($)", "where($)", "items().where($[1] != null).len()", "values().where($ != null)", "keys()[0]",
        "keys().contains('a')", "toDict($).a",
    )],
    *[(f"{name}($.data)", [*_TEXTS, *_LISTS, *_MAPS, True, 1.5, 2]) for name in (
        "isString", "isList", "isDict", "isSet", "isIterable", "isBoolean", "isInteger", "isNumber", "isRegex",
        "list", "set",
        "len", "distinct", "any", "all", "enumerate", "dict", "abs", "int", "float", "bool", "str", "isEmpty", "norm",
    )],
    *[(f"{name}($.data.a, $.data.b)", _NUMBERS) for name in ("max", "min", "coalesce", "list")],
    ("dict($.data)", [[["a", 1], ["b", [2]]], [["a"]], ["ab"], [[]], [[["a"], 1]], [[None, 1], [1, 2], [True, 3]]]),
    ("$.data.a.mergeWith($.data.b)", [{"a": {"x": x}, "b": {"x": y}} for x in ([1], {"y": 1}, 1, None)
                                      for y in ([1, 2], {"y": [2]}, 2, None)]),
]

_CASES = [*TEMPLATES, *OPERATORS, *METHODS]

#: Native for plain data; the rest is rare, and left to the library.
_RARE = {
    *[f"$.data.a {sign} $.data.b" for sign in ("*", "<", ">", "<=", ">=")], "max($.data.a, $.data.b)",
    "min($.data.a, $.data.b)", "$.data.where($.k = 1)", "$.data.distinct($.k)", "$.data.min(null)",
    "$.data.groupBy($)", "$.data.orderBy($.k)", "$.data.orderByDescending($ = 1)", "$.data.join(',')",
    "str($.data)", "dict($.data)",
}
PARTLY = [case for case in _CASES if case[0] in _RARE]
NATIVE = [case for case in _CASES if case[0] not in _RARE]

#: No native form, or one that leaves the judgement to the library.
LEFT: list[tuple[str, list[Any]]] = [
    ("$.data.groupBy($[0], $[1], $.sum())", [[["a", 1], ["a", 2], ["b", 3]]]),
    ("$.data.mergeWith({a => [1]}, $1 + $2)", [{"a": [1]}]),
    ("'ab' * 3", [None]), ("[1] * 2", [None]), ("pow(2, 10)", [None]), ("round(2.5)", [None]),
    ("$.data.orderBy($[0]).thenBy($[1])", [[[2, 1], [1, 2], [1, 1]]]),
    ("sequence().takeWhile($ < 3)", [None]), ("generate(1, $ < 9, $ * 2)", [None]),
    ("$.data.replaceBy(regex('b'), 'x')", ["abc"]), ("regex('b').search($.data, $.start)", ["abc"]),
    ("{a => 1}[a]", [None]), ("a", [None]), ("[1,,2]", [None]), ("set(1) + set(2)", [None]),
    ("let(x => range(3)) -> [$x.any(), $x.any()]", [None]), ("let(x => range(3)) -> $x.where($ in $x)", [None]),
    ("$.data.limit(true)", [[1, 2]]), ("','.join([[1]])", [None]), ("$.data.get([1])", [{}, {"a": 1}]),
    ("'a,b'.split(separator => ',')", [None]), ("'ab'.indexOf(sub => 'b')", [None]),
    ("let(f => range(3)) -> [$f.first(), $f.first()]", [None]),
    ("$.data.join($.data, $1 = $2, [$1, $2])", [[1, 2]]), ("def(f, $ + 1) -> f(2)", [None]),
    ("$.data.select($.nope).first(1)", [[], [{"nope": 2}, {}]]),
    ("set(1, 2).union(set(3))", [None]), ("'\\u0041\\x42\\103'", [None]), ("datetime(2020, 1, 1).year", [None]),
    ("str($.data)", [[1], {"a": 1}]), ("$.data.replace({a => b})", ["aa"]), ("'a'.foo", [None]),
]
