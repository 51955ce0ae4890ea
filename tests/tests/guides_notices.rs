//! What the guides want reported, walked through every threshold for its whole duration: reported once when it is passed
//! and once when that ends; `tidegate_tests::walk` says how a row reads.

use tidegate_tests::walk::walk;

/// Mercenary, "Alerting Thresholds": reported when they are passed and when that ends, and not in between. "Disk Space" is that of
/// the database, and is walked with it.
#[test]
fn mercenary_reports_its_thresholds() {
    walk(
        "mercenary",
        "api",
        "
        always cpu=50 memory=65 requests=none request_queue=none response_time=none errors=none response_time_p99=none

         60 20/20 cpu=70                  -> hold: nothing-matches
        120 20/20 cpu=71                  -> hold: rule-not-long-enough; warning: cpu > 70%
        180 20/20 cpu=90                  -> hold: rule-not-long-enough
        240 20/20 cpu=91                  -> hold: rule-not-long-enough; critical: cpu > 90%
        300 20/20 cpu=71                  -> hold: rule-not-long-enough; resolved: cpu > 90%
        360 20/20 cpu=70                  -> hold: nothing-matches; resolved: cpu > 70%

         60 20/20 memory=80               -> hold: nothing-matches
        120 20/20 memory=81               -> hold: rule-not-long-enough; warning: memory > 80%
        180 20/20 memory=95               -> hold: rule-not-long-enough
        240 20/20 memory=96               -> hold: rule-not-long-enough; critical: memory > 95%

         60 20/20 errors=1                -> hold: nothing-matches
        120 20/20 errors=1.01             -> hold: nothing-matches; warning: errors > 1%
        180 20/20 errors=5                -> hold: nothing-matches
        240 20/20 errors=5.01             -> hold: nothing-matches; critical: errors > 5%

         60 20/20 response_time_p99=1     -> hold: nothing-matches
        120 20/20 response_time_p99=1.001 -> hold: nothing-matches; warning: response_time_p99 > 1s
        180 20/20 response_time_p99=2     -> hold: nothing-matches
        240 20/20 response_time_p99=2.001 -> hold: nothing-matches; critical: response_time_p99 > 2s
    ",
    );
}

/// CloudSync, "Alert Thresholds": memory > 85% for 3 minutes pages; error rate > 1% is an incident; DB connections > 80% of
/// 1,000.
#[test]
fn cloudsync_reports_its_alert_thresholds() {
    walk(
        "cloudsync",
        "api",
        "
        always cpu=70 memory=50 errors=none db_connections=50

         60..600 4/4 memory=85           -> hold: on-target

         60..120 4/4 memory=86           -> hold: on-target
             180 4/4 memory=86           -> hold: on-target; critical: memory > 85% for 3m
        240..600 4/4 memory=86           -> hold: on-target
             660 4/4 memory=85           -> hold: on-target; resolved: memory > 85% for 3m
             720 4/4 memory=85           -> hold: on-target

              60 4/4 errors=1            -> hold: on-target
             120 4/4 errors=1.01         -> hold: on-target; critical: errors > 1%
             180 4/4 errors=none         -> hold: on-target
             240 4/4 errors=0            -> hold: on-target; resolved: errors > 1%

              60 4/4 db_connections=80   -> hold: on-target
             120 4/4 db_connections=80.1 -> hold: on-target; warning: db_connections > 80%
             180 4/4 db_connections=-    -> hold: on-target
             240 4/4 db_connections=80   -> hold: on-target; resolved: db_connections > 80%
    ",
    );
}

/// Green Matchers, "Right-Sizing Instances": below 20% or above 80% over 7 days; and the ends of phases 1 and 2 in requests.
#[test]
fn green_matchers_reports_when_its_instances_or_its_phase_are_too_small_or_too_large() {
    walk(
        "green-matchers",
        "api",
        "
        always cpu=50 requests=none

        300..604500/300 10/10 cpu=81          -> hold: rule-matched at-max
                 604800 10/10 cpu=81          -> hold: rule-matched at-max; warning: cpu > 80% for 7d
                 605100 10/10 cpu=80          -> hold: nothing-matches; resolved: cpu > 80% for 7d

        300..604500/300 2/2   cpu=19          -> hold: rule-matched at-min
                 604800 2/2   cpu=19          -> hold: rule-matched at-min; warning: cpu < 20% for 7d

               60..7200 10/10 requests=60000  -> hold: nothing-matches

               60..3540 10/10 requests=60001  -> hold: nothing-matches
                   3600 10/10 requests=60001  -> hold: nothing-matches; warning: requests > 60000 for 1h
                   3660 10/10 requests=60000  -> hold: nothing-matches; resolved: requests > 60000 for 1h

               60..3540 10/10 requests=300001 -> hold: nothing-matches
                   3600 10/10 requests=300001 -> hold: nothing-matches; warning: requests > 60000 for 1h; critical: requests > 300000 for 1h
    ",
    );
}

/// RoleFerry 6.1: more than 10,000 requests a second are the time to extract services.
#[test]
fn roleferry_reports_when_services_should_be_extracted() {
    walk(
        "roleferry",
        "api",
        "
        always cpu=70

        60..7200 20/20 requests=600000 -> hold: on-target

        60..3540 20/20 requests=600001 -> hold: on-target
            3600 20/20 requests=600001 -> hold: on-target; warning: requests > 600000 for 1h
            3660 20/20 requests=600000 -> hold: on-target; resolved: requests > 600000 for 1h
    ",
    );
}
