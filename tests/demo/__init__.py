"""`make demo`: a queue fills, workers follow, and every claim about it is checked.

    app         a Celery app as many have it
    workers     one real Celery worker per running ECS task
    stage       the local world, the functions, what triggers them, the command, and what watches them
    story       what happens, in order
    claims      what must have been true, checked on the record
    page        the record as one self-contained HTML page
"""
