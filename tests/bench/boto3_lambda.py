"""The obvious Lambda: section 2.2 of the RoleFerry guide, made to work, and nothing else.

Above 500 waiting tasks it adds 5 workers, at most 50; below 50 it removes 2, at least 5. The guide asks every worker
over Celery's remote control, which a Lambda cannot wait for; the length of the queue in Redis is what it means.
"""

import os

import boto3
import redis

CLUSTER = os.environ["CLUSTER"]
SERVICES = os.environ["SERVICES"].split(",")
TOPIC = os.environ["TOPIC"]

ecs = boto3.client("ecs")
sns = boto3.client("sns")
broker = redis.Redis.from_url(os.environ["REDIS_URL"])


def lambda_handler(event, context):
    for service in SERVICES:
        scale(service)


def scale(service):
    queue_depth = broker.llen(service)
    current_count = get_ecs_service_count(service)
    new_count = current_count
    if queue_depth > 500:
        new_count = min(current_count + 5, 50)
    elif queue_depth < 50:
        new_count = max(current_count - 2, 5)
    if new_count != current_count:
        ecs.update_service(cluster=CLUSTER, service=service, desiredCount=new_count)
        message = f"{service}: {current_count} -> {new_count}, {queue_depth} tasks are waiting"
        sns.publish(TopicArn=TOPIC, Subject="Workers scaled", Message=message)


def get_ecs_service_count(service):
    answer = ecs.describe_services(cluster=CLUSTER, services=[service])
    return answer["services"][0]["desiredCount"]
