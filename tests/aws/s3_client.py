"""What the tests of snapshots in S3 do with an S3 client that is not fargauge's.

usage: s3_client.py make BUCKET
       s3_client.py put FOLDER BUCKET PREFIX    every file of the folder, by its path in it
       s3_client.py get BUCKET PREFIX FOLDER    every object below the prefix; prints their keys, one a line

Endpoint and credentials are the environment's.
"""

import pathlib
import sys

import boto3
from botocore.config import Config


def main(action, *arguments):
    s3 = boto3.client("s3", region_name="eu-west-1", config=Config(s3={"addressing_style": "path"}))
    match action, arguments:
        case "make", (bucket,):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        case "put", (folder, bucket, prefix):
            for path in sorted(pathlib.Path(folder).rglob("*")):
                if path.is_file():
                    s3.put_object(
                        Bucket=bucket,
                        Key=f"{prefix}/{path.relative_to(folder).as_posix()}",
                        Body=path.read_bytes(),
                    )
        case "get", (bucket, prefix, folder):
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for key in sorted(found["Key"] for page in pages for found in page.get("Contents", [])):
                print(key)
                target = pathlib.Path(folder) / key.removeprefix(prefix).lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
