"""Every ECS service of a cluster to its maximum, as a script does it; one that fails stops no other.

    boto3_emergency.py CLUSTER SIZE THREADS [RETRY_MODE]
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

cluster, size, threads, *mode = sys.argv[1:]
retries = {"retries": {"mode": mode[0]}} if mode else {}
ecs = boto3.client("ecs", config=Config(max_pool_connections=int(threads), **retries))


def raise_service(arn):
    try:
        ecs.update_service(cluster=cluster, service=arn, desiredCount=int(size))
    except ClientError as error:
        print(arn, error)


pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
services = [arn for page in pages for arn in page["serviceArns"]]
with ThreadPoolExecutor(int(threads)) as pool:
    list(pool.map(raise_service, services))
