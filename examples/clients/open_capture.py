#!/usr/bin/env python3
"""A client of Open-Capture: logs in, uploads three files, polls each by its token until it is done,
and prints the data of its documents.

It was written for Open-Capture's web services and knows nothing of Waybill except the address and the
password. Needs `requests`. Another service processes the files.
"""

import argparse
import sys
import time

import requests

FILES = ["calinda.pdf", "second.pdf", "broken.pdf"]
ROW = {
    "creation_date", "creation_date_formated", "document_ids", "elapsed_time", "end_date",
    "end_date_formated", "error", "filename", "id", "module", "source", "status", "steps", "token",
    "workflow_id",
}
BY_TOKEN_PATH = "/monitoring/getProcessByToken"


def log_in(url, key):
    refused = requests.post(
        url + "/auth/login",
        json={"username": "scanner", "password": "not the password", "lang": "fra"},
        timeout=60,
    )
    assert refused.status_code == 401, refused.text
    assert set(refused.json()) == {"errors", "message"}, refused.text
    answer = requests.post(
        url + "/auth/login",
        json={"username": "scanner", "password": key, "lang": "fra"},
        timeout=60,
    )
    answer.raise_for_status()
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + answer.json()["auth_token"]
    return session


def upload(session, url):
    files = [(name, (name, b"%PDF-1.7\n" + name.encode(), "application/pdf")) for name in FILES]
    missing = session.post(url + "/verifier/upload", files=files[:1], timeout=60)
    assert missing.status_code == 400, missing.text
    assert set(missing.json()) == {"errors", "message"}, missing.text
    answer = session.post(
        url + "/verifier/upload",
        data={"workflowId": "default_workflow", "siret": "49381125100047", "userId": "1"},
        files=files,
        timeout=60,
    )
    answer.raise_for_status()
    uploaded = answer.json()
    assert isinstance(uploaded, list), uploaded
    assert [file["filename"] for file in uploaded] == FILES, uploaded
    tokens = [file["token"] for file in uploaded]
    assert len(set(tokens)) == len(FILES), uploaded
    return tokens


def get_by_token(session, url, token, retrieve_data=False):
    query = {"token": token, "retrieveData": retrieve_data}
    answer = session.post(url + BY_TOKEN_PATH, json=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


def wait(session, url, token, seconds):
    deadline = time.monotonic() + seconds
    while True:
        answer = get_by_token(session, url, token)
        assert len(answer["process"]) == 1, answer
        process = answer["process"][0]
        assert set(process) == ROW, process
        assert process["status"] in ("wait", "running", "done"), process
        assert process["module"] == "verifier" and process["source"] == "interface", process
        if process["status"] == "done":
            return process
        assert process["end_date"] is None and process["elapsed_time"] is None, process
        if time.monotonic() > deadline:
            sys.exit(f"{process['filename']} is not done after {seconds} s")
        time.sleep(0.2)


def show(session, url, process):
    numbers = [str(number + 1) for number in range(len(process["steps"]))]
    assert sorted(process["steps"], key=int) == numbers, process
    print(process["filename"], "failed" if process["error"] else "is read", sep="\t")
    for number in numbers:
        step = process["steps"][number]
        print("", number, step["date"], step["status"], step["message"], sep="\t")
    data = get_by_token(session, url, process["token"], retrieve_data=True).get("document_data", {})
    assert sorted(data) == sorted(map(str, process["document_ids"])), (data, process)
    for document, fields in data.items():
        for name, value in fields.items():
            print("", f"document {document}", f"{name} = {value}", sep="\t")
    by_id = session.get(f"{url}/monitoring/getProcessById/{process['id']}", timeout=60).json()
    assert by_id["process"] == [process], by_id


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="of the server, with /ws if it has that")
    parser.add_argument("--key", required=True, help="the password")
    parser.add_argument("--wait", type=float, default=60, metavar="SECONDS", help="default: 60")
    arguments = parser.parse_args()
    url = arguments.url.rstrip("/")

    session = log_in(url, arguments.key)
    assert get_by_token(session, url, "unknown-token", True) == {"process": []}
    stranger = requests.post(url + BY_TOKEN_PATH, json={"token": "x"}, timeout=60)
    assert stranger.status_code == 401, stranger.text
    webservice = requests.post(
        url + BY_TOKEN_PATH, json={"token": "x"}, auth=("anyone", arguments.key), timeout=60
    )
    assert webservice.json() == {"process": []}, webservice.text
    tokens = upload(session, url)
    listed = session.get(url + "/monitoring/list", params={"limit": 2, "offset": 1}, timeout=60)
    rows = listed.json()["processes"]
    assert len(rows) == 2 and all(row["total"] >= 3 for row in rows), rows
    for token in tokens:
        show(session, url, wait(session, url, token, arguments.wait))


if __name__ == "__main__":
    main()
