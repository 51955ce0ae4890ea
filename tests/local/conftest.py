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
