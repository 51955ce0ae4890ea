//! Databases in the profiles of `emergency`: the least number of replicas of each.

use tidegate_fleet::{Fleet, Profile};

use crate::mistakes::check_problems;
use crate::taken::taken;

/// A service, a database of 2 to 5 replicas, one that is only observed, and one whose replicas are only watched.
fn text(profiles: &str) -> String {
    format!(
        "version: 1
name: shop
mode: enforce
services:
  - {{ name: web, asg: web, capacity: {{ min: 2, max: 10 }}, track: {{ signal: cpu, target: 70% }} }}
databases:
  - name: main
    aurora: shop
    replicas: {{ lag: 1s, min: 2, max: 5, out: cpu > 70%, in: cpu < 30% }}
  - {{ name: reports, aurora: reports, mode: observe, replicas: {{ min: 1, max: 5, out: cpu > 70%, in: cpu < 30% }} }}
  - {{ name: legacy, rds: legacy, replicas: {{ lag: 15s }} }}
emergency:
  profiles: {{ {profiles} }}
"
    )
}

fn replicas(fleet: &Fleet, profile: &str) -> Vec<(String, u32)> {
    fleet.emergency().profile(profile).map(|it| it.replicas.clone()).unwrap_or_default()
}

#[test]
fn a_profile_names_databases_beside_services() {
    let fleet = taken(&text("spike: { web: 8, main: 4 }, reads: { main: 2 }"));
    let spike = fleet.emergency().profile("spike").expect("it is written");
    assert_eq!((spike.sizes.len(), spike.size("web"), spike.size("main")), (1, Some(8), None));
    assert_eq!(replicas(&fleet, "spike"), [("main".to_owned(), 4)]);
    assert_eq!(
        replicas(&fleet, "reads"),
        [("main".to_owned(), 2)],
        "the minimum is allowed: none is removed"
    );
    assert!(fleet.emergency().names_database("main") && !fleet.emergency().names_database("legacy"));
}

#[test]
fn max_names_databases_and_nothing_else() {
    let fleet = taken(&text("max: { main: 5 }"));
    assert_eq!(replicas(&fleet, Profile::MAX), [("main".to_owned(), 5)]);
    for profiles in ["max: { main: 5, web: 9 }", "max: { web: 9, api: 2 }"] {
        check_problems(&text(profiles), &[("reserved-name", "max", "as in `max: { db: 3 }`")]);
    }
    check_problems(&text("Max: { main: 5 }"), &[("reserved-name", "Max", "there already")]);
}

#[test]
fn replicas_beyond_the_bounds_are_refused_with_what_is_allowed() {
    let refused = |profiles: &str, part: &str, words: &str| {
        check_problems(&text(profiles), &[("profile-above-capacity", part, words)]);
    };
    refused("spike: { main: 6 }", "6", "`main: 6` lies above `max` 5 of the replicas of `main`");
    refused("spike: { main: 6 }", "6", "allowed: 2 to 5 replicas");
    refused("shed: { web: 2, main: 1 }", "1", "lies below `min` 2: an emergency never removes a replica");
    refused("shed: { main: 0 }", "0", "an emergency never removes a replica");
    refused("spike: { legacy: 2 }", "2", "the number of replicas of `legacy` is not Tidegate's to change");
    let unknown =
        [("unknown-service", "mian", "the unknown service or database `mian`; did you mean `main`?")];
    check_problems(&text("spike: { mian: 3 }"), &unknown);
    check_problems(&text("spike: { main: +2 }"), &[("not-a-number", "+2", "digits only")]);
}

#[test]
fn a_database_that_is_only_observed_is_warned_about() {
    let fleet = taken(&text("spike: { reports: 3, main: 3 }"));
    let warnings: Vec<String> = fleet.warnings().iter().map(ToString::to_string).collect();
    let is_named = |it: &String| it.contains("sizes `reports`, which is in mode `observe`");
    assert!(warnings.iter().any(is_named), "{warnings:?}");
}
