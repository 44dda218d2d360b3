"""An invented contact table of any size: skewed as real ones are, written as Parquet by the engine itself.

Customers differ in how often they call, reasons in how common they are and in how often a contact is followed by
another for the same one. About a third of the contacts of the default are repeats within 30 days.
"""

from __future__ import annotations

from pathlib import Path

REASONS = 120
CHANNELS = ("phone", "email", "chat", "messaging", "web")
DAYS = 365

# Chains: an issue has one contact, and each contact is followed by another with a probability of its reason's own.
# `hash` of a row's number and a salt stands for a random draw, so the same size gives the same table.
_QUERY = """
WITH issue AS (
    SELECT
        i AS issue,
        floor(power(u(i, 1), 2.2) * {customers})::BIGINT AS customer,
        floor(power(u(i, 2), 2.0) * {reasons})::INTEGER AS reason,
        u(i, 3) * {days} * 86400 AS second,
        1 + least(6, floor(ln(1 - u(i, 4)) / ln(0.15 + 0.45 * u(floor(power(u(i, 2), 2.0) * {reasons})::BIGINT, 5))))
            ::INTEGER AS length
    FROM range({issues}) AS t(i)
),
contact AS (
    SELECT
        customer, reason, issue * 8 + step AS draw,
        second + step * (0.05 + 14 * u(issue * 8 + step, 6) * u(issue * 8 + step, 7)) * 86400 AS second
    FROM (SELECT *, unnest(range(length)) AS step FROM issue)
)
SELECT
    (row_number() OVER ())::BIGINT AS contact_id,
    customer AS customer_id,
    (['{channels}'])[1 + floor(power(u(draw, 8), 1.6) * {n_channels})::INTEGER] AS channel,
    CASE WHEN u(draw, 9) < 0.04 THEN 'outbound' ELSE 'inbound' END AS direction,
    TIMESTAMP '2024-01-01' + to_microseconds((second * 1e6)::BIGINT) AS started_at,
    TIMESTAMP '2024-01-01' + to_microseconds(((second + handle) * 1e6)::BIGINT) AS ended_at,
    'area ' || (reason % 12) || ' > topic ' || reason AS reason,
    'team ' || (reason % 8) * 5 + floor(power(u(draw, 10), 1.3) * 5)::INTEGER AS team,
    (CASE WHEN u(draw, 11) < 0.12 THEN 1 WHEN u(draw, 11) < 0.14 THEN 2 ELSE 0 END)::BIGINT AS transfers,
    u(draw, 12) < 0.05 AS abandoned,
    handle AS handle_seconds
FROM (SELECT *, 60 + round(-420 * ln(1 - u(draw, 13))) AS handle FROM contact)
WHERE second < {days} * 86400
"""


def write_contacts(path: Path, rows: int, reasons: int = REASONS) -> int:
    """Write about so many contacts for so many reasons; returns how many there are.

    Rows come in no order, as from a system that writes when a contact is closed.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    # The top 53 bits of a hash, as a number in [0, 1). (`hash(i, salt)` would give draws that hang together.)
    connection.execute("CREATE MACRO u(i, salt) AS (hash(i * 16 + salt) >> 11)::DOUBLE / 9007199254740992.0")
    query = _QUERY.format(
        issues=round(rows / 1.5),
        customers=max(rows // 6, 1),
        reasons=reasons,
        days=DAYS,
        channels="', '".join(CHANNELS),
        n_channels=len(CHANNELS),
    )
    written = connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)").fetchone()
    connection.close()
    return int(written[0]) if written else 0
