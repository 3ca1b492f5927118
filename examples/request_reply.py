#!/usr/bin/env python3
"""Opens an upload without a token, receives its token, and then its completion.

The opening event names a queue in reply_to. Waybill sends two messages there: the token of the
upload, and at its end a copy of the completion.

Needs pika (Debian: python3-pika). The broker is --url, or AMQP_URL from the environment.
"""

import argparse
import json
import os
import sys
import uuid
from datetime import datetime, timezone

import pika

SOURCE = "examples/request_reply"


def publish(channel, event_type, data, token=None, reply_to=None):
    event = {
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": event_type,
        "time": datetime.now(timezone.utc).isoformat(),
        "data": data,
    }
    if token:
        event["token"] = token
    channel.basic_publish(
        exchange="waybill.events",
        routing_key=event_type,
        body=json.dumps(event).encode(),
        properties=pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,
            message_id=event["id"],
            # It would be used as the token, so the opening event has none.
            correlation_id=token,
            reply_to=reply_to,
        ),
        mandatory=True,
    )


def replies(channel, queue, timeout):
    """The type, the token and the body of every message that comes to the queue."""
    for method, properties, body in channel.consume(queue, inactivity_timeout=timeout):
        if method is None:
            sys.exit("no reply in time")
        channel.basic_ack(method.delivery_tag)
        yield properties.type, properties.correlation_id, json.loads(body)


def run(channel, timeout):
    # Exclusive: deleted with this connection. A service that may restart uses a durable one.
    queue = channel.queue_declare("", exclusive=True).method.queue
    publish(channel, "upload.received", {"filename": "contract.pdf", "total": 1}, reply_to=queue)
    token = None
    for message_type, replied, body in replies(channel, queue, timeout):
        if message_type == "process.completed":
            print("completed", replied, body["status"], flush=True)
            return
        if token is None:
            token = replied
            print("token", token, flush=True)
            items = [{"identifier": "contract", "ok": True, "document_id": "contract-1"}]
            publish(channel, "upload.items", {"items": items}, token=token)
            publish(channel, "upload.completed", {"total": 1}, token=token)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("AMQP_URL"), help="default: AMQP_URL")
    parser.add_argument("--timeout", type=float, default=30, help="seconds (%(default)s)")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("give --url or set AMQP_URL")

    try:
        connection = pika.BlockingConnection(pika.URLParameters(arguments.url))
        channel = connection.channel()
        channel.confirm_delivery()
        run(channel, arguments.timeout)
        connection.close()
    except pika.exceptions.AMQPError as error:
        sys.exit(f"stopped: {error!r}")


if __name__ == "__main__":
    main()
