"""The release binary of queue-depth against this machine's AWS and a real Redis.

    stage       one test's fleet, services, queues, function and reports, apart from every other test's
    function    the release binary behind a Runtime API of our own; two of them can race, and be killed
    clock       moves the function's clock forward, so that no test waits for a cooldown or a lease
    halves      a fleet of which one half is broken, and what must hold then
    relay       fails single requests to AWS by what their bodies say
    redis_wire  counts what passes to Redis, and proves that an evaluation needs one round trip

The world runs in a process of its own (`python -m world`): its work must not hold up the clocks of the tests.
"""
