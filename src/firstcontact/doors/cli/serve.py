"""`firstcontact serve`: the living service, with nothing to set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from firstcontact.kernel.service_settings import ServiceSettings


def serve(
    port: Annotated[Optional[int], typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    host: Annotated[Optional[str], typer.Option(help="Address to listen on.")] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Web processes behind one address; more than one is for PostgreSQL.")
    ] = 1,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill an empty service with a simulated year that keeps arriving.")
    ] = False,
) -> None:
    """Run the service: contacts arrive, figures are kept up to date, and are read through the interface.

    Everything is kept in one directory (`FIRSTCONTACT_DATA`). `docs/service.md` lists the settings.
    """
    from dataclasses import replace

    from firstcontact.doors.cli.surroundings import check_port, surroundings

    settings = surroundings()
    settings = replace(settings, port=port or settings.port, host=host or settings.host)
    check_port(settings.host, settings.port)
    from firstcontact.doors.log import start_logs

    start_logs()
    _begin(settings, demo=demo)
    from firstcontact.doors.api.run import run

    run(settings, processes=processes, demo=demo)


def _begin(settings: ServiceSettings, *, demo: bool) -> None:
    """Make the store, and say where to go and as whom."""
    from firstcontact import bootstrap

    service = bootstrap.open_service(settings)
    try:
        if demo:
            from firstcontact.doors.demo import ACCOUNTS, fill

            password = fill(service, say=print)
            if password:
                print("\nAccounts, all with the password " + password)
                for account in ACCOUNTS:
                    print(f"  {account.email:34} {account.role.value}")
        elif not service.accounts.page(after=None, limit=1):
            print("Nobody can log in yet. In another terminal: firstcontact account add you@example.org")
    finally:
        service.close()
    kept = "PostgreSQL" if settings.database else "SQLite"
    print(f"\nfirstcontact serves at {settings.url} ({kept}; data in {settings.data}). Ctrl-C ends it.", flush=True)
