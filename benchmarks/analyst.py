"""The script that an analyst would write with pandas: FCR by reason, channel, team and week, and days until the return.

It knows no issues beyond the next contact, no legs, no look-back, no maturity, no intervals: it is the least that
answers the same two questions, and the yardstick for what that costs.
"""

from __future__ import annotations

import sys

import pandas as pd

WINDOW = pd.Timedelta(days=30)


def main(path: str) -> None:
    """Answer both questions for one Parquet file."""
    contacts = pd.read_parquet(path)
    contacts = contacts[(contacts["direction"] == "inbound") & ~contacts["abandoned"] & contacts["customer_id"].notna()]
    contacts = contacts.sort_values(["customer_id", "reason", "started_at", "contact_id"])
    chain = contacts.groupby(["customer_id", "reason"], sort=False)
    until = chain["started_at"].shift(-1) - contacts["ended_at"]
    since = contacts["started_at"] - chain["ended_at"].shift(1)
    contacts["resolved"] = ~(until <= WINDOW)
    contacts["opener"] = ~(since <= WINDOW)
    contacts["days"] = until.dt.days
    contacts["week"] = contacts["started_at"].dt.to_period("W").dt.start_time
    openers = contacts[contacts["opener"]]
    by = openers.groupby(["reason", "channel", "team", "week"], observed=True)["resolved"].agg(["mean", "size"])
    returns = contacts.groupby(["reason", "days"], observed=True).size()
    print(f"{len(by):,} cells, {len(returns):,} lags, FCR {openers['resolved'].mean():.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
