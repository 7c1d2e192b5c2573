"""yaql expressions compiled to Python closures, for those made of the parts that templates use.

The yaql library stays the judge: an expression with any part that is not known here is left to it whole, and so is
an evaluation that meets anything unusual (a type, an error, a size). Expressions have no side effects, so it may begin
again.
"""

from treadle.heat.yaqlnative.compile import native

__all__ = ["native"]
