"""A campaign: does the anomaly logic find planted faults in generated months, and only those?

    .venv/bin/python -m tests.campaigns.anomaly_runs --seeds 201-220

Each month has 2.5 million events. The sample plants a purchase outage of 6 hours in it; a burst,
the purchases of 4 hours doubled, is added here. What is scored are the counts of events by hour,
with `oracle_customers.score_hours`, which `test_commerce_customers.py` shows to give what the model
`hourly_anomalies` gives. Seeds 1 to 6 and 101 to 120 were used to choose the rule and thresholds.
"""

import argparse
import sys
from datetime import UTC, date, datetime

import numpy as np

from shopstream.sample import EVENT_TYPES, PURCHASE, delivered_rows, make_shop, midnight, planted
from tests.oracle.customers import score_hours

EVENTS, DAYS, START = 2_500_000, 31, date(2019, 10, 1)
BURST = range(20 * 24 + 12, 20 * 24 + 16)  # hours since the start


def hourly_counts(seed: int) -> np.ndarray:
    """Events by hour of the month and event type."""
    shop = make_shop(EVENTS, seed, DAYS, START)
    counts = np.zeros((DAYS * 24, len(EVENT_TYPES)), int)
    for day in range(DAYS):
        rows = delivered_rows(shop, day)
        hour = (rows["time"] - midnight(START, 0)) // 3600
        np.add.at(counts, (hour, rows["type"]), 1)
    return counts


def outage_hours(seed: int) -> range:
    """The hours of the planted outage, since the start."""
    first, until = planted(EVENTS, seed, start=START).outage
    start = datetime(START.year, START.month, START.day, tzinfo=UTC)
    return range(
        int((first - start).total_seconds()) // 3600, int((until - start).total_seconds()) // 3600
    )


def alarms(counts: np.ndarray) -> list[range]:
    """Runs of adjacent anomalous hours in one direction, of one event type."""
    signs = score_hours(counts.reshape(DAYS, 24))["alarm"].ravel()
    runs: list[range] = []
    for hour in np.flatnonzero(signs):
        if runs and runs[-1].stop == hour and signs[hour] == signs[hour - 1]:
            runs[-1] = range(runs[-1].start, hour + 1)
        else:
            runs.append(range(hour, hour + 1))
    return runs


def overlap(run: range, hours: range) -> bool:
    """Whether two runs of hours have one in common."""
    return run.start < hours.stop and hours.start < run.stop


def judge(seed: int) -> dict[str, int]:
    """Which planted faults were found in the month of the seed, and how many alarms were false."""
    counts, outage = hourly_counts(seed), outage_hours(seed)
    counts[BURST, PURCHASE] *= 2
    found = {"outage_hours": 0, "burst_hours": 0, "false_alarms": 0}
    for number in range(len(EVENT_TYPES)):
        for run in alarms(counts[:, number]):
            if number == PURCHASE and overlap(run, outage):
                found["outage_hours"] += len(run)
            elif number == PURCHASE and overlap(run, BURST):
                found["burst_hours"] += len(run)
            else:
                found["false_alarms"] += 1
    return found


def main() -> int:
    """Judge the months of the seeds; the last line adds up. 1 if a planted fault was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="201-220", metavar="FIRST-LAST")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    results = []
    for seed in range(first, last + 1):
        results.append(judge(seed))
        print(f"seed {seed}: {results[-1]}", flush=True)
    outages, bursts = (
        sum(r[name] > 0 for r in results) for name in ("outage_hours", "burst_hours")
    )
    false_alarms = [r["false_alarms"] for r in results]
    print(
        f"{len(results)} months: {outages} outages and {bursts} bursts found; "
        f"{sum(false_alarms)} false alarms, at most {max(false_alarms)} in a month"
    )
    return 0 if outages == bursts == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
