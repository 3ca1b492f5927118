"""What dashboards and alerts promise that a Prometheus and a PostgreSQL can't keep."""

import json
import math
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DASHBOARDS = ROOT / "deploy/grafana/dashboards"
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
RUNBOOKS = ROOT / "docs/operate/runbooks.md"
# What Grafana puts in; the window holds several scrapes.
VARIABLES = {"$__rate_interval": "15s", "$__range": "1m", "$kind": "upload|order"}

SELECTOR = re.compile(r"(?<![\w.:])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|[\w:])")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
WINDOW = re.compile(r"\[[\w:]+\]")
WORDS = {"and", "or", "unless", "bool", "offset"}


class Refused(Exception):
    """Prometheus can't answer that."""


class Prometheus:
    """A server's HTTP API."""

    def __init__(self, address):
        self.address = address

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=10):
                return True
        except OSError:
            return False

    def get(self, what, **parameters):
        url = f"http://{self.address}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["error"]) from error

    def numbers(self, expression):
        """The labels of every series that is a number now."""
        result = self.get("query", query=expression)
        if result["resultType"] != "vector":
            raise Refused(f"is a {result['resultType']}")
        series = result["result"]
        return [one["metric"] for one in series if math.isfinite(float(one["value"][1]))]

    def series(self, selector):
        return self.get("series", **{"match[]": selector})


def expression_faults(prometheus, expression):
    """What an expression names and Prometheus has never seen."""
    text = WINDOW.sub("", GROUPING.sub("", expression))
    labels = set()
    for name, matchers in SELECTOR.findall(text):
        if name in WORDS:
            continue
        known = prometheus.series(name)
        if not known:
            yield f"no metric {name}"
            continue
        if not prometheus.series(name + matchers):
            yield f"no series {name}{matchers}"
        for label, operator, value in MATCHER.findall(matchers):
            values = {one[label] for one in known if label in one}
            value = value.replace("\\\\", "\\")
            for part in value.split("|") if "~" in operator else [re.escape(value)]:
                if not any(re.fullmatch(part, one) for one in values):
                    yield f"{name} has no {label} {part}"
        labels.update(label for one in known for label in one)
    for group in GROUPING.findall(expression):
        for label in re.findall(r"\w+", group):
            if label not in labels:
                yield f"no label {label}"


def target_faults(prometheus, target):
    """Faults of one expression of a panel."""
    expression = target["expr"]
    try:
        found = prometheus.numbers(expression)
    except Refused as error:
        yield str(error)
        return
    yield from expression_faults(prometheus, expression)
    if not found:
        yield "no number comes out of it"
        return
    for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
        if not any(label in metric for metric in found):
            yield f"the legend's {label} is not in the result"


def filled(text, instance):
    for name, value in {**VARIABLES, "$instance": re.escape(instance)}.items():
        # PromQL's strings know backslashes too.
        text = text.replace(name, value.replace("\\", "\\\\"))
    return text


def runbook_faults(text):
    sections = {line[3:].strip().lower() for line in RUNBOOKS.read_text().splitlines() if line.startswith("## ")}
    for section in re.findall(r"docs/operate/runbooks\.md#([\w-]+)", text):
        if section not in sections:
            yield f"no runbook {section}"


def panel_faults(prometheus, tables, panel, instance):
    """Faults of the queries of one panel."""
    source = panel["datasource"]
    if source == {"type": "grafana-postgresql-datasource", "uid": "${tables}"}:
        yield from tables.faults(panel)
        return
    if source != {"type": "prometheus", "uid": "${datasource}"}:
        yield "its datasource is none of the variables"
    for target in panel["targets"]:
        expr = filled(target["expr"], instance)
        yield from (f"{fault}: {expr}" for fault in target_faults(prometheus, {**target, "expr": expr}))


def dashboard_faults(prometheus, tables, file, instance):
    """Faults of one dashboard, and how many expressions it has."""
    board = json.loads(file.read_text())
    faults, expressions = [], 0
    if board["uid"] != f"waybill-{file.stem}":
        faults.append(f"its uid is {board['uid']}")
    if len({panel["id"] for panel in board["panels"]}) != len(board["panels"]):
        faults.append("two panels have the same id")
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
            if not any(label in one for one in prometheus.series(metric)):
                faults.append(f"variable {variable['name']}: nothing to choose from")
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue
        expressions += len(panel["targets"])
        found = [*runbook_faults(panel["description"]), *panel_faults(prometheus, tables, panel, instance)]
        faults += [f"{panel['title']}: {fault}" for fault in found]
    return [f"{file.name}: {fault}" for fault in faults], expressions


def alert_faults(prometheus):
    """Faults of the alerts, and how many there are."""
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    faults = []
    for rule in rules:
        found = [] if rule["health"] == "ok" else [f"is {rule['health']}: {rule.get('lastError', '')}"]
        found += expression_faults(prometheus, rule["query"])
        found += runbook_faults(rule["annotations"]["runbook_url"])
        faults += [f"{ALERTS.name}: {rule['name']}: {fault}" for fault in found]
    return faults, len(rules)


def all_faults(prometheus, tables, instance):
    """All faults, and how many expressions and alerts were looked at."""
    targets = prometheus.get("targets", state="active")["activeTargets"]
    faults = [f"{one['scrapePool']} is not scraped: {one['lastError']}" for one in targets if one["health"] != "up"]
    faults += tables.own_faults()
    expressions = 0
    for file in sorted(DASHBOARDS.glob("*.json")):
        found, count = dashboard_faults(prometheus, tables, file, instance)
        faults += found
        expressions += count
    found, alerts = alert_faults(prometheus)
    faults += found
    if not expressions or not alerts:
        faults.append("there are no panels or no alerts")
    return faults, expressions, alerts
