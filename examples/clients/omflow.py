#!/usr/bin/env python3
"""Walks a purchase order from its opening to its end, as a client of OMFLOW does.

Needs requests (`apt install python3-requests`), the workflow `purchase` (`waybill workflow apply
workflows/purchase.toml`), and a key with the scopes `read` and `write`.
"""

import argparse
import json
import os
import sys
import tempfile

import requests

TIMEOUT_SECONDS = 60


class Client:
    """A client with a security code."""

    def __init__(self, url, user, key, flow):
        base = url.rstrip("/")
        self.edit_url = f"{base}/rest/flowmanage/api/omdata/edit/{flow}/"
        self.query_url = f"{base}/rest/flowmanage/api/omdata-data-id/get/{flow}/"
        # HTTP Basic: any user name, and a key as the password.
        answer = requests.get(
            f"{base}/accounts/api/security/get/", auth=(user, key), timeout=TIMEOUT_SECONDS
        ).json()
        if answer["status"] != 200:
            sys.exit(f"{answer['message']} {answer.get('detail', '')}")
        self.security = answer["result"]["security"]

    def call(self, url, files=None, **fields):
        """Every answer has the HTTP status 200; the outcome is in the body."""
        values = {"security": self.security, "omflow_restapi": 1, **fields}
        response = requests.post(url, data=values, files=files, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        return response.json()

    def open(self, formdata, files=None, files_item=None):
        fields = {"action": "create", "formdata": json.dumps(formdata)}
        if files_item:
            fields["files_item"] = json.dumps(files_item)
        answer = self.call(self.edit_url, files=files, **fields)
        expect(answer, "Order placed successfully.")
        return answer["result"]

    def stops(self, data_no):
        """The current stages of the order: a data_id by the name of each stage."""
        answer = self.call(self.query_url, data_no=data_no)
        expect(answer, "Query successful.")
        return {stop["stop_chart_text"]: stop["data_id"] for stop in answer["result"]}

    def push(self, data_id, formdata=(), **more):
        return self.call(
            self.edit_url,
            action="update",
            data_id=data_id,
            formdata=json.dumps(list(formdata)),
            **more,
        )


def expect(answer, message, status="200"):
    if (answer["status"], answer["message"]) != (status, message):
        sys.exit(f"expected {status} {message!r}, got {answer}")


def equal(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, got {found!r}")


def walk(client, folder):
    path = os.path.join(folder, "offer.pdf")
    with open(path, "wb") as file:
        file.write(b"%PDF-1.7\n% an offer\n")

    formdata = [{"id": "article", "value": "chair"}, {"id": "amount", "value": "12.50"}]
    with open(path, "rb") as any_file, open(path, "rb") as offer:
        data_no = client.open(
            formdata, files={"files": any_file, "offer": offer}, files_item=["offer"]
        )
    print("opened", data_no)

    stops = client.stops(data_no)
    equal("stages", sorted(stops), ["review"])
    # If a stage has several ways out, `outcome` selects one.
    first = stops["review"]
    expect(client.push(first, outcome="accepted"), "Order pushed successfully.")

    stops = client.stops(data_no)
    equal("stages of the fork", sorted(stops), ["finance", "stock"])
    # A stop is left once.
    expect(client.push(first, outcome="accepted"), "Order promotion failed.", "404")
    # The workflow defines the required fields.
    expect(client.push(stops["finance"]), "Order promotion failed.", "404")
    cost_centre = [{"id": "cost_centre", "value": "A7"}]
    expect(client.push(stops["finance"], cost_centre), "Order pushed successfully.")
    equal("stages before the join", sorted(client.stops(data_no)), ["stock"])
    expect(client.push(stops["stock"]), "Order pushed successfully.")

    stops = client.stops(data_no)
    equal("stages after the join", sorted(stops), ["buy"])
    delivery = [{"id": "delivery", "value": "2026-12-01"}]
    expect(client.push(stops["buy"], delivery), "Order pushed successfully.")
    equal("stages at the end", client.stops(data_no), {})
    print("finished", data_no)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="such as http://127.0.0.1:8080/omflow")
    parser.add_argument("--key", required=True)
    parser.add_argument("--user", default="anybody")
    parser.add_argument("--flow", default="purchase")
    arguments = parser.parse_args()
    client = Client(arguments.url, arguments.user, arguments.key, arguments.flow)
    with tempfile.TemporaryDirectory() as folder:
        walk(client, folder)


if __name__ == "__main__":
    main()
