//! The guides' queue rules, walked through every threshold, bound and cooldown; `tidegate_tests::walk` says how a row reads.
//! Services without a queue are in `guides_services.rs`.

use tidegate_tests::walk::walk;

/// RoleFerry 2.2: more than 500: +5, at most 50; fewer than 50: -2, at least 5; every 5 minutes.
#[test]
fn roleferry_grows_by_5_above_500_and_once_in_5_minutes() {
    walk(
        "roleferry",
        "workers",
        "
           0  499  5   5/5   -> hold: nothing-matches
          15  500  5   5/5   -> hold: nothing-matches
          30  501  5   5/5   -> out to 10: rule-matched
          45  501  5  10/5   -> hold: rule-matched credit
         329  501 10  10/10  -> hold: rule-matched credit
         330  501 10  10/10  -> out to 15: rule-matched
         390  500 15  15/15  -> hold: nothing-matches

           0 9999 45  45/45  -> out to 50: rule-matched
         300 9999 50  50/50  -> hold: rule-matched at-max

           0 9999 48  48/48  -> out to 50: rule-matched at-max

           0    0  0   3/3   -> out to 5: below-min

           0 9999  3   3/3   -> out to 8: rule-matched

           0  100  0  51/51  -> in to 50: above-max
    ",
    );
}

#[test]
fn roleferry_shrinks_below_50_one_task_at_a_time_and_once_in_5_minutes() {
    walk(
        "roleferry",
        "workers",
        "
           0   51  0  10/10  -> hold: nothing-matches
          15   50  0  10/10  -> hold: nothing-matches
          30   49  0  10/10  -> hold: rule-matched stabilizing
          89   49  0  10/10  -> hold: rule-matched stabilizing
          90   49  0  10/10  -> in to 9: rule-matched one-task-at-a-time
         240   49  0   9/9   -> hold: rule-matched cooldown-in
         389   49  0   9/9   -> hold: rule-matched cooldown-in
         390   49  0   9/9   -> in to 8: rule-matched one-task-at-a-time

           0    0  0   6/6   -> hold: rule-matched stabilizing
          60    0  0   6/6   -> in to 5: rule-matched at-min
         210    0  0   5/5   -> hold: rule-matched at-min
         360    0  0   5/5   -> hold: rule-matched at-min

           0    0  9   9/9   -> hold: rule-matched work-in-flight stabilizing
          60    0  9   9/9   -> hold: rule-matched work-in-flight
         120    0  8   9/9   -> in to 8: rule-matched work-in-flight one-task-at-a-time
    ",
    );
}

#[test]
fn roleferry_may_grow_at_once_after_it_shrank() {
    walk(
        "roleferry",
        "workers",
        "
           0    0  0  10/10  -> hold: rule-matched stabilizing
          60    0  0  10/10  -> in to 9: rule-matched one-task-at-a-time
          75  501  9   9/9   -> out to 14: rule-matched
         374    0  0  14/14  -> hold: rule-matched stabilizing cooldown-in
    ",
    );
}

/// RoleFerry 1: 1,000 users need 3 workers, 10,000 need 10, 100,000 need 50.
#[test]
fn roleferry_keeps_the_workers_that_its_users_need() {
    walk(
        "roleferry",
        "workers",
        "
           0  100  0   5/5   users=999    -> hold: nothing-matches
         300    0  0   5/5   users=9999   -> hold: rule-matched at-min
         600    0  0   5/5   users=10000  -> out to 10: below-min floor
         900    0  0  10/10  users=10000  -> hold: rule-matched at-min floor
        1200  100  0  10/10  users=100000 -> out to 50: below-min floor

           0    0  0   8/8   users=1000   -> hold: rule-matched stabilizing
          60    0  0   8/8   users=-      -> in to 7: rule-matched one-task-at-a-time
        4500    0  0   7/7   users=-      -> hold: rule-matched reading-stale
        4560 9999  0   7/7   users=-      -> out to 12: rule-matched
    ",
    );
}

