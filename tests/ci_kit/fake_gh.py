"""A `gh api` that keeps the comments of one pull request in a file.

FAKE_GH_STATE names a folder: comments.json, and calls.jsonl, to which every call is added. FAKE_GH_LOGIN is who the token
is of; empty for a workflow's token, which may not ask. FAKE_GH_DENIES makes every write fail as that of a fork's token.
"""

import json
import os
import pathlib
import sys

import jq

STATE = pathlib.Path(os.environ["FAKE_GH_STATE"])
COMMENTS = STATE / "comments.json"
PAGE = 2


def refuse(message):
    # gh prints the answer's body on stdout and its own message on stderr.
    print(json.dumps({"message": message}))
    sys.exit(f"gh: {message} (HTTP 403)")


def main(arguments):
    with (STATE / "calls.jsonl").open("a") as log:
        log.write(json.dumps(arguments) + "\n")
    assert arguments.pop(0) == "api", arguments
    method, program, fields, path = "GET", None, {}, None
    while arguments:
        match arguments.pop(0):
            case "--method":
                method = arguments.pop(0)
            case "--jq":
                program = arguments.pop(0)
            case "--field":
                name, value = arguments.pop(0).split("=", 1)
                fields[name] = pathlib.Path(value[1:]).read_text() if value.startswith("@") else value
            case "--paginate" | "--silent":
                pass
            case other:
                assert path is None and not other.startswith("-"), other
                path = other
    login = os.environ.get("FAKE_GH_LOGIN", "")
    comments = json.loads(COMMENTS.read_text())
    of_pull_request = "repos/acme/shop/issues/7/comments"
    if path == "user":
        if not login:
            refuse("Resource not accessible by integration")
        print(login)
    elif (method, path) == ("GET", of_pull_request + "?per_page=100"):
        for start in range(0, len(comments), PAGE):
            for line in jq.compile(program).input_value(comments[start : start + PAGE]).all():
                print(line)
    elif os.environ.get("FAKE_GH_DENIES"):
        refuse("Resource not accessible by integration")
    elif (method, path) == ("POST", of_pull_request):
        user = {"login": login or "github-actions[bot]", "type": "User" if login else "Bot"}
        comments.append({"id": 1000 + len(comments), "body": fields["body"], "user": user})
    elif method == "PATCH" and path.startswith("repos/acme/shop/issues/comments/"):
        (comment,) = (one for one in comments if str(one["id"]) == path.rsplit("/", 1)[1])
        comment["body"] = fields["body"]
    else:
        refuse("Not Found")
    COMMENTS.write_text(json.dumps(comments))


main(sys.argv[1:])
