"""Forms that were sent, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.services.session import LONGEST

_sent = schema.form_sent


class SqlSentForms:
    """Where sent forms are kept. Implements `services.sent_form.SentForms` and `services.tidy.Swept`.

    Args:
        database: The operational store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, digest: str, now: datetime) -> bool:
        one = self._database.upsert(_sent).values(digest=digest, at=now)
        new = one.on_conflict_do_nothing().returning(_sent.c.digest)  # how many rows it wrote not every driver says
        with self._database.writing() as connection:
            return connection.execute(new).first() is not None

    def end(self, digest: str, place: str) -> None:
        with self._database.writing() as connection:
            connection.execute(update(_sent).where(_sent.c.digest == digest).values(place=place))

    def place(self, digest: str) -> str | None:
        with self._database.reading() as connection:
            return connection.execute(select(_sent.c.place).where(_sent.c.digest == digest)).scalar()

    def forget(self, digest: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(_sent).where(_sent.c.digest == digest))

    def sweep(self, before: datetime) -> None:
        """Forget those of sessions that have ended since: none of them can be sent again."""
        with self._database.writing() as connection:
            connection.execute(delete(_sent).where(_sent.c.at < before - LONGEST))
