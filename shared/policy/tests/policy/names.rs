//! What can be compared, tracked and kept, by its name and as reports write it.

use tidegate_policy::{AlarmName, MetricName, Severity, Signal, Unit};

use crate::floor::monitors;
use crate::stage::signal;
use crate::track::track;

/// Every built-in name with its unit, whether the queue shows it, and whether fewer tasks make it larger.
#[test]
fn every_built_in_name_is_a_signal_of_its_own_that_is_written_as_it_is_read() {
    let names = [
        ("waiting", Some(Unit::Count), true, false),
        ("in_flight", Some(Unit::Count), true, false),
        ("depth", Some(Unit::Count), true, false),
        ("due", Some(Unit::Count), true, false),
        ("delayed", Some(Unit::Count), true, false),
        ("waiting_per_task", Some(Unit::Count), true, true),
        ("stalled_for", Some(Unit::Seconds), true, false),
        ("cpu", Some(Unit::Percent), false, true),
        ("memory", Some(Unit::Percent), false, true),
    ];
    assert_eq!(names.map(|(name, ..)| name), Signal::BUILT_IN);
    for (name, unit, of_queue, shared) in names {
        let signal = Signal::built_in(name).unwrap();
        assert_eq!(signal.to_string(), name);
        assert_eq!((signal.unit(), signal.is_of_queue()), (unit, of_queue), "{name}");
        assert_eq!(signal.is_shared_by_tasks(), shared, "{name}");
        assert_eq!(signal.metric().is_some(), !of_queue, "{name}");
        assert_eq!(MetricName::new(name).is_some(), !of_queue, "{name}: no metric may hide a queue signal");
    }
    assert_eq!(Signal::built_in("requests"), None);
}

#[test]
fn a_total_by_the_tasks_and_an_alarm_are_written_as_they_are_read() {
    for (name, unit, shared) in [
        ("requests", None, false),
        ("requests_per_task", None, true),
        ("alarm(api-5xx)", Some(Unit::Count), false),
    ] {
        let signal = signal(name);
        assert_eq!(signal.to_string(), name);
        assert_eq!((signal.unit(), signal.is_shared_by_tasks()), (unit, shared), "{name}");
        assert!(!signal.is_of_queue(), "{name}");
    }
}

#[test]
fn names_that_the_fleet_file_may_not_write_are_refused() {
    let longest = "a".repeat(64);
    for name in ["requests", "p99_2", longest.as_str()] {
        assert_eq!(MetricName::new(name).map(|name| name.as_str().to_owned()), Some(name.to_owned()));
    }
    let too_long = "a".repeat(65);
    for name in ["", "Requests", "2xx", "_p99", "p-99", "errors %", "waiting", too_long.as_str()] {
        assert_eq!(MetricName::new(name), None, "{name}");
    }
    let longest = "a".repeat(255);
    for name in ["api-5xx", "CPU high (prod", longest.as_str()] {
        assert_eq!(AlarmName::new(name).map(|name| name.as_str().to_owned()), Some(name.to_owned()));
    }
    let too_long = "a".repeat(256);
    for name in ["", " api", "api ", "a\tb", "a)b", too_long.as_str()] {
        assert_eq!(AlarmName::new(name), None, "{name}");
    }
}

#[test]
fn a_tracker_and_a_floor_table_are_written_with_all_their_numbers() {
    assert_eq!(track("cpu", 70.0).to_string(), "cpu at 70%");
    assert_eq!(track("cpu", 70.0).low().to_string(), "cpu < 63% for 5m");
    assert_eq!(track("requests_per_task", 1_000.0).low().to_string(), "requests_per_task < 900 for 5m");
    assert_eq!(monitors().to_string(), "by monitors: 2 from 100, 5 from 1000, 15 from 10000, 50 from 100000");
}

#[test]
fn a_severity_is_written_as_in_json() {
    let all = [Severity::Info, Severity::Warning, Severity::Critical];
    assert_eq!(all.map(Severity::code), ["info", "warning", "critical"]);
    for severity in all {
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.code());
    }
}
