"""Spreads units over the workers of a dask.distributed cluster."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.course import CourseError
from autograder.grading.plan import Plan
from autograder.grading.workers import in_pool


def on_cluster(plan: Plan, payloads: dict[str, bytes], scheduler: str) -> Iterator[tuple[str, str | None]]:
    try:
        from distributed import Client
        from distributed import as_completed as finished
    except ImportError:
        raise CourseError("--scheduler needs dask.distributed: pip install 'posekit[grade]'") from None
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        raise CourseError(f"no scheduler answers at {scheduler} ({error})") from None
    with client:
        futures = {client.submit(in_pool, plan, payload, pure=False): unit for unit, payload in payloads.items()}
        for future in finished(futures):
            yield futures[future], future.result()
