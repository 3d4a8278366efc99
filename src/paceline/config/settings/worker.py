"""Of ``paceline worker``."""

from collections.abc import Sequence

from paceline.config.setting import (
    AIRAVATA,
    CPUS,
    DIRECTORY,
    DURATION,
    GPUS,
    NAME,
    NAMES,
    NODE,
    PAIRS,
    PORT,
    SIZE,
    SWITCH,
    TENSORFLEET,
    TEXT,
    WHOLE,
    WORKER,
    Alias,
    Setting,
)

WORKER_NAME = Setting(
    key="worker.name",
    kind=NAME,
    readers=(WORKER,),
    help="What it is called.",
    otherwise="the host's name",
    flags=("--name", "--worker-id"),
    aliases=(
        Alias(
            name="WORKER_ID",
            systems=f"{TENSORFLEET}, {AIRAVATA}, {NODE}",
            readers=(WORKER,),
            note="by its name a worker finds its key and its work again: keep it from start to start",
        ),
    ),
)
OFFERED_CPUS = Setting(
    key="worker.cpus",
    kind=CPUS,
    readers=(WORKER,),
    help="Processors to offer.",
    otherwise="all",
    flags=("--cpus",),
)
OFFERED_MEMORY = Setting(
    key="worker.memory",
    kind=SIZE,
    readers=(WORKER,),
    help="Memory to offer.",
    otherwise="all",
    flags=("--memory",),
)
OFFERED_GPUS = Setting(
    key="worker.gpus",
    kind=GPUS,
    readers=(WORKER,),
    help="GPUs to offer, by the numbers or UUIDs of `nvidia-smi -L`, or none.",
    otherwise="all that `CUDA_VISIBLE_DEVICES` leaves",
    flags=("--gpus",),
)
MAX_TASKS = Setting(
    key="worker.max_tasks",
    kind=WHOLE,
    readers=(WORKER,),
    help="At most so many tasks at once.",
    otherwise="as many as fit",
    flags=("--max-tasks", "--max-jobs"),
    aliases=(Alias(name="MAX_CONCURRENT_TASKS", systems=f"{TENSORFLEET}, {NODE}", readers=(WORKER,)),),
)
TASK_TIMEOUT = Setting(
    key="worker.task_timeout",
    kind=DURATION,
    readers=(WORKER,),
    help="How long a task may run that says nothing of it.",
    otherwise="no limit",
    flags=("--task-timeout",),
    aliases=(
        Alias(
            name="TASK_TIMEOUT",
            systems=f"{TENSORFLEET}, {AIRAVATA}, {NODE}",
            readers=(WORKER,),
            note="a task's own time limit wins; a bare number is seconds",
        ),
    ),
)
WORKING_DIR = Setting(
    key="worker.working_dir",
    kind=DIRECTORY,
    readers=(WORKER,),
    help="Where tasks run that name no directory: in new ones below it, in NAME.",
    otherwise="in the worker's home",
    flags=("--working-dir",),
    aliases=(Alias(name="WORKING_DIR", systems=AIRAVATA, readers=(WORKER,)),),
)
LABELS = Setting(
    key="worker.labels",
    kind=PAIRS,
    readers=(WORKER,),
    help="A label that tasks can ask for.",
    otherwise="none",
    flags=("--label",),
)
WORKER_EXPERIMENT = Setting(
    key="worker.experiment",
    kind=TEXT,
    readers=(WORKER,),
    help="Makes the label experiment=ID: for what asks for it.",
    otherwise="none",
    flags=("--experiment-id",),
    aliases=(
        Alias(
            name="EXPERIMENT_ID",
            systems=AIRAVATA,
            readers=(WORKER,),
            note="of a worker; jobs are grouped by --experiment or PACELINE_EXPERIMENT",
        ),
    ),
)
COMPUTE_RESOURCE = Setting(
    key="worker.compute_resource",
    kind=TEXT,
    readers=(WORKER,),
    help="Makes the label compute_resource=ID: for what asks for it.",
    otherwise="none",
    flags=("--compute-resource-id",),
    aliases=(Alias(name="COMPUTE_RESOURCE_ID", systems=AIRAVATA, readers=(WORKER,)),),
)
TIME_LEFT = Setting(
    key="worker.time",
    kind=DURATION,
    readers=(WORKER,),
    help="How long this machine will be there.",
    otherwise="for good",
    flags=("--time",),
)
WORKER_RESERVE = Setting(
    key="worker.reserve",
    kind=SIZE,
    readers=(WORKER,),
    help="Free disk space below which it takes nothing new.",
    default="64MiB",
    flags=("--reserve",),
)
JOIN_TOKEN = Setting(
    key="worker.join_token",
    kind=TEXT,
    readers=(WORKER,),
    help="With which a worker joins for the first time.",
    otherwise="none; on the machine of a server of this home none is needed",
    own="PACELINE_JOIN_TOKEN",
    secret=True,
    personal=True,
)

METRICS_HOST = Setting(
    key="worker.metrics_host",
    kind=TEXT,
    readers=(WORKER,),
    help="Address at which it shows how it is: /metrics, /health and GetStatus.",
    default="127.0.0.1",
    flags=("--metrics-host",),
)
WORKER_HTTP_HOSTS = Setting(
    key="worker.http_hosts",
    kind=NAMES,
    readers=(WORKER,),
    help="A name by which /metrics and /health may be called, besides the host's.",
    otherwise="none",
    flags=("--http-host",),
)
METRICS_PORT = Setting(
    key="worker.metrics_port",
    kind=PORT,
    readers=(WORKER,),
    help="For /metrics and /health; 0: any free one.",
    otherwise="2112, or any free one where that is taken",
    flags=("--metrics-port",),
    aliases=(Alias(name="METRICS_PORT", systems=f"{TENSORFLEET}, {NODE}", readers=(WORKER,)),),
)
STATUS_PORT = Setting(
    key="worker.status_port",
    kind=PORT,
    readers=(WORKER,),
    help="For GetStatus, by gRPC; 0: any free one.",
    otherwise="50052, or any free one where that is taken",
    flags=("--status-port",),
    aliases=(Alias(name="WORKER_PORT", systems=TENSORFLEET, readers=(WORKER,)),),
)
PROFILE = Setting(
    key="worker.profile",
    kind=SWITCH,
    readers=(WORKER,),
    help="Let whoever has its key look where its time goes, from this machine.",
    default="false",
    flags=("--profile",),
)

TABLE: Sequence[Setting[object]] = (
    WORKER_NAME,
    OFFERED_CPUS,
    OFFERED_MEMORY,
    OFFERED_GPUS,
    MAX_TASKS,
    TASK_TIMEOUT,
    WORKING_DIR,
    LABELS,
    WORKER_EXPERIMENT,
    COMPUTE_RESOURCE,
    TIME_LEFT,
    WORKER_RESERVE,
    JOIN_TOKEN,
    METRICS_HOST,
    WORKER_HTTP_HOSTS,
    METRICS_PORT,
    STATUS_PORT,
    PROFILE,
)
