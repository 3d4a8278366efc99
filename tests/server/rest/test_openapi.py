"""The description leaves nothing out, and says of every route what may come of it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paceline.server.rest.app import description, make_site
from tests.server.rest.calling import calling

SPEC: Mapping[str, Any] = json.loads(description())
HIDDEN = {"/", "/assets/{path:path}", "/metrics", "/debug/profile", "/api/schema/openapi.json"}
"""Pages for browsers, and what has a form of its own."""
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method} {path}")
    for path, operations in SPEC["paths"].items()
    for method, operation in operations.items()
]


def named(path: str) -> str:
    """``/api/jobs/{job:str}`` as the description has it."""
    return path.replace(":str}", "}").replace(":path}", "}")


def references(value: object) -> Iterator[str]:
    """Every ``$ref`` in a document."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "$ref":
                yield each
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_route_is_described() -> None:
    there = {named(route.path) for route in make_site().routes.routes}
    assert there - set(SPEC["paths"]) == {named(path) for path in HIDDEN}


def test_it_is_openapi_3_1_and_whole() -> None:
    assert SPEC["openapi"].startswith("3.1.")
    assert SPEC["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    known = {f"#/components/schemas/{name}" for name in SPEC["components"]["schemas"]}
    assert set(references(SPEC)) - known == set()
    ids = [operation["operationId"] for operations in SPEC["paths"].values() for operation in operations.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_a_route_says_what_it_does_and_what_may_come_of_it(
    path: str, method: str, operation: Mapping[str, Any]
) -> None:
    assert operation["summary"]
    assert set(operation["tags"]) <= {tag["name"] for tag in SPEC["tags"]}
    assert all(parameter["description"] for parameter in operation.get("parameters", []))
    answers = operation["responses"]
    assert any(status.startswith("2") for status in answers)
    problems = {status: answer for status, answer in answers.items() if status.startswith("4")}
    assert all("application/problem+json" in answer["content"] for answer in problems.values())
    assert "403" in problems
    closed = operation.get("security") != []
    assert ("401" in problems) == (closed or path == "/api/login")
    assert ("404" in problems) >= ("{" in path)
    assert ("413" in problems) == ("requestBody" in operation)
    assert ("429" in problems) == (method != "get")


def test_a_job_is_described_as_in_its_file_but_for_what_lies_on_a_disk() -> None:
    keys = SPEC["components"]["schemas"]["Job"]["properties"]
    assert {"run", "resources", "grid", "needs"} <= keys.keys()
    assert keys.keys().isdisjoint({"each_line", "sweep"})


def test_it_is_served_and_no_page_of_somebody_else_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with calling(tmp_path) as caller:
            assert (await caller.get("/api/schema/openapi.json")) == SPEC
            for page in ("", "/swagger", "/redoc", "/elements", "/rapidoc"):
                await caller.refused("GET", f"/api/schema{page}", 404)

    asyncio.run(scenario())
