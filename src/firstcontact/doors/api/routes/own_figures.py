"""One's own figure: for oneself alone, and nobody can ask for another's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import not_there
from firstcontact.kernel.result import Estimate
from firstcontact.services.access import Permission, Principal
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.own_figures import OwnFigure, own_figure
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/me", tags=["me"])


class Own(BaseModel):
    """What the run in force says of one's own contacts."""

    run: str
    cutoff: Moment | None = Field(description="End of complete data.")
    measure: str = Field(description="The run's headline measure.")
    contacts: int = Field(description="Contacts of the run that one handled.")
    n: int = Field(description="How many of them are judged.")
    status: str = Field(description="`final`, `provisional`, `unsettled` or `refused`.")
    maturity: float = Field(description="Share whose window has closed, 0 to 1.")
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    refusal_code: str | None = None
    refusal_reason: str | None = None


def find_own(service: Service, who: Principal, run: KeptRun | None) -> OwnFigure | None:
    """What a run says of the contacts of who asks; None where there is no such run or person, or no contacts of it."""
    if run is None or who.agent_id is None:
        return None
    folder = service.runs.place(run)
    if not (folder / "contacts.parquet").is_file():
        return None
    return own_figure(folder, run.summary["headline"]["measure"], service.handled.by(who.agent_id))


@router.get("/figures")
def own_figures(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_OWN_FIGURES))]) -> Own:
    """One's own figure, refused like any other where it would mislead."""
    service: Service = request.app.state.service
    run = service.runs.current()
    found = find_own(service, who, run)
    if run is None or found is None:
        raise not_there("figures of one's own contacts")
    result = found.result
    own = Own(
        run=run.id,
        cutoff=run.cutoff,
        measure=found.measure,
        contacts=found.contacts,
        n=result.n,
        status="refused",
        maturity=result.maturity,
    )
    if isinstance(result, Estimate):
        names = ("status", "value", "low", "high", "level")
        return own.model_copy(update={name: getattr(result, name) for name in names})
    return own.model_copy(update={"refusal_code": result.code, "refusal_reason": str(result.reason)})