/// Hyperverge's scaling estimation, as far as the runbook's maximum of 20 allows it.
#[test]
fn hyperverge_keeps_the_workers_that_its_monitors_need() {
    walk(
        "hyperverge",
        "worker",
        "
           0   500  0  2/2  cpu=50 memory=50 monitors=999   -> hold: nothing-matches
         300   500  0  2/2  cpu=50 memory=50 monitors=1000  -> out to 5: below-min floor
         600   500  0  5/5  cpu=50 memory=50 monitors=10000 -> out to 15: below-min floor
         900    99  0 15/15 cpu=29 memory=50 monitors=10000 -> hold: rule-matched rule-matched at-min floor
    ",
    );
}

/// CloudSync 6: a pool of its own for each of three queues.
#[test]
fn cloudsync_priority_grows_by_half_when_one_more_prefetch_waits_for_each_worker() {
    walk(
        "cloudsync",
        "priority",
        "
           0   20  5   5/5   -> hold: nothing-matches
          15   21  5   5/5   -> out to 7: rule-matched
          74   29  7   7/7   -> hold: rule-matched credit
          75   29  7   7/7   -> out to 10: rule-matched
         135   40 10  10/10  -> hold: nothing-matches
         136   41 10  10/10  -> out to 15: rule-matched
         196   61 15  15/15  -> out to 20: rule-matched at-max
         256   81 20  20/20  -> hold: rule-matched at-max

           0    5  0  10/10  -> hold: nothing-matches
          15    4  0  10/10  -> hold: rule-matched stabilizing
          75    4  0  10/10  -> in to 9: rule-matched
         225    4  0   9/9   -> hold: rule-matched stabilizing cooldown-in
         374    4  0   9/9   -> hold: rule-matched cooldown-in
         375    4  0   9/9   -> in to 8: rule-matched

           0    0  0   5/5   -> hold: rule-matched at-min
    ",
    );
}

#[test]
fn cloudsync_default_grows_by_a_quarter_and_by_cpu() {
    walk(
        "cloudsync",
        "default",
        "
           0   80 10  10/10  cpu=50  -> hold: nothing-matches
          15   81 10  10/10  cpu=50  -> out to 12: rule-matched
          74   97 12  12/12  cpu=50  -> hold: rule-matched credit
          75   97 12  12/12  cpu=50  -> out to 15: rule-matched

           0   80 39  39/39  cpu=50  -> hold: nothing-matches
          15  313 39  39/39  cpu=50  -> out to 40: rule-matched at-max

           0   20  0  12/12  cpu=50  -> hold: nothing-matches
          15   19  0  12/12  cpu=50  -> hold: rule-matched stabilizing
          75   19  0  12/12  cpu=50  -> in to 11: rule-matched one-task-at-a-time
         225   19  0  11/11  cpu=50  -> hold: rule-matched cooldown-in
         374   19  0  11/11  cpu=50  -> hold: rule-matched cooldown-in
         375   19  0  11/11  cpu=50  -> in to 10: rule-matched at-min
         435   19  0  10/10  cpu=50  -> hold: rule-matched at-min

          60   50 10  10/10  cpu=81  -> hold: rule-not-long-enough
         120   50 10  10/10  cpu=81  -> hold: rule-not-long-enough
         180   50 10  10/10  cpu=81  -> hold: rule-not-long-enough
         240   50 10  10/10  cpu=81  -> hold: rule-not-long-enough
         300   50 10  10/10  cpu=81  -> out to 12: rule-matched
         360   50 12  12/12  cpu=80  -> hold: nothing-matches

           0    0  0  12/12  cpu=81  -> hold: rule-matched not-agreed
          60    0  0  12/12          -> hold: rule-matched not-agreed
    ",
    );
}

