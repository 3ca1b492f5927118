#!/usr/bin/env python3
"""Prints a line for every process that ends: its token, its status, its progress.

Start it before the process may end: the queue gets what is published while it exists. With
--queue the queue is durable and keeps what comes while nobody reads it.

Needs pika (Debian: python3-pika). The broker is --url, or AMQP_URL from the environment.
"""

import argparse
import collections
import json
import os
import sys

import pika

# Completions whose ids are remembered: a copy comes soon after the first, or not at all.
REMEMBERED = 1000


def declare_queue(channel, name):
    if name:
        queue = channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
    else:
        queue = channel.queue_declare("", exclusive=True)
    # The routing key is <kind>.<status>: "upload.error" would bring failed uploads only.
    channel.queue_bind(queue.method.queue, "waybill.completions", routing_key="#")
    return queue.method.queue


def show(body):
    completion = json.loads(body)
    progress = completion["progress"]
    total = progress.get("total")
    share = f"{progress['done']}/{'?' if total is None else total}"
    print(completion["token"], completion["status"], share, flush=True)


def await_completions(channel, queue, token, count, timeout):
    """Whether as many completions came as were wanted."""
    seen = collections.deque(maxlen=REMEMBERED)
    shown = 0
    for method, properties, body in channel.consume(queue, inactivity_timeout=timeout):
        if method is None:
            return False
        wanted = token is None or properties.correlation_id == token
        # A completion comes at least once; every copy has the same id.
        if wanted and properties.message_id not in seen:
            seen.append(properties.message_id)
            show(body)
            shown += 1
        # Only now: whatever is not acknowledged comes again.
        channel.basic_ack(method.delivery_tag)
        if shown == count:
            return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("AMQP_URL"), help="default: AMQP_URL")
    parser.add_argument("--token", help="only this one's, and then the end")
    parser.add_argument("--count", type=int, help="how many; default: 1 with --token, else no end")
    parser.add_argument("--queue", help="a durable queue of this name; default: an exclusive one")
    parser.add_argument("--timeout", type=float, help="give up after so many silent seconds")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("give --url or set AMQP_URL")
    count = arguments.count or (1 if arguments.token else None)

    try:
        connection = pika.BlockingConnection(pika.URLParameters(arguments.url))
        channel = connection.channel()
        channel.basic_qos(prefetch_count=100)
        queue = declare_queue(channel, arguments.queue)
        print("waiting for completions", file=sys.stderr, flush=True)
        enough = await_completions(channel, queue, arguments.token, count, arguments.timeout)
        # Gives back what was sent ahead and not looked at.
        channel.cancel()
        connection.close()
    except pika.exceptions.AMQPError as error:
        sys.exit(f"stopped waiting: {error!r}")
    except KeyboardInterrupt:
        sys.exit(130)
    if not enough:
        sys.exit("no completion in time")


if __name__ == "__main__":
    main()
