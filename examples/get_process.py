#!/usr/bin/env python3
"""Gets a process over HTTP, waits for its end, and prints its status and its failed items.

Needs only Python. The server is --url, or HTTP_URL from the environment; the key is API_KEY.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

# Waybill answers as soon as the process has ended, or after this many seconds.
WAIT_SECONDS = 30


def get_process(url, key, token):
    path = "/v1/processes/" + urllib.parse.quote(token, safe="")
    request = urllib.request.Request(url + path + "?include=errors")
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Prefer", f"wait={WAIT_SECONDS}")
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 10) as answer:
        return json.load(answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("HTTP_URL"), help="default: HTTP_URL")
    parser.add_argument("token")
    arguments = parser.parse_args()
    if not arguments.url:
        parser.error("give --url or set HTTP_URL")

    try:
        process = get_process(arguments.url, os.environ.get("API_KEY", ""), arguments.token)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        sys.exit(f"{problem['title']}: {problem['detail']}")
    except OSError as error:
        sys.exit(f"no answer: {error}")
    print(process["status"], process["summary"], sep="\t")
    for error in process["errors"]:
        print(error["identifier"], "; ".join(error["messages"]), sep="\t")


if __name__ == "__main__":
    main()
