"""The local world: Redis, AWS and the Lambda runtime on this machine, for tests and the demo.

    processes         every process we start is stopped, by its own process id
    redis_server      a real Redis on a free loopback port
    aws               moto as AWS, behind a front that counts requests and makes them fail
    ecs_tasks         what moto lacks: tasks that start, run and stop as desired counts change
    throttle          ECS's token buckets, where a test asks for them
    launches          Fargate's launch rates and vCPU quota, where a test asks for them
    lambda_emulator   AWS's Runtime Interface Emulator running a release binary
    world             all of it together, with the table, the topic and the queues Tidegate needs

Nothing listens beyond loopback, every port is a free one, and `python -m world --help` says
how a test in another language uses it.
"""

from .world import World

__all__ = ["World"]
