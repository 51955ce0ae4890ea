//! The guides' triggers for services without a queue, walked through every threshold for its whole duration, through every
//! bound and cooldown; `tidegate_tests::walk` says how a row reads.

use tidegate_tests::walk::walk;

/// Mercenary, "Scale-out Policy": CPU > 70% for 5 minutes; 2 to 20 instances; cool-down 5 minutes.
#[test]
fn mercenary_grows_by_cpu_that_lasts_5_minutes() {
    walk(
        "mercenary",
        "api",
        "
        always memory=65 requests=none request_queue=none response_time=none errors=none response_time_p99=none

        60..1200 4/4   cpu=70 -> hold: nothing-matches

              60 4/4   cpu=71 -> hold: rule-not-long-enough; warning: cpu > 70%
        120..240 4/4   cpu=71 -> hold: rule-not-long-enough
             300 4/4   cpu=71 -> out to 6: rule-matched
        360..540 6/6   cpu=71 -> hold: rule-matched credit
             599 6/6   cpu=71 -> hold: rule-matched credit
             600 6/6   cpu=71 -> out to 8: rule-matched
             660 8/8   cpu=70 -> hold: nothing-matches; resolved: cpu > 70%

              60 4/4   cpu=71 -> hold: rule-not-long-enough; warning: cpu > 70%
        120..240 4/4   cpu=71 -> hold: rule-not-long-enough
             300 4/4   cpu=70 -> hold: nothing-matches; resolved: cpu > 70%
             360 4/4   cpu=71 -> hold: rule-not-long-enough; warning: cpu > 70%
        420..540 4/4   cpu=71 -> hold: rule-not-long-enough
             600 4/4   cpu=71 -> out to 6: rule-matched

              60 19/19 cpu=71 -> hold: rule-not-long-enough; warning: cpu > 70%
        120..240 19/19 cpu=71 -> hold: rule-not-long-enough
             300 19/19 cpu=71 -> out to 20: rule-matched at-max
        360..540 20/20 cpu=71 -> hold: rule-matched credit at-max
        600..900 20/20 cpu=71 -> hold: rule-matched at-max

              60 1/1   cpu=50 -> out to 2: below-min
    ",
    );
}

/// Mercenary, "Scale-out Policy" and "Scaling Triggers": memory > 80% for 5 minutes; request count > 1000 RPM; request queue
/// length > 100; average response time > 500ms.
#[test]
fn mercenary_grows_by_memory_requests_queue_and_response_time() {
    walk(
        "mercenary",
        "api",
        "
        always cpu=50 memory=65 requests=none request_queue=none response_time=none errors=none response_time_p99=none

        60..1200 4/4 memory=80           -> hold: nothing-matches

              60 4/4 memory=81           -> hold: rule-not-long-enough; warning: memory > 80%
        120..240 4/4 memory=81           -> hold: rule-not-long-enough
             300 4/4 memory=81           -> out to 6: rule-matched

              60 4/4 requests=4000       -> hold: nothing-matches
             120 4/4 requests=4001       -> out to 6: rule-matched
             180 6/6 requests=6001       -> hold: rule-matched credit
             419 6/6 requests=6001       -> hold: rule-matched credit
             420 6/6 requests=6001       -> out to 8: rule-matched

              60 4/4 request_queue=100   -> hold: nothing-matches
             120 4/4 request_queue=101   -> out to 6: rule-matched

              60 4/4 response_time=0.5   -> hold: nothing-matches
             120 4/4 response_time=0.501 -> out to 6: rule-matched
    ",
    );
}

