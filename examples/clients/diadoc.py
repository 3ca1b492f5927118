#!/usr/bin/env python3
"""Follows a hundred documents from their sending to their end, as a client of Diadoc would.

Needs protoc and Python's protobuf (apt install protobuf-compiler python3-protobuf). The messages are
generated from diadoc.proto beside this file. The events of the documents are sent to /v1/events of the
same server, so the key needs the scopes read and write.
"""

import argparse
import base64
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

COUNT = 100
PROTO = pathlib.Path(__file__).with_name("diadoc.proto")


def messages():
    """The module that protoc generates from the .proto."""
    # Code of an older protoc works with newer libraries in pure Python.
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["protoc", f"--proto_path={PROTO.parent}", f"--python_out={folder}", PROTO.name],
            check=True,
        )
        sys.path.insert(0, folder)
        return importlib.import_module("diadoc_pb2")


def send(url, body=None, **headers):
    """Status, headers and body of an answer, whatever it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Diadoc:
    """A client of Diadoc: it knows its base URL, its box and its credential."""

    def __init__(self, proto, url, box, login, password):
        self.proto, self.url, self.box = proto, url.rstrip("/"), box
        self.client = "DiadocAuth ddauth_api_client_id=example-1"
        body = proto.LoginPassword(Login=login, Password=password).SerializeToString()
        status, _, token = send(
            f"{self.url}/V3/Authenticate?type=password", body, Authorization=self.client
        )
        assert status == 200, (status, token)
        self.token = token.decode()

    def post(self, body, path="/V2/GetDocflows", box=None, token=None, **headers):
        url = f"{self.url}{path}?boxId={urllib.parse.quote(box or self.box)}"
        credential = f"{self.client},ddauth_token={token or self.token}"
        return send(url, body, Authorization=credential, **headers)

    def batch(self, requests):
        """A batch of (message, entity), each with more fields of its request."""
        batch = self.proto.GetDocflowBatchRequest()
        for message, entity, more in requests:
            request = batch.Requests.add(**more)
            request.DocumentId.MessageId, request.DocumentId.EntityId = message, entity
        return batch.SerializeToString()

    def docflows(self, requests):
        status, _, answer = self.post(self.batch(requests))
        assert status == 200, (status, answer)
        return self.proto.GetDocflowBatchResponse.FromString(answer).Documents


class Story:
    """The events of the documents."""

    def __init__(self, url, key):
        self.url, self.key, self.sequence = url, key, 0
        run = uuid.uuid4().hex[:12]
        self.group = f"batch-{run}"
        self.tokens = [f"document-{run}-{number}" for number in range(COUNT)]

    def publish(self, kind, data):
        events = [
            {"id": f"{token}-{self.sequence}", "type": kind, "token": token, "source": "example",
             "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
             "sequence": self.sequence, "data": data(number)}
            for number, token in enumerate(self.tokens)
        ]
        self.sequence += 1
        status, _, answer = send(
            f"{self.url}/v1/events", json.dumps(events).encode(), Content_Type="application/json",
            Authorization=f"Bearer {self.key}", Prefer="wait=60",
        )
        assert status == 200, (status, answer)

    def begin(self):
        self.publish("upload.received", lambda number: {
            "filename": f"{number}.pdf", "module": "mail", "workflow_id": "intake",
            "group": self.group, "total": 1})

    def end(self):
        self.publish("upload.items", lambda number: {"items": [
            {"identifier": "page", "ok": not fails(number), "document_id": f"archive-{number}",
             "messages": ["the total is not readable"] if fails(number) else [],
             "data": {"number": number}}]})
        self.publish("upload.completed", lambda number: {})


def fails(number):
    return number % 10 == 3


def all_fields(descriptor, found):
    """The names of all fields below a message."""
    for field in descriptor.fields:
        if field.full_name not in found:
            found.add(field.full_name)
            if field.message_type:
                all_fields(field.message_type, found)
    return found


def set_fields(message, found):
    """The names of all fields that are set in a message."""
    for field, value in message.ListFields():
        found.add(field.full_name)
        if field.message_type:
            repeated = field.label == field.LABEL_REPEATED
            for inner in value if repeated else [value]:
                set_fields(inner, found)
    return found


def same(document, answer):
    """Checks that a document and its JSON form are equal."""
    for field in document.DESCRIPTOR.fields:
        name, value = field.name, getattr(document, field.name)
        if field.label == field.LABEL_REPEATED:
            given = answer[name]
            assert len(given) == len(value), name
            for one, other in zip(value, given):
                same(one, other)
        elif not document.HasField(name):
            assert name not in answer, name
        elif field.message_type:
            same(value, answer[name])
        elif field.enum_type:
            assert answer[name] == field.enum_type.values_by_number[value].name, name
        else:
            value = base64.b64encode(value).decode() if isinstance(value, bytes) else value
            assert answer[name] == value, (name, answer[name], value)


def follow(diadoc, story, proto):
    story.begin()
    # Their current state, once every event has its position in the feed.
    now = [(token, token, {}) for token in story.tokens]
    before = diadoc.docflows(now)
    while not all(document.LastEventId for document in before):
        time.sleep(0.1)
        before = diadoc.docflows(now)
    assert [document.DocumentId.MessageId for document in before] == story.tokens
    assert not any(document.Docflow.IsFinished for document in before)
    assert len({document.LastEventId for document in before}) == COUNT

    story.end()
    after = diadoc.docflows(now)
    assert all(document.Docflow.IsFinished for document in after)
    for number, document in enumerate(after):
        severity = document.Docflow.DocflowStatus.PrimaryStatus.Severity
        assert severity == (proto.Error if fails(number) else proto.Success), document

    # Their state at that time.
    then = [(document.DocumentId.MessageId, document.DocumentId.EntityId,
             {"LastEventId": document.LastEventId}) for document in before]
    assert list(diadoc.docflows(then)) == list(before)

    # Items with their data.
    items = [(token, "page", {"InjectEntityContent": True}) for token in story.tokens]
    pages = diadoc.docflows(items)
    for number, page in enumerate(pages):
        content = page.Docflow.DocumentAttachment.Attachment.Entity.Content
        assert json.loads(content.Data) == {"number": number} and content.Size == len(content.Data)
        assert page.DocumentInfo.CustomDocumentId == f"archive-{number}"
    hint = pages[3].Docflow.DocflowStatus.PrimaryStatus.StatusHint
    assert hint == "the total is not readable", hint
    return [*before, *after, *pages], items


def forms(diadoc, proto, documents, items):
    """Every field is set, none is missing in the .proto, and the JSON form is equal."""
    known = proto.GetDocflowBatchResponse(Documents=documents)
    length = known.ByteSize()
    known.DiscardUnknownFields()
    assert known.ByteSize() == length, "there are fields that are not in the .proto"
    missing = all_fields(known.DESCRIPTOR, set()) - set_fields(known, set())
    assert not missing, missing

    body = {"Requests": [{"DocumentId": {"MessageId": message, "EntityId": entity}, **more}
                         for message, entity, more in items]}
    status, headers, answer = diadoc.post(
        json.dumps(body).encode(), path="/GetDocflows",
        Content_Type="application/json; charset=utf-8", Accept="application/json")
    assert (status, headers["Content-Type"]) == (200, "application/json"), answer
    for document, other in zip(diadoc.docflows(items), json.loads(answer)["Documents"]):
        same(document, other)


def refusals(diadoc, token):
    one = diadoc.batch([(token, token, {})])
    refused = [
        (400, diadoc.post(b"\xff")),
        (400, diadoc.post(diadoc.batch([(token, token, {})] * (COUNT + 1)))),
        (401, diadoc.post(one, token="nonsense")),
        (403, diadoc.post(one, box="another")),
        (404, diadoc.post(diadoc.batch([(token, token, {}), (token, "nothing", {})]))),
        (405, diadoc.post(None)),
    ]
    for expected, (status, headers, answer) in refused:
        assert status == expected, (expected, status, answer)
        assert headers["Content-Type"].startswith("text/plain"), headers
        print(status, headers["X-Diadoc-ErrorCode"], answer.decode(), sep="\t")
    assert "POST" in refused[-1][1][1]["Allow"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="such as http://127.0.0.1:8080/diadoc")
    parser.add_argument("--key", required=True)
    parser.add_argument("--box", default="default", help="the tenant of the key")
    arguments = parser.parse_args()

    proto = messages()
    diadoc = Diadoc(proto, arguments.url, arguments.box, "anybody", arguments.key)
    server = urllib.parse.urljoin(arguments.url, "/").rstrip("/")
    story = Story(server, arguments.key)
    documents, items = follow(diadoc, story, proto)
    forms(diadoc, proto, documents, items)
    refusals(diadoc, story.tokens[0])
    print(f"{COUNT} documents were followed to their end")


if __name__ == "__main__":
    main()
