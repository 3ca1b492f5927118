#!/usr/bin/env python3
"""Sends people to Ahgora's interface, polls until they are done, prints the failed ones.

Works with Ahgora and with Waybill alike: only the address and the credential differ. Needs requests
(apt install python3-requests).
"""

import argparse
import sys
import time

import requests

# How often to poll, and for how long.
PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 60


def people(count):
    return [{"matricula": f"{n:06}", "nome": f"Pessoa {n}", "sem_pis": "true"} for n in range(count)]


class Ahgora:
    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.auth = ("waybill", key)
        self.session.headers["Accept-Version"] = "v2"

    def send(self, module, records):
        answer = self.session.post(f"{self.url}/{module}", json=records, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def process(self, subunique):
        params = {"subunique": subunique}
        return self.session.get(f"{self.url}/process", params=params, timeout=60)

    def ended(self, subunique):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self.process(subunique)
            answer.raise_for_status()
            process = answer.json()
            if process["status"] in ("done", "warning", "error"):
                return process
            progress = process["progress"]
            assert progress["done"] != progress["total"], process
            time.sleep(PAUSE_SECONDS)
        sys.exit("no back-end processes it")

    def gone(self, subunique):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process(subunique).status_code == 410:
                return
            time.sleep(PAUSE_SECONDS)
        sys.exit("it is still answered")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="where people, process and so on are")
    parser.add_argument("--key", required=True)
    parser.add_argument("--people", type=int, default=3)
    parser.add_argument("--until-gone", action="store_true", help="wait for the end of the validity")
    arguments = parser.parse_args()

    ahgora = Ahgora(arguments.url, arguments.key)
    sent = ahgora.send("people", people(arguments.people))
    assert sent["company"] and sent["unique"] and sent["message"], sent
    process = ahgora.ended(sent["subunique"])
    for name in ("company", "unique", "subunique"):
        assert process[name] == sent[name], process
    errors = process["data"]["errors"]
    assert (process["status"] == "done") == (not errors), process
    assert process["progress"] == {"done": str(arguments.people), "total": str(arguments.people)}
    print(process["status"], len(errors), sep="\t")
    for error in errors:
        assert all(isinstance(text, str) for text in error["message"]), error
        print(error["identifier"], "; ".join(error["message"]), sep="\t")
    if arguments.until_gone:
        ahgora.gone(sent["subunique"])
        print("gone")


if __name__ == "__main__":
    main()
