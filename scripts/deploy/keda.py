"""Tests the query that scales the workers."""

import re
import subprocess

import yaml

RULE = "drain_seconds"
READY = 'rabbitmq_detailed_queue_messages_ready{{queue="waybill.events.{}",vhost="/"}}'
DONE = 'waybill_events_total{{outcome="{}",type="upload.step",instance="{}"}}'
# Each with its series, one sample every 15 seconds, and the drain time after five minutes.
CASES = {
    "what waits at the rate at which it goes": (
        {READY.format(0): "40000x40", READY.format(1): "20000x40",
         DONE.format("applied", "a"): "0+15000x40", DONE.format("duplicate", "b"): "0+15000x40"}, 30),
    "what is given back is not done": (
        {READY.format(0): "60000x40", DONE.format("applied", "a"): "0+15000x40",
         DONE.format("returned", "a"): "0+15000x40"}, 60),
    "no worker consumes": ({READY.format(0): "9000x40", DONE.format("applied", "a"): "7x40"}, 90),
    "there is no worker": ({READY.format(0): "9000x40"}, 90),
    "nothing waits and nothing happens": ({READY.format(0): "0x40", DONE.format("applied", "a"): "7x40"}, 0),
    "other queues don't count": (
        {READY.format(0): "0x40", 'rabbitmq_detailed_queue_messages_ready{queue="waybill.dead"}': "9000x40"}, 0),
    "the queue lengths are unknown": ({DONE.format("applied", "a"): "0+15000x40"}, None),
}


def faults(path, root, folder):
    scaled = yaml.safe_load(path.read_text())["spec"]
    trigger, = scaled["triggers"]
    query = trigger["metadata"]["query"]
    known = set(re.findall(r"\b(?:waybill|rabbitmq)_\w+", (root / "docs/reference/metrics.md").read_text()
                           + (root / "deploy/prometheus/alerts.yml").read_text()))
    found = [f"KEDA: {name} is not known" for name in re.findall(r"\b[a-z]+_[a-z_]+(?=\{)", query) if name not in known]
    if scaled["minReplicaCount"] < 1:
        found.append("KEDA: without a worker there is no rate")
    return found + wrong_answers(query, root, folder)


def wrong_answers(query, root, folder):
    promtool = subprocess.check_output([root / "scripts/prometheus-tool", "promtool"], text=True).strip()
    rules = {"groups": [{"name": RULE, "rules": [{"record": RULE, "expr": query}]}]}
    tests = [
        {"name": name, "interval": "15s",
         "input_series": [{"series": key, "values": values} for key, values in series.items()],
         "promql_expr_test": [{"expr": RULE, "eval_time": "5m", "exp_samples": samples(seconds)}]}
        for name, (series, seconds) in CASES.items()]
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    (folder / "tests.yml").write_text(yaml.safe_dump(
        {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": tests}))
    result = subprocess.run([promtool, "test", "rules", "tests.yml"], cwd=folder, capture_output=True, text=True)
    return [f"KEDA: {result.stdout}{result.stderr}"] if result.returncode else []


def samples(seconds):
    return [] if seconds is None else [{"labels": RULE, "value": seconds}]