#[test]
fn cloudsync_batch_waits_five_minutes_before_it_moves() {
    walk(
        "cloudsync",
        "batch",
        "
           0   40  2   2/2   -> hold: nothing-matches
          60   41  2   2/2   -> hold: rule-not-long-enough
         210   41  2   2/2   -> hold: rule-not-long-enough
         359   41  2   2/2   -> hold: rule-not-long-enough
         360   41  2   2/2   -> out to 4: rule-matched

           0    4  0   4/4   -> hold: rule-not-long-enough
         150    4  0   4/4   -> hold: rule-not-long-enough
         299    4  0   4/4   -> hold: rule-not-long-enough
         300    4  0   4/4   -> hold: rule-matched stabilizing
         360    4  0   4/4   -> in to 3: rule-matched
         510    4  0   3/3   -> hold: rule-matched stabilizing cooldown-in
         660    4  0   3/3   -> hold: rule-matched cooldown-in
         810    4  0   3/3   -> hold: rule-matched cooldown-in
         959    4  0   3/3   -> hold: rule-matched cooldown-in
         960    4  0   3/3   -> in to 2: rule-matched
        1020    4  0   2/2   -> hold: rule-matched at-min

           0   41  2   2/2   -> hold: rule-not-long-enough
         150   40  2   2/2   -> hold: nothing-matches
         300   41  2   2/2   -> hold: rule-not-long-enough
    ",
    );
}

/// Hyperverge's runbook: queue, CPU and memory, each with its own step.
#[test]
fn hyperverge_grows_by_the_largest_of_its_steps() {
    walk(
        "hyperverge",
        "worker",
        "
           0  1000  4  4/4  cpu=70 memory=80  -> hold: nothing-matches
          15  1000  4  4/4  cpu=71 memory=80  -> out to 6: rule-matched
          30  1000  6  6/6  cpu=70 memory=81  -> hold: rule-matched credit
          45  1001  6  6/6  cpu=70 memory=80  -> out to 9: rule-matched credit
         104  1001  9  9/9  cpu=71 memory=81  -> hold: rule-matched rule-matched rule-matched credit
         105  1001  9  9/9  cpu=71 memory=81  -> out to 14: rule-matched rule-matched rule-matched
         165  1001 14 14/14 cpu=50 memory=50  -> out to 19: rule-matched
         225  1001 19 19/19 cpu=50 memory=50  -> out to 20: rule-matched at-max
         285  1001 20 20/20 cpu=50 memory=50  -> hold: rule-matched at-max

           0   500  1  1/1  cpu=50 memory=50  -> out to 2: below-min
    ",
    );
}

/// Half of the memory of four tasks is all of the memory of two: while what is known was measured over four, the third stays.
#[test]
fn hyperverge_shrinks_only_if_queue_and_cpu_agree() {
    walk(
        "hyperverge",
        "worker",
        "
           0   100  0  4/4  cpu=29 memory=50  -> hold: rule-matched not-agreed
          15    99  0  4/4  cpu=30 memory=50  -> hold: rule-matched not-agreed
          30    99  0  4/4  cpu=29 memory=81  -> out to 6: rule-matched

           0    99  0  4/4  cpu=29 memory=50  -> hold: rule-matched rule-matched stabilizing
          60    99  0  4/4  cpu=29 memory=50  -> in to 3: rule-matched rule-matched
         120    99  0  3/3  cpu=29 memory=50  -> hold: rule-matched rule-matched stabilizing cooldown-in
         179    99  0  3/3  cpu=29 memory=50  -> hold: rule-matched rule-matched stabilizing cooldown-in
    180..300/60 99  0  3/3  cpu=29 memory=50  -> hold: rule-matched rule-matched anticipated-flapping
         360    99  0  3/3  cpu=29 memory=50  -> in to 2: rule-matched rule-matched
         480    99  0  2/2  cpu=29 memory=50  -> hold: rule-matched rule-matched at-min

           0    99  0  4/4  cpu=29            -> hold: rule-matched rule-matched reading-missing

           0  1001  4  4/4                    -> out to 9: rule-matched

           0    99  0  4/4  cpu=29 memory=61  -> hold: rule-matched rule-matched stabilizing
          60    99  0  4/4  cpu=29 memory=61  -> hold: rule-matched rule-matched anticipated-flapping
         120    99  0  4/4  cpu=29 memory=60  -> in to 3: rule-matched rule-matched
    ",
    );
}
