"""The job file's JSON Schema (for editors) and its reference page, both made from the classes in ``fields``."""

from collections.abc import Iterator

import msgspec

from paceline.orders.jobfile.fields import ACCEPTS, Job, Jobs, Random, Resources, Retries, Sweep

_VALUE = {"description": "any value"}
_SECTIONS = (
    ("Keys of a job", Job),
    ("resources", Resources),
    ("retries", Retries),
    ("random", Random),
    ("sweep", Sweep),
)


def schema() -> str:
    """JSON Schema 2020-12, as JSON text."""
    (one, many), parts = msgspec.json.schema_components([Job, Jobs], schema_hook=lambda _: _VALUE)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Paceline job file",
        "description": "One job, or several under 'jobs'.",
        "if": {"required": ["jobs"]},
        "then": many,
        "else": one,
        "$defs": _opened(parts),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def components(template: str) -> dict[str, object]:
    """The parts of a schema ``JobFile`` for what comes over the network, each under its name; ``template`` is what a
    reference to one looks like. Without the keys that only mean something where the file lies."""
    _, parts = msgspec.json.schema_components([Job, Jobs], schema_hook=lambda _: _VALUE, ref_template=template)
    keys = {key: value for key, value in parts["Job"]["properties"].items() if key not in ("each_line", "sweep")}
    whole = {"anyOf": [{"$ref": template.format(name=name)} for name in ("Job", "Jobs")]}
    job = {**parts["Job"], "properties": keys}
    opened = _opened({**parts, "Job": job, "JobFile": whole})
    assert isinstance(opened, dict)
    del opened["Sweep"]
    return opened


def tables() -> str:
    """Every key with its meaning, as Markdown."""
    return "\n".join(_tables()) + "\n"


def _tables() -> Iterator[str]:
    for title, section in _SECTIONS:
        yield f"## {title}\n\n| key | meaning | default |\n|---|---|---|"
        for field in msgspec.structs.fields(section):
            meaning = next(meta.description for meta in field.type.__metadata__ if meta.description)
            default = "" if field.default in ("", None, msgspec.NODEFAULT) else f"`{field.default}`"
            yield f"| `{field.name}` | {meaning} | {default.lower()} |"
        yield ""


def _opened(part: object) -> object:
    """Where the parser takes a scalar's text, an editor shall take the scalar."""
    if isinstance(part, list):
        return [_opened(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _opened(value) for key, value in part.items()}
    accepts = inner.pop(ACCEPTS, None)
    return {**inner, "type": accepts} if accepts else inner
