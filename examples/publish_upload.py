#!/usr/bin/env python3
"""Publishes the events of one upload, from the first to the last, and prints its token.

Needs pika (Debian: python3-pika). The broker is --url, or AMQP_URL from the environment.
"""

import argparse
import json
import os
import sys
import uuid
from datetime import datetime, timezone

import pika

SOURCE = "examples/publish_upload"


def upload_events(items, failed):
    """The events of an upload: pairs of an event type and its data."""
    yield "upload.received", {
        "filename": "invoices.pdf",
        "module": "invoices",
        "workflow_id": "scan",
        "documents": items,
        "attributes": {"priority": "normal"},
    }
    yield "upload.step", {"name": "split", "message": "splitting the file", "state": "running"}
    yield "upload.step", {"name": "split", "message": f"found {items} invoices", "state": "done"}
    # At most 1,000 items go into one event; more go into several.
    for first in range(0, items, 1000):
        several = range(first, min(first + 1000, items))
        yield "upload.items", {"items": [item(n, ok=n >= failed) for n in several]}
    yield "upload.completed", {"total": items}


def item(number, ok):
    identifier = f"invoice-{number + 1}"
    if not ok:
        return {"identifier": identifier, "ok": False, "messages": ["the total is not readable"]}
    return {"identifier": identifier, "ok": True, "document_id": f"doc-{number + 1}"}


def publish(channel, token, sequence, event_type, data):
    event = {
        # With the source, the event's identity: publishing it again has no second effect, so
        # whenever it is unclear whether the broker has an event, publish it again with the same id.
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": event_type,
        "token": token,
        "time": datetime.now(timezone.utc).isoformat(),
        # Counted from 0 per token. It shows at the end whether any event is missing.
        "sequence": sequence,
        "data": data,
    }
    channel.basic_publish(
        exchange="waybill.events",
        routing_key=event_type,
        body=json.dumps(event).encode(),
        properties=pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,  # persistent: it survives a restart of the broker
            message_id=event["id"],
            correlation_id=token,
            type=event_type,
            app_id=SOURCE,
        ),
        mandatory=True,  # returned, instead of dropped, if it is unroutable
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("AMQP_URL"), help="default: AMQP_URL")
    parser.add_argument("--token", default=str(uuid.uuid4()), help="default: a new UUID")
    parser.add_argument("--items", type=int, default=3, help="how many there are (%(default)s)")
    parser.add_argument("--failed", type=int, default=0, help="how many fail (%(default)s)")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("give --url or set AMQP_URL")

    try:
        connection = pika.BlockingConnection(pika.URLParameters(arguments.url))
        channel = connection.channel()
        # Publisher confirms: publishing waits for the confirm, and raises without one.
        channel.confirm_delivery()
        events = upload_events(arguments.items, arguments.failed)
        for sequence, (event_type, data) in enumerate(events):
            publish(channel, arguments.token, sequence, event_type, data)
        connection.close()
    except pika.exceptions.AMQPError as error:
        sys.exit(f"not published: {error!r}")
    print(arguments.token)


if __name__ == "__main__":
    main()