/// Mercenary, "Scale-in Policy": CPU < 30% for 15 minutes and memory < 50% for 15 minutes.
#[test]
fn mercenary_shrinks_when_cpu_and_memory_are_low_for_15_minutes() {
    walk(
        "mercenary",
        "api",
        "
        always requests=none request_queue=none response_time=none errors=none response_time_p99=none

           60..840 4/4 cpu=30 memory=49   -> hold: rule-not-long-enough
         900..1800 4/4 cpu=30 memory=49   -> hold: rule-matched not-agreed

           60..840 4/4 cpu=29 memory=50   -> hold: rule-not-long-enough
         900..1800 4/4 cpu=29 memory=50   -> hold: rule-matched not-agreed

           60..840 4/4 cpu=29 memory=49   -> hold: rule-not-long-enough rule-not-long-enough
               900 4/4 cpu=29 memory=49   -> hold: rule-matched rule-matched stabilizing
               960 4/4 cpu=29 memory=49   -> in to 3: rule-matched rule-matched
              1020 3/3 cpu=29 memory=49   -> hold: rule-matched rule-matched stabilizing cooldown-in
        1080..1200 3/3 cpu=29 memory=49   -> hold: rule-matched rule-matched cooldown-in
              1259 3/3 cpu=29 memory=49   -> hold: rule-matched rule-matched cooldown-in
              1260 3/3 cpu=29 memory=49   -> in to 2: rule-matched rule-matched
        1320..1800 2/2 cpu=29 memory=49   -> hold: rule-matched rule-matched at-min

           60..840 4/4 cpu=29 memory=49   -> hold: rule-not-long-enough rule-not-long-enough
          900..960 4/4 cpu=29 memory=none -> hold: rule-matched not-agreed
        1020..1800 4/4 cpu=29 memory=none -> hold: rule-matched reading-missing
    ",
    );
}

/// Mercenary, "Schedule instances (dev/test environments)". The first of January 1970 was a Thursday; Berlin was an hour
/// ahead.
#[test]
fn mercenary_test_sleeps_at_night_and_at_weekends() {
    walk(
        "mercenary",
        "api-test",
        "
                 68340 1/1 cpu=30   -> hold: low-not-long-enough
                 68399 1/1 cpu=-    -> hold: low-not-long-enough
                 68400 1/1 cpu=30   -> in to 0: above-max hours
                107999 0/0 cpu=none -> hold: nothing-matches
                108000 0/0 cpu=none -> out to 1: below-min
        108060..108180 1/1 cpu=70   -> hold: on-target
                154740 1/1 cpu=70   -> hold: on-target
                154799 1/1 cpu=-    -> hold: on-target
                154800 1/1 cpu=70   -> in to 0: above-max hours
                240000 0/0 cpu=none -> hold: nothing-matches
                367199 0/0 cpu=none -> hold: nothing-matches
                367200 0/0 cpu=none -> out to 1: below-min
    ",
    );
}

/// CloudSync 2: more than 8,000 connections per server: up; fewer than 4,000: down; 5 minutes between scaling events.
#[test]
fn cloudsync_follows_its_connections_per_server() {
    walk(
        "cloudsync",
        "websocket",
        "
               0 2/2   connections=16000 -> hold: nothing-matches
              60 2/2   connections=16001 -> out to 3: rule-matched
             120 3/3   connections=24001 -> hold: rule-matched credit
             359 3/3   connections=24001 -> hold: rule-matched credit
             360 3/3   connections=24001 -> out to 4: rule-matched
             420 4/4   connections=32000 -> hold: nothing-matches

               0 9/9   connections=72001 -> out to 10: rule-matched
             300 10/10 connections=99999 -> hold: rule-matched at-max

               0 4/4   connections=16000 -> hold: nothing-matches
              60 4/4   connections=15999 -> hold: rule-matched stabilizing
             120 4/4   connections=15999 -> in to 3: rule-matched
             180 3/3   connections=11999 -> hold: rule-matched stabilizing cooldown-in
        240..360 3/3   connections=11999 -> hold: rule-matched cooldown-in
             419 3/3   connections=11999 -> hold: rule-matched cooldown-in
             420 3/3   connections=11999 -> in to 2: rule-matched
             480 2/2   connections=7999  -> hold: rule-matched at-min

               0 3/3   connections=24001 -> out to 4: rule-matched
              60 4/4   connections=15999 -> hold: rule-matched stabilizing cooldown-in
        120..240 4/4   connections=15999 -> hold: rule-matched cooldown-in
             299 4/4   connections=15999 -> hold: rule-matched cooldown-in
             300 4/4   connections=15999 -> in to 3: rule-matched

               0 4/4   connections=none  -> hold: rule-matched stabilizing
              60 4/4   connections=none  -> in to 3: rule-matched

               0 4/4   connections=-     -> hold: reading-missing
    ",
    );
}

