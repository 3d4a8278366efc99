"""What a job file may say: these classes are its parser, its JSON Schema and its reference page.

Scalars arrive as the text that stands in the file (``1.10`` stays ``1.10``, ``no`` stays ``no``) and are read by the
grammar; only ``params``, ``items``, ``grid``, ``random`` and ``sweep`` hold typed values.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from paceline.model.bounds import INT32

ACCEPTS = "accepts"
"""In a type's JSON Schema: what an editor should let pass where the parser is handed the file's text anyway."""

Text = Annotated[str, Meta(extra_json_schema={ACCEPTS: ["string", "number", "boolean"]})]
Quantity = Annotated[str, Meta(extra_json_schema={ACCEPTS: ["string", "number"]})]
Value = Annotated[object, Meta(description="any value")]
Space = Annotated[
    dict[str, Value],
    Meta(
        description="By parameter, what to draw from: `{uniform: [0, 1]}`, `{loguniform: [1e-5, 1e-1]}`, "
        "`{int: [1, 9]}` or `{choice: [a, b]}`."
    ),
]


class Resources(Struct, forbid_unknown_fields=True):
    """What every task needs of a worker."""

    cpus: Annotated[Quantity, Meta(description="Processors, at least: `4`, `0.5`, `4+`.")] = ""
    memory: Annotated[Quantity, Meta(description="Memory it has, and is held to: `8GiB`, `512MB`.")] = ""
    disk: Annotated[Quantity, Meta(description="Free disk, at least: `100GB`.")] = ""
    gpu: Annotated[
        Quantity,
        Meta(description="Devices: `[vendor:]model[,model…][:memory][:count]`, a count, or a part of one: `0.5`."),
    ] = ""
    labels: Annotated[dict[str, Text], Meta(description="Labels that the worker must have.")] = field(
        default_factory=dict
    )
    time_request: Annotated[Quantity, Meta(description="Time that the worker must still have left: `20m`.")] = ""
    any_of: Annotated[
        list["Resources"], Meta(description="Alternatives, best first; each is laid over the keys beside `any_of`.")
    ] = field(default_factory=list)


class Retries(Struct, forbid_unknown_fields=True):
    """When another attempt follows."""

    failures: Annotated[
        int, Meta(ge=0, lt=INT32, description="Further attempts after a failure of the task's own.")
    ] = 0
    losses: Annotated[int, Meta(ge=0, lt=INT32, description="Further attempts after the worker was lost.")] = 3
    on_exit_codes: Annotated[
        list[Annotated[int, Meta(ge=-INT32, lt=INT32)]],
        Meta(description="Exit codes that ask for another attempt, free of charge."),
    ] = field(default_factory=lambda: [75])
    base: Annotated[Quantity, Meta(description="Time before the first further attempt; doubles each time.")] = "1s"
    cap: Annotated[Quantity, Meta(description="The longest time between two attempts.")] = "5m"


class Random(Struct, forbid_unknown_fields=True):
    """An array whose parameters are drawn by chance."""

    space: Space
    samples: Annotated[int, Meta(ge=1, le=1_000_000, description="How many tasks.")]
    seed: Annotated[int, Meta(description="The same one draws the same values.")] = 0


class Sweep(Struct, forbid_unknown_fields=True):
    """A search for the best parameters, by ``paceline sweep``."""

    space: Space
    metric: Annotated[str, Meta(min_length=1, description="What to judge by: a name in reports or in the result.")]
    direction: Annotated[
        Literal["", "min", "max"], Meta(description="Which is better, `min` or `max`; known for the usual metrics.")
    ] = ""
    trials: Annotated[int, Meta(ge=1, le=100_000, description="How many in all.")] = 20
    parallel: Annotated[int, Meta(ge=1, le=1000, description="How many at once.")] = 4
    sampler: Annotated[
        Literal["tpe", "random"], Meta(description="`tpe` learns from the trials so far, `random` does not.")
    ] = "tpe"
    seed: Annotated[int, Meta(ge=0, lt=1 << 31, description="Of what is drawn.")] = 0
    pruner: Annotated[
        Literal["none", "median", "asha", "hyperband"],
        Meta(description="How trials that promise little are ended early, by what they report."),
    ] = "none"
    min_steps: Annotated[int, Meta(ge=1, description="Steps before a trial is judged for the first time.")] = 1
    reduction: Annotated[
        int, Meta(ge=2, description="With `asha` and `hyperband`, one in so many is let through each time.")
    ] = 3


class Job(Struct, forbid_unknown_fields=True):
    """One job."""

    name: Annotated[str, Meta(description="Its name; without one, the program's or the kind's.")] = ""
    run: Annotated[
        str | list[Text],
        Meta(description="The program and its arguments, as a list or as one line that is split at spaces and quotes."),
    ] = ""
    shell: Annotated[bool, Meta(description="Give `run`, one string, to `/bin/sh -c`.")] = False
    kind: Annotated[str, Meta(description="What to run instead of a program: `train` …")] = ""
    params: Annotated[dict[str, Value], Meta(description="The kind's parameters.")] = field(default_factory=dict)
    resources: Annotated[Resources, Meta(description="What every task needs of a worker.")] = field(
        default_factory=Resources
    )
    time: Annotated[Quantity, Meta(description="How long an attempt may run: `4h`.")] = ""
    array: Annotated[str, Meta(description="Indexes of the tasks: `1-100`, `0-9:2`, `1-100%8` (8 at a time).")] = ""
    each_line: Annotated[str, Meta(description="A file; one task per line, which it finds in `PACELINE_ENTRY`.")] = ""
    items: Annotated[
        list[Value], Meta(description="One task per item; as JSON in `PACELINE_ENTRY`, or merged into `params`.")
    ] = field(default_factory=list)
    grid: Annotated[
        dict[str, list[Value]],
        Meta(description="One task per combination of values; as JSON in `PACELINE_ENTRY`, or merged into `params`."),
    ] = field(default_factory=dict)
    random: Annotated[Random | None, Meta(description="One task per sample, drawn by chance; otherwise as `grid`.")] = (
        None
    )
    sweep: Annotated[Sweep | None, Meta(description="A search, for `paceline sweep`; its trials are tasks.")] = None
    limit: Annotated[int, Meta(ge=0, lt=INT32, description="How many of its tasks may run at once; 0: any number.")] = 0
    priority: Annotated[int, Meta(ge=-INT32, lt=INT32, description="Higher goes first.")] = 0
    deadline: Annotated[
        Quantity, Meta(description="When it should be done: `2026-01-31T18:00:00Z`, or `8h` from now.")
    ] = ""
    not_before: Annotated[Quantity, Meta(description="When it may start, in the same form.")] = ""
    retries: Annotated[
        Annotated[int, Meta(lt=INT32)] | Retries, Meta(description="Further attempts after a failure, or a mapping.")
    ] = 0
    env: Annotated[
        dict[str, Text | None] | list[str],
        Meta(description="Environment: `NAME: value`, or a list of `NAME=value`; a name alone takes the submitter's."),
    ] = field(default_factory=dict)
    cwd: Annotated[
        str, Meta(description="Directory to run in, relative to this file; without it, where you submit.")
    ] = ""
    experiment: Annotated[str, Meta(description="A label that groups jobs.")] = ""
    needs: Annotated[list[str], Meta(description="Jobs of this file that must succeed first.")] = field(
        default_factory=list
    )


class Jobs(Struct, forbid_unknown_fields=True):
    """Several jobs."""

    jobs: Annotated[dict[str, Job], Meta(description="Jobs by name.")]
