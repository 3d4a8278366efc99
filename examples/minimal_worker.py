"""A whole worker, by the calls of docs/worker-protocol.md alone: JOIN_TOKEN=… python minimal_worker.py HOST:PORT"""

import atexit
import os
import signal
import sys
import tempfile
import threading
import time
from subprocess import PIPE, STDOUT, Popen
from typing import Any

import grpc

from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen.worker_pb2_grpc import WorkerServiceStub

ABLE = pb.WorkerCapabilities(cpu_cores=os.cpu_count() or 1)
GUARD = ("setpriv", "--pdeathsig", "TERM", "timeout")  # a task ends with us; SIGTERM reaches all its processes


class Worker:
    def __init__(self, address: str, token: str) -> None:
        self.stub: Any = WorkerServiceStub(grpc.insecure_channel(address))  # type: ignore[no-untyped-call]
        self.key, self.terms = token, pb.RegisterWorkerResponse(lease_seconds=20)
        self.tasks, self.cancelled = dict[str, Popen[bytes]](), set[str]()  # tasks: whose end was not answered yet

    def call(self, method: str, request: Any) -> Any:
        """The answer, however long that takes; what others are about to be given meanwhile is ended."""
        while True:
            terms, bearer = self.terms, [("authorization", f"Bearer {self.key}")]
            try:
                return getattr(self.stub, method)(request, 0.6 * terms.lease_seconds, bearer, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    self.end(list(self.tasks))
                elif error.code() is grpc.StatusCode.NOT_FOUND and terms is self.terms:
                    self.register()  # we, or the server, were away
                elif error.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT):
                    raise
                time.sleep(0.1)

    def register(self) -> None:
        request = pb.RegisterWorkerRequest(capabilities=ABLE, held=pb.TaskIds(task_ids=list(self.tasks)))
        self.terms = self.call("RegisterWorker", request)
        self.key = self.terms.key or self.key  # the join token is spent
        self.end(self.terms.cancelled)

    def end(self, tasks: Any) -> None:
        self.cancelled.update(tasks)
        for process in filter(None, map(self.tasks.get, tasks)):
            process.terminate()

    def work(self) -> None:
        while True:
            for task in self.call("PollForTask", pb.PollForTaskRequest(max_tasks=1)).tasks:
                self.call("UpdateTaskStatus", self.run(task))
                self.tasks.pop(task.id, None)

    def run(self, task: pb.Task) -> pb.UpdateTaskStatusRequest:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            argv = ["env", "-C", task.cwd or scratch, *GUARD, "-k", f"{task.grace}", f"{task.timeout}", *task.argv]
            try:
                process = self.tasks[task.id] = Popen(argv, env={**os.environ, **task.env}, stdout=PIPE, stderr=STDOUT)
            except (OSError, ValueError) as error:  # an argument or a variable that is too long, say
                return pb.UpdateTaskStatusRequest(task_id=task.id, status="LAUNCH", message=str(error))
            said, code = process.communicate()[0].decode(errors="replace")[-1_000_000:], process.returncode
        status = "CANCELLED" if task.id in self.cancelled else {0: "COMPLETED", 124: "TIMEOUT"}.get(code, "FAILED")
        return pb.UpdateTaskStatusRequest(task_id=task.id, status=status, output=said, output_offset=0, exit_code=code)


if __name__ == "__main__":
    (worker := Worker(sys.argv[1], os.environ.pop("JOIN_TOKEN"))).register()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    atexit.register(worker.call, "UpdateWorkerStatus", pb.UpdateWorkerStatusRequest(status="TERMINATED"))
    for _ in range(ABLE.cpu_cores):
        threading.Thread(target=worker.work, daemon=True).start()
    while not threading.Event().wait(worker.terms.heartbeat_seconds):
        held = pb.TaskIds(task_ids=list(worker.tasks))
        worker.end(worker.call("SendHeartbeat", pb.HeartbeatRequest(held=held)).cancelled)
