"""What holds for every value of the model: frozen, documented field by field, without truth values or floats."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
from enum import Enum
from pathlib import Path
from types import ModuleType

import pytest

import cryptotrace.model

FOLDER = Path(cryptotrace.model.__path__[0])
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"cryptotrace.model.{name}")


def _classes(name: str) -> list[type]:
    module = _module(name)
    return [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__]


def _is_frozen(kind: type) -> bool:
    return kind.__dataclass_params__.frozen and "__slots__" in vars(kind)  # type: ignore[attr-defined]


def _undocumented(source: str) -> list[str]:
    """Public fields and members of classes without a text right under them."""
    missing = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                name = field.target.id
            elif isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
                name = field.targets[0].id
            else:
                continue
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if not name.startswith("_") and not (is_text and str(after.value.value).strip()):  # type: ignore[union-attr]
                missing.append(f"{node.name}.{name}")
    return missing


@pytest.mark.parametrize("name", MODULES)
def test_every_public_field_has_its_sentence_under_it(name: str) -> None:
    assert _undocumented((FOLDER / f"{name}.py").read_text(encoding="utf-8")) == []


def test_a_field_without_its_sentence_is_noticed() -> None:
    source = 'class A:\n    a: int\n    """Units."""\n    b: int\n    C = 1\n    """  """\n    _d: int = 0\n'
    assert _undocumented(source) == ["A.b", "A.C"]


@pytest.mark.parametrize("name", MODULES)
def test_every_dataclass_is_frozen_with_slots(name: str) -> None:
    for kind in filter(dataclasses.is_dataclass, _classes(name)):
        assert _is_frozen(kind), kind


def test_there_are_values_to_be_frozen() -> None:
    found = [kind.__name__ for name in MODULES for kind in _classes(name) if dataclasses.is_dataclass(kind)]
    assert {"Amount", "BlockRef", "Claim", "Flow", "Posting", "Tag", "Transaction", "RawTransaction"} <= set(found)


@pytest.mark.parametrize("name", MODULES)
def test_no_field_of_the_model_is_a_float(name: str) -> None:
    for kind in _classes(name):
        for field, annotation in getattr(kind, "__annotations__", {}).items():
            assert "float" not in str(annotation), f"{kind.__name__}.{field}"


@pytest.mark.parametrize("name", MODULES)
def test_members_of_an_enumeration_are_text_that_is_written_once(name: str) -> None:
    for kind in _classes(name):
        if issubclass(kind, Enum):
            values = [member.value for member in kind]
            assert all(isinstance(value, str) and value for value in values)
            assert len(set(values)) == len(kind.__members__)
