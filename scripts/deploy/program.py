"""The program, run with the environment that a unit or a pod would give it."""

import contextlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

# Addresses without a server: the tests need none.
DATABASE = "postgres://waybill_run:secret@127.0.0.1:1/waybill"
BROKER = "amqp://waybill:secret@127.0.0.1:1/%2f"
SECONDS_TO_START = 20


def seconds(text):
    """A duration as the settings and systemd write it."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|min|m|h)?", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "min": 60, "m": 60, "h": 3600, None: 1}[unit]


def accepts(program, arguments, environment, folder):
    """The program's error about its arguments and settings, if any."""
    result = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True)
    if result.returncode:
        return f"waybill {' '.join(arguments)}: {result.stderr.strip()}"
    needed = {} if any("DATABASE" in name for name in environment) else {"DATABASE_URL": DATABASE}
    if not any("BROKER" in name for name in environment):
        needed["AMQP_URL"] = BROKER
    result = subprocess.run([program, "config"], capture_output=True, text=True, cwd=folder,
                           env=environment | needed)
    return result.stderr.strip() if result.returncode else None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(program, arguments, environment, folder):
    """The program at work, and where its ops listener is."""
    port = free_port()
    environment = environment | {
        "WAYBILL_OPS__LISTEN": f"127.0.0.1:{port}", "WAYBILL_HTTP__LISTEN": "127.0.0.1:0"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, *arguments], env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def status(url):
    """The status of an answer, or None without any."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def status_in_time(process, url):
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        found = status(url)
        if found:
            return found
        time.sleep(0.1)
    return None
