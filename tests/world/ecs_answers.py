"""What `DescribeServices` returns beside what is needed: 100 events a service, and the settings of a service on Fargate.

The API has no way to leave them out, and with them a service has 23 KB. moto has no events: there it has 1 KB. Tags come
only where they are asked for, so there are none here.
"""

import hashlib
import time
import uuid
from functools import lru_cache

# "A maximum of 100 of the latest events are displayed" (Amazon ECS API reference, Service).
EVENTS = 100
# A steady state is reported every six hours; deployments, scaling and trouble come between.
SECONDS_BETWEEN_EVENTS = 1_800


def in_full(service: dict) -> dict:
    """A service as Amazon ECS shows it."""
    region, account = service["serviceArn"].split(":")[3:5]
    settings = _settings(region, account)
    deployments = [{**settings, **deployment} for deployment in service.get("deployments", [])]
    events = _events(service["serviceName"], region, account)
    return {
        "roleArn": f"arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "createdBy": f"arn:aws:sts::{account}:assumed-role/deployment/GitHubActions",
        "healthCheckGracePeriodSeconds": 60,
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "enableExecuteCommand": False,
        "availabilityZoneRebalancing": "ENABLED",
        "resourceManagementType": "CUSTOMER",
        "placementConstraints": [],
        "placementStrategy": [],
        **settings,
        **{name: value for name, value in service.items() if value is not None},
        "deployments": deployments,
        "events": events,
    }


def _settings(region: str, account: str) -> dict:
    """What a service and each of its deployments repeat."""
    names = [_hexadecimal(f"{region}-{account}", number)[:17] for number in range(5)]
    network = {
        "subnets": [f"subnet-{name}" for name in names[:3]],
        "securityGroups": [f"sg-{name}" for name in names[3:]],
        "assignPublicIp": "DISABLED",
    }
    return {
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": {"awsvpcConfiguration": network},
    }


@lru_cache(maxsize=4_096)
def _events(name: str, region: str, account: str) -> list:
    """The newest first, in ECS's own words."""
    group = f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{_hexadecimal(name, 0)[:16]}"
    words = [
        "has reached a steady state.",
        "has started 2 tasks: (task {0}) (task {1}).",
        f"registered 2 targets in (target-group {group})",
        "has stopped 1 running tasks: (task {0}).",
        "has begun draining connections on 1 tasks.",
        f"deregistered 1 targets in (target-group {group})",
        "(task {0}) failed container health checks.",
        "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different "
        "availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
    ]
    now = time.time()
    return [
        {
            "id": str(uuid.UUID(_hexadecimal(name, number))),
            "createdAt": round(now - number * SECONDS_BETWEEN_EVENTS, 3),
            "message": f"(service {name}) "
            + words[number % len(words)].format(_hexadecimal(name, number + 1), _hexadecimal(name, number + 2)),
        }
        for number in range(EVENTS)
    ]


def _hexadecimal(name: str, number: int) -> str:
    return hashlib.md5(f"{name}-{number}".encode(), usedforsecurity=False).hexdigest()
