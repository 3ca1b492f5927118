#!/usr/bin/env python3
"""Publishes the events of one upload as CloudEvents 1.0 and prints its token.

Waybill reads both modes of CloudEvents, and reads the token from the attribute "subject":
  binary      the attributes are headers with the prefix "cloudEvents_"; the body is the data
  structured  one JSON document contains the attributes and the data

Needs pika (Debian: python3-pika). The broker is --url, or AMQP_URL from the environment.
"""

import argparse
import json
import os
import sys
import uuid
from datetime import datetime, timezone

import pika

SOURCE = "/examples/publish_cloudevents"

EVENTS = [
    ("upload.received", {"filename": "scans.zip", "module": "scans", "total": 2}),
    ("upload.step", {"name": "unpack", "message": "unpacking", "state": "running"}),
    ("upload.step", {"name": "unpack", "message": "two scans", "state": "done"}),
    (
        "upload.items",
        {
            "items": [
                {"identifier": "a.txt", "ok": True, "document_id": "scan-a"},
                {"identifier": "b.txt", "ok": True, "document_id": "scan-b"},
            ]
        },
    ),
    ("upload.completed", {"total": 2}),
]


def attributes(token, sequence, event_type):
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": event_type,
        "subject": token,
        "time": datetime.now(timezone.utc).isoformat(),
        # An extension of CloudEvents; texts, like every attribute here.
        "sequence": str(sequence),
    }


def binary(event, data):
    """The content type, the headers and the body of binary mode."""
    headers = {f"cloudEvents_{name}": value for name, value in event.items()}
    return "application/json", headers, json.dumps(data)


def structured(event, data):
    """The content type, the headers and the body of structured mode."""
    document = {**event, "datacontenttype": "application/json", "data": data}
    return "application/cloudevents+json", {}, json.dumps(document)


def publish(channel, mode, event, data):
    content_type, headers, body = mode(event, data)
    channel.basic_publish(
        exchange="waybill.events",
        routing_key=event["type"],
        body=body.encode(),
        properties=pika.BasicProperties(
            content_type=content_type,
            headers=headers,
            delivery_mode=2,
            message_id=event["id"],
            # With several partitions, events are distributed by the hash of this property.
            correlation_id=event["subject"],
        ),
        mandatory=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("AMQP_URL"), help="default: AMQP_URL")
    parser.add_argument("--token", default=str(uuid.uuid4()), help="default: a new UUID")
    parser.add_argument("--mode", choices=["binary", "structured"], default="binary")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("give --url or set AMQP_URL")
    mode = {"binary": binary, "structured": structured}[arguments.mode]

    try:
        connection = pika.BlockingConnection(pika.URLParameters(arguments.url))
        channel = connection.channel()
        channel.confirm_delivery()
        for sequence, (event_type, data) in enumerate(EVENTS):
            publish(channel, mode, attributes(arguments.token, sequence, event_type), data)
        connection.close()
    except pika.exceptions.AMQPError as error:
        sys.exit(f"not published: {error!r}")
    print(arguments.token)


if __name__ == "__main__":
    main()
