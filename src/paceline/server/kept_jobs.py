"""Jobs and tasks that the store need not be asked for.

What is not over stands in the picture. What is over changes no more, so the latest of it is remembered here. The
picture is ahead of the store by what is being kept this very moment; up to ``newest`` it is not.
"""

from paceline.core.cluster import Recent
from paceline.model.ids import JobId, TaskId
from paceline.model.views import JobView, TaskView

REMEMBERED = 4096


class KeptJobs:
    """``newest``: the highest number known to be kept, 0 before anybody asked. ``over``: views of ended jobs;
    ``tasks``: of ended tasks, whose jobs may go on."""

    def __init__(self) -> None:
        self.newest = 0
        self.over: Recent[JobId, JobView] = Recent(most=REMEMBERED)
        self.tasks: Recent[TaskId, TaskView] = Recent(most=REMEMBERED)
