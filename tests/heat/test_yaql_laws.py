"""Expressions from the grammar on data without end: native forms agree with the library on all of them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.heat.test_yaql import by_library, natively

_KEYS = ("a", "b", "k", "v")
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 12), st.sampled_from((0.0, 1.0, 2.5, -0.5)),
                     st.sampled_from(("", "a", "b", "a_b", "a,b", "x y", "1", "A/b:c", "é")))
DATA = st.recursive(_SCALARS, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3)), max_leaves=12)
#: Lists of what has a like form, so that methods get further than to the first error.
ROWS = st.lists(st.one_of(st.none(), st.dictionaries(st.sampled_from(_KEYS), DATA, min_size=1, max_size=4)), max_size=5)

_CONSTANTS = ("1", "0", "2", "1.5", "''", "'a'", "'a_b'", "','", "null", "true", "false", "[]", "{}", "[1, 2]",
              "{a => 1}")
_SIGNS = ("+", "-", "*", "/", "mod", "=", "!=", "<", ">", "<=", ">=", "and", "or", "in", "=~", "!~")
_NONE = ("flatten", "distinct", "first", "last", "any", "all", "len", "count", "keys", "values", "items", "toList",
         "reverse",
         "sum", "max", "min", "isEmpty", "toLower", "toUpper", "trim", "norm", "split", "rightSplit", "enumerate",
         "single")
_LAMBDA = ("where", "select", "selectMany", "distinct", "any", "all", "groupBy", "orderBy", "orderByDescending",
           "toDict",
           "takeWhile", "skipWhile", "reduce")
_VALUE = ("first", "last", "get", "containsKey", "containsValue", "contains", "append", "skip", "limit", "sum", "max",
          "min",
          "mergeWith", "deleteAll", "delete", "zip", "join", "split", "rightSplit", "startsWith", "endsWith", "matches",
          "indexOf", "lastIndexOf", "substring", "trim", "enumerate")
_TWO = ("groupBy", "toDict", "reduce", "get", "replace", "zip", "substring", "indexOf", "set")
_FUNCTIONS = ("str", "bool", "int", "float", "abs", "len", "list", "dict", "isString", "isList", "isDict", "isNumber",
              "isInteger", "isBoolean", "isIterable", "isEmpty", "coalesce", "range", "concat")


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    argument = st.one_of(inner, st.sampled_from(("$", "$1", "$2", "$.a", "$.k", "$[0]", "$[1]", "$x", *_CONSTANTS)))
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(_SIGNS), argument),
        st.builds("{} {} {}".format, inner, st.sampled_from(_SIGNS), argument),
        st.builds("not {}".format, inner), st.builds("-{}".format, inner),
        st.builds("{}.{}".format, inner, st.sampled_from(_KEYS)),
        st.builds("{}?.{}".format, inner, st.sampled_from(_KEYS)),
        st.builds("{}[{}]".format, inner, argument),
        st.builds("{}.{}()".format, inner, st.sampled_from(_NONE)),
        st.builds("{}?.{}()".format, inner, st.sampled_from(_NONE)),
        st.builds("{}.{}({})".format, inner, st.sampled_from(_LAMBDA), argument),
        st.builds("{}.{}({}, {})".format, inner, st.sampled_from(_TWO), argument, argument),
        st.builds("{}.{}({})".format, inner, st.sampled_from(_VALUE), argument),
        st.builds("{}({})".format, st.sampled_from(_FUNCTIONS), inner),
        st.builds("{}({}, {})".format, st.sampled_from(("max", "min", "coalesce", "list", "concat")), inner, argument),
        st.builds("[{}, {}]".format, inner, argument), st.builds("{{a => {}, {} => 1}}".format, inner, argument),
        st.builds("switch({} => {}, true => {})".format, inner, argument, inner),
        st.builds("let(x => {}) -> {}".format, inner, argument),
        st.builds("(let({}, x => 1) -> {})".format, inner, inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(("$.data", "$.data", "$.data.a", "$.data.where($ != null)", "$",
*_CONSTANTS)),
                           _grow, max_leaves=6)


def agree(expression: str, data: Any) -> None:
    found = natively(expression, data)
    if found is None:
        event("left to the library")
        return
    event("native")
    assert found == by_library(expression, data)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, st.one_of(DATA, ROWS))
def test_any_expression_on_any_data(expression, data):
    agree(expression, data)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet="$.data[]()'\"`\\=><!~?+-*/,{} \n\tabmodnti1234567890_xu", max_size=24), DATA)
def test_any_text(expression, data):
    agree(expression, data)
    agree("$.data" + expression, data)