/// CloudSync 3: the CPU at 70%, 60 s up and 300 s down; alert threshold: CPU > 80% for 5 minutes -> scale up.
#[test]
fn cloudsync_tracks_its_cpu_and_grows_faster_when_it_stays_high() {
    walk(
        "cloudsync",
        "api",
        "
        always memory=50 errors=none db_connections=50

              60 4/4 cpu=70 -> hold: on-target
             120 4/4 cpu=77 -> hold: on-target
             180 4/4 cpu=78 -> out to 5: tracked
             239 5/5 cpu=78 -> hold: tracked still-starting

              60 4/4 cpu=80 -> out to 5: tracked
             120 5/5 cpu=80 -> hold: tracked still-starting
        180..300 5/5 cpu=80 -> hold: tracked still-starting
             360 5/5 cpu=80 -> out to 6: tracked
        420..600 6/6 cpu=80 -> hold: tracked still-starting
             660 6/6 cpu=80 -> out to 7: tracked

              60 4/4 cpu=81 -> out to 5: tracked
             120 5/5 cpu=81 -> hold: tracked still-starting rule-not-long-enough
        180..240 5/5 cpu=81 -> hold: tracked still-starting rule-not-long-enough
             300 5/5 cpu=81 -> out to 7: rule-matched

              60 9/9 cpu=99 -> out to 10: tracked at-max

         60..240 4/4 cpu=63 -> hold: on-target
             300 4/4 cpu=63 -> hold: on-target

         60..240 4/4 cpu=45 -> hold: low-not-long-enough
             300 4/4 cpu=45 -> hold: tracked stabilizing
             360 4/4 cpu=45 -> in to 3: tracked
        420..600 3/3 cpu=45 -> hold: tracked
             660 3/3 cpu=45 -> hold: tracked stabilizing
             720 3/3 cpu=45 -> in to 2: tracked
        780..960 2/2 cpu=10 -> hold: tracked at-min
    ",
    );
}

/// Green Matchers, "Auto Scaling": 2 to 10 instances by one, cooldown 300 seconds; CPU above 80% and below 20%. A datapoint
/// comes once in five minutes and speaks of all five.
#[test]
fn green_matchers_goes_by_one_instance_in_5_minutes() {
    walk(
        "green-matchers",
        "api",
        "
        always requests=none

         300 3/3   cpu=80   -> hold: nothing-matches
         600 3/3   cpu=81   -> out to 4: rule-matched
         660 4/4   cpu=-    -> hold: rule-matched credit
         899 4/4   cpu=-    -> hold: rule-matched credit
         900 4/4   cpu=81   -> out to 5: rule-matched

         300 9/9   cpu=81   -> out to 10: rule-matched
         600 10/10 cpu=81   -> hold: rule-matched at-max

         300 4/4   cpu=20   -> hold: nothing-matches
         600 4/4   cpu=19   -> hold: rule-matched stabilizing
         660 4/4   cpu=-    -> in to 3: rule-matched
         900 3/3   cpu=19   -> hold: rule-matched stabilizing cooldown-in
         959 3/3   cpu=-    -> hold: rule-matched stabilizing cooldown-in
         960 3/3   cpu=-    -> in to 2: rule-matched
        1260 2/2   cpu=19   -> hold: rule-matched at-min

         300 4/4   cpu=none -> hold: reading-missing

         300 1/1   cpu=none -> out to 2: below-min
    ",
    );
}

