"""One world and one Redis for all tests of this folder, one stage for each test."""

import pytest
from world.redis_server import RedisServer

from . import clock
from .relay import Relay
from .stage import LocalWorld, Stage


@pytest.fixture(scope="session")
def local_world():
    world = LocalWorld()
    yield world
    world.stop()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("redis") / "redis.log")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return clock.build(tmp_path_factory.mktemp("clock"))


@pytest.fixture
def stage(local_world, shared_redis, library, tmp_path):
    stage = Stage(local_world, shared_redis, library, tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def relay(stage):
    with Relay(stage.world.about["endpoint"]) as relay:
        yield relay


@pytest.fixture
def auto_scaling_group(stage):
    """A group of three instances with bounds of its own, 2 and 6, as moto runs it: every instance is in service at once. It
    has the stage's name; this is the client that sees it."""
    ec2, autoscaling = stage.world.client("ec2"), stage.world.client("autoscaling")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    autoscaling.create_launch_configuration(
        LaunchConfigurationName=stage.name, ImageId=image, InstanceType="t3.micro"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=stage.name,
        LaunchConfigurationName=stage.name,
        MinSize=2,
        MaxSize=6,
        DesiredCapacity=3,
        AvailabilityZones=[f"{stage.world.about['region']}a"],
    )
    yield autoscaling
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=stage.name, ForceDelete=True)
    autoscaling.delete_launch_configuration(LaunchConfigurationName=stage.name)
