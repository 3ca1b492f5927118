"""Faults of the manifests: what Kubernetes or the program would not accept."""

import os
import pathlib
import re
import shutil
import subprocess

import kubernetes_validate
import program as programs
import yaml

# The oldest release that knows all the fields, and the newest whose schemas are here.
RELEASES = ["1.27", "1.37"]
# Resources defined by others.
FOREIGN = {"ScaledObject", "PodMonitor"}
# The file store's variables of the environment.
CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")
# The ports that each may be reached at, and those that it may reach: DNS, PostgreSQL, RabbitMQ, files.
COMPONENTS = {
    "migrate": (set(), {53, 5432}),
    "worker": ({"ops"}, {53, 5432, 5671, 5672}),
    "relay": ({"ops"}, {53, 5432, 5671, 5672}),
    "janitor": ({"ops"}, {53, 5432, 5671, 5672, 443}),
    "api": ({"ops", "http"}, {53, 5432, 5671, 5672, 443}),
}


def faults(folder, program, settings, scratch):
    found = [f"{path.name}: {fault}" for path in folder.rglob("*.yaml") for fault in unreadable(path)]
    if not shutil.which("kubectl"):
        print("check-deploy: without kubectl: the manifests are read, but not built")
        return found
    secrets = list(yaml.safe_load_all((folder / "secrets.example.yaml").read_text()))
    plain = built(folder, [], scratch)
    everything = built(folder, ["keda", "pod-monitor"], scratch)
    for resource in secrets + plain + everything:
        found += schema_faults(resource)
    found += selector_faults(everything)
    found += image_faults(everything)
    found += [fault for component in COMPONENTS for fault in network_faults(component, plain)]
    known = {secret["metadata"]["name"]: set(secret["stringData"]) for secret in secrets}
    configs = {resource["metadata"]["name"]: resource["data"] for resource in plain if resource["kind"] == "ConfigMap"}
    for resource in plain:
        if resource["kind"] in ("Deployment", "Job"):
            pod = resource["spec"]["template"]["spec"]
            name = resource["metadata"]["name"]
            found += [f"{name}: {fault}" for fault in pod_faults(pod, known, configs, program, settings, scratch)]
    return sorted(set(found))


def unreadable(path):
    try:
        list(yaml.safe_load_all(path.read_text()))
    except yaml.YAMLError as error:
        yield str(error)


