//! What replicas and classes of databases share: what a class has, what a notice says, and how a call is written.

use tidegate_policy::Severity;
use tidegate_policy::database::call::DatabaseCall;
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};
use tidegate_policy::database_class::{baseline_iops, memory_mib};

use crate::stage::noon;

#[test]
fn every_size_has_its_memory_and_its_operations() {
    for (size, gib, iops) in [
        ("micro", 1, 500),
        ("small", 2, 1_000),
        ("medium", 4, 2_000),
        ("large", 8, 4_000),
        ("xlarge", 16, 4_000),
        ("2xlarge", 32, 4_000),
    ] {
        let class = format!("db.t4g.{size}");
        assert_eq!((memory_mib(&class), baseline_iops(&class)), (Some(gib * 1_024), Some(iops)), "{class}");
    }
    for (size, gib, iops) in [
        ("large", 8, 3_600),
        ("xlarge", 16, 6_000),
        ("2xlarge", 32, 12_000),
        ("4xlarge", 64, 18_750),
        ("8xlarge", 128, 30_000),
        ("12xlarge", 192, 40_000),
        ("16xlarge", 256, 60_000),
        ("24xlarge", 384, 80_000),
    ] {
        let (class, memory) = (format!("db.m6g.{size}"), format!("db.r6g.{size}"));
        assert_eq!((memory_mib(&class), baseline_iops(&class)), (Some(gib * 1_024), Some(iops)), "{class}");
        assert_eq!(
            (memory_mib(&memory), baseline_iops(&memory)),
            (Some(gib * 2_048), Some(iops)),
            "{memory}"
        );
    }
}

fn notice(phase: NoticePhase, verdict: &str) -> DatabaseNotice {
    DatabaseNotice {
        about: "lag".to_owned(),
        severity: Severity::Critical,
        phase,
        verdict: verdict.to_owned(),
        cause: Some("above 15s".to_owned()),
        advice: Some("Look at the replica.".to_owned()),
    }
}

#[test]
fn a_notice_says_that_what_ends_is_resolved_once() {
    use NoticePhase::{Begins, Ends, Happened};
    for (phase, verdict, headline, weight) in [
        (Begins, "shop-2 lags", "shop-2 lags", Severity::Critical),
        (Happened, "shop-2 is gone", "shop-2 is gone", Severity::Critical),
        (Ends, "replicas lag no more", "RESOLVED: replicas lag no more", Severity::Info),
        (Ends, "RESOLVED: lag 2s", "RESOLVED: lag 2s", Severity::Info),
    ] {
        let notice = notice(phase, verdict);
        assert_eq!((notice.headline().as_str(), notice.weight()), (headline, weight));
    }
    assert_eq!([Begins, Ends, Happened].map(NoticePhase::code), ["begins", "ends", "happened"]);
}

#[test]
fn a_notice_is_its_headline_its_cause_and_what_to_do() {
    let mut notice = notice(NoticePhase::Begins, "shop-2 lags");
    assert_eq!(notice.to_string(), "shop-2 lags: above 15s. Look at the replica.");
    (notice.cause, notice.advice) = (None, None);
    assert_eq!(notice.to_string(), "shop-2 lags");
}

#[test]
fn a_call_is_written_with_what_is_not_usual_of_it_only() {
    let written = |taken, failures| {
        let call = DatabaseCall { evaluation: "e1".to_owned(), at: noon(), taken, failures };
        serde_json::to_value(call).expect("it can be written")
    };
    let keys = |taken, failures| {
        let value = written(taken, failures);
        value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(false, 0), "at evaluation");
    assert_eq!(keys(true, 2), "at evaluation failures taken");
}