/// Hyperverge: CPU > 70%, memory > 80%, response time > 500ms: two API instances more, at most 10; CPU < 30%: one fewer.
#[test]
fn hyperverge_api_follows_cpu_memory_and_response_time() {
    walk(
        "hyperverge",
        "api",
        "
        always cpu=50 memory=50 response_time=none

          0 4/4   cpu=70              -> hold: nothing-matches
         60 4/4   cpu=71              -> out to 6: rule-matched
        119 6/6   cpu=71              -> hold: rule-matched credit
        120 6/6   cpu=71              -> out to 8: rule-matched

          0 4/4   memory=80           -> hold: nothing-matches
         60 4/4   memory=81           -> out to 6: rule-matched

          0 4/4   response_time=0.5   -> hold: nothing-matches
         60 4/4   response_time=0.501 -> out to 6: rule-matched

          0 9/9   cpu=71 memory=81    -> out to 10: rule-matched rule-matched at-max
         60 10/10 cpu=71 memory=81    -> hold: rule-matched rule-matched at-max

          0 4/4   cpu=30              -> hold: nothing-matches
         60 4/4   cpu=29              -> hold: rule-matched stabilizing
        120 4/4   cpu=29              -> in to 3: rule-matched
        180 3/3   cpu=29              -> hold: rule-matched stabilizing cooldown-in
        239 3/3   cpu=29              -> hold: rule-matched stabilizing cooldown-in
240..360/60 3/3   cpu=29              -> hold: rule-matched anticipated-flapping
        420 3/3   cpu=29              -> in to 2: rule-matched
        540 2/2   cpu=29              -> hold: rule-matched at-min

          0 4/4   cpu=29 memory=none  -> hold: rule-matched reading-missing
         60 4/4   cpu=29 memory=none  -> hold: rule-matched reading-missing

          0 2/2   monitors=999        -> hold: nothing-matches
        300 2/2   monitors=1000       -> out to 3: below-min floor
        600 3/3   monitors=10000      -> out to 5: below-min floor
        900 5/5   monitors=100000     -> out to 10: below-min floor
    ",
    );
}

/// Hyperverge: the notifier, 2 to 5; it knows neither a queue nor a response time.
#[test]
fn hyperverge_notifier_stays_between_2_and_5() {
    walk(
        "hyperverge",
        "notifier",
        "
          0 2/2 cpu=70 memory=80 -> hold: nothing-matches
         60 2/2 cpu=71 memory=80 -> out to 4: rule-matched
        120 4/4 cpu=70 memory=81 -> out to 5: rule-matched at-max
        180 5/5 cpu=71 memory=81 -> hold: rule-matched rule-matched at-max

          0 3/3 cpu=29 memory=50 -> hold: rule-matched stabilizing
         60 3/3 cpu=29 memory=50 -> in to 2: rule-matched
        180 2/2 cpu=29 memory=50 -> hold: rule-matched at-min
    ",
    );
}

/// RoleFerry 2.1: the CPU at 70%, 3 to 20 tasks, 60 s out and 300 s in; and section 1, the API for so many users.
#[test]
fn roleferry_api_tracks_its_cpu_and_keeps_what_its_users_need() {
    walk(
        "roleferry",
        "api",
        "
        always requests=none

              60 4/4   cpu=77              -> hold: on-target
             120 4/4   cpu=78              -> out to 5: tracked
             179 5/5   cpu=-               -> hold: tracked still-starting
             480 5/5   cpu=90              -> out to 7: tracked

              60 16/16 cpu=99              -> out to 20: tracked at-max
             120 20/20 cpu=99              -> hold: tracked at-max

              60 1/1   cpu=70              -> out to 3: below-min

         60..240 5/5   cpu=50              -> hold: low-not-long-enough
             300 5/5   cpu=50              -> hold: tracked stabilizing
             360 5/5   cpu=50              -> in to 4: tracked
        420..600 4/4   cpu=50              -> hold: tracked
             660 4/4   cpu=50              -> hold: tracked stabilizing
             720 4/4   cpu=50              -> in to 3: tracked
        780..960 3/3   cpu=10              -> hold: tracked at-min

              60 3/3   cpu=70 users=9999   -> hold: on-target
             360 3/3   cpu=70 users=10000  -> out to 5: below-min floor
             660 5/5   cpu=70 users=100000 -> out to 20: below-min floor
    ",
    );
}
