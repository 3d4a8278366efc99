"""How much memory a picture takes: the bytes of all that is reached from it and would not be there without it."""

import gc
import sys
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType

_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, Enum)


def weigh(root: object) -> int:
    """Bytes, by Python's own account; what the allocator leaves unused between them is not among them."""
    seen = {id(root)}
    layer: list[object] = [root]
    total = 0
    while layer:
        total += sum(map(sys.getsizeof, layer))
        below = {id(thing): thing for thing in gc.get_referents(*layer) if not isinstance(thing, _SHARED)}
        layer = [thing for number, thing in below.items() if number not in seen]
        seen.update(below)
    return total
