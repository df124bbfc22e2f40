"""Small wrong changes of the mappers' rules: one operator, one number, one code at a time.

A mutant is named by its module, the function it stands in, what was changed, and a count: the name does not move when other lines
do. Sentences, docstrings, annotations and what is only said to people are left alone: they are no rules.
"""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
#: Modules that hold no rules: the contract, the kit for authors, drawing.
NO_RULES = frozenset({"protocol", "conformance", "mutilate", "errors", "render", "registry"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """``number`` counts the places of a module in the order of its tree."""

    module: str
    function: str
    """Qualified name; empty for a table of the module."""
    change: str
    number: int
    line: int
    ordinal: int

    @property
    def name(self) -> str:
        """Stable as long as nothing alike is added before it in its function."""
        return f"{self.module}:{self.function or '(table)'}: {self.change} #{self.ordinal}"


@dataclass(frozen=True, slots=True)
class _Place:
    node: ast.AST
    change: str
    apply: Callable[[], None]
    function: str


def modules(folder: Path = TOP / "mappers") -> list[str]:
    """Dotted names of all modules with rules."""
    found = [path.relative_to(folder.parent).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    return [".".join(path.parts) for path in found if path.name not in NO_RULES | {"__init__"}]


def source_of(module: str) -> Path:
    """The module's file."""
    return TOP / Path(*module.split(".")).with_suffix(".py")


def mutants(module: str, source: str | None = None) -> list[Mutant]:
    """All mutants of a module."""
    tree = ast.parse(source if source is not None else source_of(module).read_text(encoding="utf-8"))
    counts: Counter[tuple[str, str]] = Counter()
    found: list[Mutant] = []
    for number, place in enumerate(_places(tree)):
        counts[place.function, place.change] += 1
        ordinal = counts[place.function, place.change]
        line = getattr(place.node, "lineno", 0)
        found.append(Mutant(module, place.function, place.change, number, line, ordinal))
    return found


def mutated(mutant: Mutant, source: str | None = None) -> ast.Module:
    """The module's tree with the one change."""
    tree = ast.parse(source if source is not None else source_of(mutant.module).read_text(encoding="utf-8"))
    for number, place in enumerate(_places(tree)):
        if number == mutant.number:
            place.apply()
            return ast.fix_missing_locations(tree)
    raise LookupError(mutant.name)


def sample(names: list[str], count: int, seed: str = "") -> list[Mutant]:
    """So many mutants of all these modules, in an order that is random and always the same."""
    every = [each for module in names for each in mutants(module)]
    return sorted(every, key=lambda each: hashlib.blake2b(f"{seed}{each.name}".encode()).digest())[:count]


def _places(tree: ast.Module) -> list[_Place]:
    return list(_walk(tree, ""))


def _walk(node: ast.AST, function: str) -> Iterator[_Place]:
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for position, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_no_rule(node, name, child):
                continue
            put = _putter(node, name, position if isinstance(value, list) else None)
            for change, changed in _changes(child):
                yield _Place(child, change, lambda put=put, changed=changed: put(changed), function)
            if isinstance(child, ast.FunctionDef):
                inner = f"{function}.{child.name}" if function else child.name
                yield from _walk(child, inner)
            elif isinstance(child, ast.ClassDef):
                yield from _walk(child, child.name)
            else:
                yield from _walk(child, function)


def _putter(node: ast.AST, name: str, position: int | None) -> Callable[[ast.AST], None]:
    def put(changed: ast.AST) -> None:
        if position is None:
            setattr(node, name, changed)
        else:
            getattr(node, name)[position] = changed

    return put


def _is_no_rule(parent: ast.AST, name: str, child: ast.AST) -> bool:
    if name in ("annotation", "returns", "decorator_list", "type_params", "bases"):
        return True
    if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Raise | ast.Assert):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
        return True
    targets = child.targets if isinstance(child, ast.Assign) else []
    return any(isinstance(target, ast.Name) and target.id in ("__all__", "name", "version") for target in targets)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        other = _COMPARE[type(node.ops[0])]
        changed = copy.deepcopy(node)
        changed.ops[0] = other()
        yield f"{type(node.ops[0]).__name__} → {other.__name__}", changed
    elif isinstance(node, ast.BoolOp):
        swapped = copy.deepcopy(node)
        swapped.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield f"{type(node.op).__name__} swapped", swapped
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} → {not value}", ast.Constant(not value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value} + 1", ast.Constant(value + 1)
    elif isinstance(value, str) and value and not any(each.isspace() for each in value):
        yield f"{value!r} misspelt", ast.Constant(value + "~")
