"""What DuckDB makes of log files: counts their events, or stores their lines.

Usage: duckdb_baseline.py count|store FILES DATABASE

FILES is a JSON list of paths. What it took is printed as JSON.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

THREADS = 2

COUNT = """
    SELECT sum(events) FROM (
        SELECT session, eventid, count(*) AS events
        FROM read_json($files, format = 'newline_delimited', ignore_errors = true,
                       columns = {session: 'VARCHAR', eventid: 'VARCHAR'})
        WHERE eventid IS NOT NULL
        GROUP BY session, eventid
    )
"""

STORE = """
    CREATE TABLE lines AS
    SELECT json AS line FROM read_ndjson_objects($files, ignore_errors = true)
    WHERE json IS NOT NULL
"""


def main(what: str, files: Path, database: Path) -> dict[str, float | int]:
    """Do what was asked for, and say what it took."""
    logs: list[str] = json.loads(files.read_text())
    connection = duckdb.connect(str(database), config={"threads": THREADS})
    begun = time.perf_counter()
    if what == "store":
        connection.execute(STORE, {"files": logs})
        connection.execute("CHECKPOINT")
        seconds = time.perf_counter() - begun
        events = connection.execute("SELECT count(*) FROM lines").fetchone()
    else:
        events = connection.execute(COUNT, {"files": logs}).fetchone()
        seconds = time.perf_counter() - begun
    connection.close()
    n_events = int(events[0]) if events and events[0] else 0
    n_bytes = database.stat().st_size if what == "store" else 0
    return {"seconds": seconds, "events": n_events, "bytes": n_bytes}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
