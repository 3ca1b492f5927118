#!/usr/bin/env python3
"""Prints a line for every process that ends: its token, its status, its progress.

Start it before the process may end: the queue receives only messages published while it exists.
With --queue the queue is durable and keeps messages while there is no consumer.

Needs pika (Debian: python3-pika). The broker is --url, or AMQP_URL from the environment.
"""

import argparse
import collections
import json
import os
import sys

import pika

# How many ids are remembered: a copy comes soon after the first completion, or not at all.
REMEMBERED = 1000


def declare_queue(channel, name):
    if name:
        queue = channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
    else:
        queue = channel.queue_declare("", exclusive=True)
    # The routing key is <kind>.<status>: "upload.error" would match failed uploads only.
    channel.queue_bind(queue.method.queue, "waybill.completions", routing_key="#")
    return queue.method.queue


def show(body):
    completion = json.loads(body)
    progress = completion["progress"]
    total = progress.get("total")
    share = f"{progress['done']}/{'?' if total is None else total}"
    print(completion["token"], completion["status"], share, flush=True)


def await_completions(channel, queue, token, count, timeout):
    """Returns whether `count` completions came in time."""
    seen = collections.deque(maxlen=REMEMBERED)
    shown = 0
    for method, properties, body in channel.consume(queue, inactivity_timeout=timeout):
        if method is None:
            return False
        matches = token is None or properties.correlation_id == token
        # A completion comes at least once; every copy has the same id.
        if matches and properties.message_id not in seen:
            seen.append(properties.message_id)
            show(body)
            shown += 1
        # Only now: the broker redelivers messages that are not acknowledged.
        channel.basic_ack(method.delivery_tag)
        if shown == count:
            return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("AMQP_URL"), help="default: AMQP_URL")
    parser.add_argument("--token", help="only completions of this token; then exit")
    parser.add_argument("--count", type=int, help="how many; default: 1 with --token, else no end")
    parser.add_argument("--queue", help="a durable queue of this name; default: an exclusive one")
    parser.add_argument("--timeout", type=float, help="stop after this many seconds without a message")
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
        # Requeues prefetched messages that were not processed.
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
