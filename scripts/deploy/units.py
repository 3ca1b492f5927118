"""Faults of systemd's units: where they do not match the program."""

import re
import shutil
import subprocess

import program as programs

INSTALLED = "/usr/local/bin/waybill"
# What an attacker may reach at most, on systemd's own scale of 0 to 10, in tenths.
EXPOSURE_MAX = 20


def faults(folder, program, settings, scratch):
    units = sorted(folder.glob("*.service"))
    return [f"{unit.name}: {fault}" for unit in units for fault in unit_faults(unit, program, settings, scratch)]


def unit_faults(unit, program, settings, scratch):
    text = unit.read_text()
    lines = [line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line)]
    directives = {key: [value for name, value in lines if name == key] for key, _ in lines}
    found = list(verified(unit, text, program, scratch))
    command = directives["ExecStart"][0].split()
    if command[0] != INSTALLED:
        found.append(f"runs {command[0]}")
    credentials = dict(value.split(":", 1) for value in directives["LoadCredential"])
    environment = {}
    for value in directives["Environment"]:
        name, value = value.split("=", 1)
        if value.startswith("%d/"):
            credential = value.removeprefix("%d/")
            if credential not in credentials:
                found.append(f"{name}: no credential is called {credential}")
            path = scratch / credential
            path.write_text(programs.BROKER if "BROKER" in name else programs.DATABASE)
            value = str(path)
        environment[name] = value.replace("%S", "/var/lib")
    refused = programs.accepts(program, command[1:], environment, scratch)
    if refused:
        found.append(refused)
    grace = programs.seconds(settings["shutdown.grace"])
    for value in directives.get("TimeoutStopSec", []):
        if programs.seconds(value) <= grace + 2:
            found.append(f"TimeoutStopSec={value} is hardly longer than shutdown.grace")
    return found


def verified(unit, text, program, scratch):
    """The errors of systemd-analyze, with the program's current path."""
    if not shutil.which("systemd-analyze"):
        print(f"check-deploy: without systemd-analyze: {unit.name} is not verified")
        return
    copy = scratch / unit.name
    copy.write_text(text.replace(INSTALLED, str(program)))
    result = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    if result.returncode or result.stderr.strip():
        yield result.stderr.strip()
    result = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", copy],
        capture_output=True, text=True)
    if result.returncode:
        yield (result.stdout.strip().splitlines() or [result.stderr.strip()])[-1]
