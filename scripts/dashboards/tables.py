"""The tables as Grafana's own role reads them."""

import csv
import os
import pathlib
import subprocess
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
READER = ROOT / "deploy/grafana/reader.sql"
PASSWORD = "only-for-this-run"
# What Grafana puts in.
VARIABLES = {
    "$__timeFrom()": "now() - interval '1 hour'",
    "$__timeTo()": "now()",
    "${kind:sqlstring}": "'upload', 'order'",
}


class Tables:
    """A database with the role of deploy/grafana/reader.sql."""

    def __init__(self, owner_url):
        subprocess.run(["psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={READER}", owner_url],
                       env={**os.environ, "READER_PASSWORD": PASSWORD}, check=True)
        parts = urllib.parse.urlsplit(owner_url)
        host = parts.netloc.rsplit("@", 1)[1]
        self.url = parts._replace(netloc=f"waybill_grafana:{PASSWORD}@{host}").geturl()

    def run(self, sql):
        """The rows, or what PostgreSQL says is wrong."""
        outcome = subprocess.run(["psql", "--csv", "--set=ON_ERROR_STOP=1", f"--command={sql}", self.url],
                                 capture_output=True, text=True)
        return list(csv.DictReader(outcome.stdout.splitlines())), outcome.stderr.strip()

    def faults(self, panel):
        """Faults of the queries of one panel, each with the query."""
        units = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
        for target in panel["targets"]:
            sql = target["rawSql"]
            for name, value in VARIABLES.items():
                sql = sql.replace(name, value)
            rows, error = self.run(sql)
            if error:
                yield f"{error}: {sql}"
            elif not rows:
                yield f"no row comes out of it: {sql}"
            else:
                yield from (f"column {name} is nowhere: {sql}" for name in units - rows[0].keys())
                empty = [name for name in rows[0] if not any(row[name] for row in rows)]
                yield from (f"column {name} is always empty: {sql}" for name in empty)

    def own_faults(self):
        """Faults of the role: privileges that it does not need."""
        for sql in ("select from waybill.api_key", "select from waybill.dead_letter",
                    "set transaction_read_only = off; update waybill.process set total = 1"):
            _, error = self.run(sql)
            if "permission denied" not in error:
                yield f"Grafana's role may do this: {sql}"
