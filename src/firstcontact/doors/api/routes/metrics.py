"""What a monitoring system reads: requests of this process, and how the whole service is."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from firstcontact.doors.api.observe import REGISTRY
from firstcontact.doors.api.permit import Permit
from firstcontact.services.access import Permission
from firstcontact.services.condition import Condition
from firstcontact.services.service import Service

router = APIRouter(tags=["health"])


class _Whole:
    """The service's condition as gauges."""

    def __init__(self, found: Condition, service: Service) -> None:
        self._found = found
        self._now = service.now()

    def collect(self) -> Iterator[Metric]:
        found, now = self._found, self._now
        for name, about, value in (
            ("contacts", "Contacts in the operational store, counted at most once a minute.", found.contacts),
            ("changes", "Number of the latest change.", found.seq),
            ("changes_unmeasured", "Changes that are not yet in the figures in force.", found.seq - found.measured_seq),
            ("quarantined", "Records that wait to be corrected.", found.quarantined),
        ):
            yield GaugeMetricFamily(f"firstcontact_{name}", about, value=value)
        jobs = GaugeMetricFamily("firstcontact_jobs", "Jobs by state.", labels=["state"])
        for state in ("waiting", "running", "done", "failed", "cancelled"):
            jobs.add_metric([state], found.jobs.get(state, 0))
        yield jobs
        late = (now - found.oldest_due).total_seconds() if found.oldest_due is not None else 0.0
        yield GaugeMetricFamily("firstcontact_job_wait_seconds", "How long the oldest due job has waited.", value=late)
        if found.measured_at is not None:
            age = (now - found.measured_at).total_seconds()
            yield GaugeMetricFamily("firstcontact_figures_age_seconds", "Age of the figures in force.", value=age)


@router.get("/metrics", dependencies=[Depends(Permit(Permission.READ_SETTINGS))], response_class=Response)
def metrics(request: Request) -> Response:
    """Metrics in the form that Prometheus reads. A token with `settings:read` may ask."""
    service: Service = request.app.state.service
    whole = CollectorRegistry()
    whole.register(_Whole(service.conditions.look(service.now()), service))
    return Response(generate_latest(REGISTRY) + generate_latest(whole), media_type=CONTENT_TYPE_LATEST)