def built(folder, components, scratch):
    """The output of kustomize, in a folder of its own."""
    user = scratch / ("with-" + "-".join(components))
    user.mkdir(exist_ok=True)
    base = pathlib.Path(os.path.relpath(folder, user.resolve()))
    (user / "kustomization.yaml").write_text(yaml.safe_dump(
        {"resources": [str(base)], "components": [str(base / name) for name in components]}))
    text = subprocess.run(["kubectl", "kustomize", user], capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


def schema_faults(resource):
    name = f"{resource['kind']} {resource['metadata']['name']}"
    if resource["kind"] in FOREIGN:
        return
    for release in RELEASES:
        try:
            kubernetes_validate.validate(resource, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{name}: {'.'.join(map(str, error.path))}: {error.message}"


def selector_faults(resources):
    """Every selector must match pods."""
    templates = [r["spec"]["template"]["metadata"]["labels"] for r in resources if r["kind"] in ("Deployment", "Job")]
    for resource in resources:
        spec = resource.get("spec", {})
        selector = spec.get("podSelector") if resource["kind"] == "NetworkPolicy" else spec.get("selector")
        if not selector:
            continue
        for expression in selector.get("matchExpressions", []):
            for value in expression["values"]:
                if not any(labels.get(expression["key"]) == value for labels in templates):
                    yield f"{resource['metadata']['name']}: no pod has {expression['key']} {value}"
        labels_needed = selector if resource["kind"] == "Service" else selector.get("matchLabels", {})
        if not any(labels_needed.items() <= labels.items() for labels in templates):
            yield f"{resource['kind']} {resource['metadata']['name']} selects no pod"


def image_faults(resources):
    """Every image must be named by its digest: a tag may name another one tomorrow."""
    for resource in resources:
        if resource["kind"] in ("Deployment", "Job"):
            for container in resource["spec"]["template"]["spec"]["containers"]:
                if not re.search("@sha256:[0-9a-f]{64}$", container["image"]):
                    yield f"{resource['metadata']['name']}: {container['image']} has no digest"


def network_faults(component, resources):
    """Each pod's traffic is denied but for its own servers and clients."""
    pod, = (resource["spec"]["template"]["metadata"]["labels"] for resource in resources
            if resource["kind"] in ("Deployment", "Job")
            and resource["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == component)
    policies = [resource["spec"] for resource in resources
                if resource["kind"] == "NetworkPolicy" and selects(resource["spec"]["podSelector"], pod)]
    for direction, expected in zip(("Ingress", "Egress"), COMPONENTS[component]):
        if not any(direction in policy["policyTypes"] for policy in policies):
            yield f"{component}: {direction} is not denied"
        rules = [rule for policy in policies for rule in policy.get(direction.lower(), [])]
        ports = {port["port"] for rule in rules for port in rule.get("ports", [{"port": "any"}])}
        if ports != expected:
            yield f"{component}: {direction} allows {sorted(map(str, ports))}, not {sorted(map(str, expected))}"


def selects(selector, labels):
    expressions = selector.get("matchExpressions", [])
    return (selector.get("matchLabels", {}).items() <= labels.items()
            and all(labels.get(expression["key"]) in expression["values"] for expression in expressions))


def pod_faults(pod, secrets, configs, program, settings, scratch):
    container, = pod["containers"]
    environment = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            environment |= configs[source["configMapRef"]["name"]]
        else:
            names = secrets[source["secretRef"]["name"]]
            yield from (f"{name} is no setting" for name in names if not name.startswith(CLOUDS))
    mounted = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
    files = {}
    for volume in pod.get("volumes", []):
        secret = volume["secret"]
        keys = secrets.get(secret["secretName"], set())
        items = secret.get("items") or [{"key": key, "path": key} for key in keys]
        yield from (f"{secret['secretName']} has no {item['key']}" for item in items if item["key"] not in keys)
        files |= {f"{mounted[volume['name']]}/{item['path']}": volume["name"] for item in items}
    for variable in container.get("env", []):
        name, value = variable["name"], variable["value"]
        if value not in files:
            yield f"{name}: nothing is mounted at {value}"
        path = scratch / f"{files.get(value)}-url"
        path.write_text(programs.BROKER if "BROKER" in name else programs.DATABASE)
        environment[name] = str(path)
    refused = programs.accepts(program, container["args"], environment, scratch)
    if refused:
        yield refused
    if "livenessProbe" in container:
        yield from running_faults(pod, container, environment, program, settings, scratch)


def running_faults(pod, container, environment, program, settings, scratch):
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listens = {"ops": environment["WAYBILL_OPS__LISTEN"], "http": environment["WAYBILL_HTTP__LISTEN"]}
    for name, port in ports.items():
        if not listens[name].endswith(f":{port}"):
            yield f"the port {name} is {port}, and the program listens at {listens[name]}"
    waits = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])[1]
    grace = programs.seconds(settings["shutdown.grace"]) + float(waits)
    if pod["terminationGracePeriodSeconds"] <= grace + 2:
        yield "terminationGracePeriodSeconds is hardly longer than shutdown.grace"
    with programs.running(program, container["args"], environment, scratch) as (process, url):
        for probe, expected in [("startupProbe", 200), ("livenessProbe", 200), ("readinessProbe", 503)]:
            request = container[probe]["httpGet"]
            found = programs.status_in_time(process, url + request["path"])
            if request["port"] != "ops" or found != expected:
                yield f"{probe}: {request} answers {found}, not {expected}, without its servers"
        if programs.status(url + "/metrics") != 200:
            yield "there are no metrics"
