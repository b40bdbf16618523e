"""Prints the signature that botocore gives a request to S3.

usage: signature.py ACCESS_KEY SECRET TOKEN REGION ENDPOINT < REQUEST

The request is its first line and its headers, as they were sent.
"""

import sys

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

access_key, secret, token, region, endpoint = sys.argv[1:]
first, *lines = sys.stdin.read().split("\n")
method, path, _ = first.split(" ")
headers = dict(line.split(": ", 1) for line in lines)
signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
request = AWSRequest(method, endpoint + path, headers={name: headers[name] for name in signed})
request.context.update(timestamp=headers["x-amz-date"], payload_signing_enabled=True)
auth = S3SigV4Auth(Credentials(access_key, secret, token), "s3", region)
print(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
