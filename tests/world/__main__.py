"""`python -m world --json`: the local world for a test in another language.

Prints one JSON line when all is ready, and stops everything when its standard input closes: a test
that ends, fails or is killed closes it.
"""

import argparse
import json
import sys
from pathlib import Path

from .processes import StartFailed
from .world import World


def main() -> int:
    options = parse()
    try:
        with World(startup_seconds=options.startup) as world:
            names = [f"service-{number}" for number in range(1, options.services + 1)]
            world.create_services(options.cluster, dict.fromkeys(names, options.desired), options.vcpus)
            if options.redis:
                world.start_redis()
            description = {**world.description(), "cluster": options.cluster, "services": names}
            if options.function:
                function = world.start_function(options.function.parent.name, options.fleet, options.function)
                description["invoke"] = function.url
            print(json.dumps(description) if options.json else prose(description), flush=True)
            sys.stdin.read()
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m world", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--cluster", default="test", help="the ECS cluster to create (default: test)")
    parser.add_argument("--services", type=int, default=0, metavar="N", help="create service-1 to service-N in it")
    parser.add_argument("--desired", type=int, default=1, metavar="N", help="their desired count (default: 1)")
    parser.add_argument("--vcpus", type=float, default=0.25, metavar="N", help="of each of their tasks (default: 0.25)")
    parser.add_argument("--startup", type=float, default=0, metavar="SECONDS", help="how long a task is PENDING")
    parser.add_argument("--redis", action="store_true", help="also start a Redis")
    parser.add_argument("--function", type=Path, metavar="BOOTSTRAP", help="also run this binary as a Lambda function")
    parser.add_argument("--fleet", type=Path, help="its fleet file")
    options = parser.parse_args()
    if options.function and not options.fleet:
        parser.error("--function needs --fleet")
    return options


def prose(description: dict) -> str:
    plain = {name: value for name, value in description.items() if name not in ("env", "services")}
    return "\n".join(f"{name:10} {value}" for name, value in plain.items()) + "\nEnds when standard input closes."


sys.exit(main())
