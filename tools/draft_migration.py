"""Draft the next step of the operational store: what the tables in the code have that no step made yet.

    python tools/draft_migration.py add_something

Read what it wrote before it is committed: a renamed column looks like one that went and one that came, and a column
that must hold something needs a value for the rows that are there. A step that was released is never changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from firstcontact.adapters.stores.sql import migrate as migrating
from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url

VERSIONS = Path(migrating.__file__).parent / "migrations" / "versions"

FILE = '''"""{about}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
    """{about}."""
{body}
'''


def draft(name: str) -> Path | None:
    """Write the next step.

    Args:
        name: What it does, as a file is named.

    Returns:
        The file; None where nothing is to be done.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sqlite_url(Path(folder) / "store.sqlite3"))
        if migrating.newest_form():
            migrating.migrate(database)
        with database.writing() as connection:
            options = {"compare_type": True, "render_item": _plain, "render_as_batch": True}
            context = MigrationContext.configure(connection, opts=options)
            before = migrating.form_of(connection)
            steps = produce_migrations(context, schema.metadata).upgrade_ops
        database.close()
    if steps is None or steps.is_empty():
        return None
    body = render_python_code(steps, render_item=_plain)
    number = f"{int(before or 0) + 1:04d}"
    about = name.replace("_", " ").capitalize()
    text = FILE.format(
        about=about,
        revision=number,
        before=f'"{before}"' if before else "None",
        body=re.sub(r"\n\s*# .*", "", "\n" + body).strip("\n"),
    )
    path = VERSIONS / f"{number}_{name}.py"
    path.write_text(text, encoding="utf-8")
    for arguments in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=False)  # noqa: S603 - our own
    return path


def _plain(kind: str, found: Any, _context: Any) -> Any:
    """Types as the databases have them: a step must not change because the program's own types do."""
    if kind == "type" and isinstance(found, schema.Moment):
        return "sa.DateTime()"
    return False


if __name__ == "__main__":
    if len(sys.argv) != 2 or not re.fullmatch("[a-z][a-z0-9_]*", sys.argv[1]):
        sys.exit("usage: python tools/draft_migration.py what_it_does")
    print(draft(sys.argv[1]) or "The tables are as the newest step left them.")
