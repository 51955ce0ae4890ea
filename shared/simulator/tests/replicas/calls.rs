//! What the simulated RDS answers to calls.

use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::replicas::decision::RecordChange;
use tidegate_policy::replicas::observation::DnsRecord;
use tidegate_simulator::rds::{
    Actor, CallAnswer, CallRefusal, Deed, InstanceStatus, ManualChange, RdsSettings, RdsTroubles,
    RecordsAnswer, SimulatedRds,
};

use crate::stage::{LOAD, create, delete, instance, minutes, put, record, settings, status, with_replicas};

#[track_caller]
fn refused(answer: CallAnswer, refusal: CallRefusal) {
    assert_eq!(answer, CallAnswer::Refused(refusal));
}

#[test]
fn calls_are_refused_as_rds_refuses_them() {
    let mut world = with_replicas(settings(1), &["reader"]);
    refused(world.call(&create("reader")), CallRefusal::AlreadyExists);
    refused(world.call(&delete("nobody")), CallRefusal::NotFound);
    refused(world.call(&delete("reader")), CallRefusal::AccessDenied);
    assert_eq!(world.call(&create("tidegate-shop-1")), CallAnswer::Taken);
    refused(world.call(&delete("tidegate-shop-1")), CallRefusal::InvalidState);
    minutes(&mut world, 24 * 60);
    world.change_by_hand(&ManualChange::Protect { nth: 1 });
    refused(world.call(&delete("tidegate-shop-1")), CallRefusal::Protected);
    world.change_by_hand(&ManualChange::Protect { nth: 1 });
    world.change_by_hand(&ManualChange::RebootSource);
    refused(world.call(&create("tidegate-shop-2")), CallRefusal::InvalidState);
    assert_eq!(world.call(&delete("tidegate-shop-1")), CallAnswer::Taken);
    refused(world.call(&delete("tidegate-shop-1")), CallRefusal::InvalidState);
    minutes(&mut world, 20);
    refused(world.call(&delete("tidegate-shop-1")), CallRefusal::NotFound);
}

#[test]
fn limits_of_account_source_and_capacity_are_kept() {
    let with = |change: fn(&mut RdsSettings)| {
        let mut setting = settings(2);
        change(&mut setting);
        SimulatedRds::new(setting, LOAD)
    };
    let mut full = with(|it| it.other_instances = 39);
    refused(full.call(&create("tidegate-shop-1")), CallRefusal::QuotaExceeded);
    let mut one_left = with(|it| it.other_instances = 38);
    assert_eq!(one_left.call(&create("tidegate-shop-1")), CallAnswer::Taken);
    refused(one_left.call(&create("tidegate-shop-2")), CallRefusal::QuotaExceeded);
    let mut without_backups = with(|it| it.backup_retention_days = 0);
    refused(without_backups.call(&create("tidegate-shop-1")), CallRefusal::InvalidState);
    let mut no_capacity = with(|it| it.troubles.capacity_refused = 1.0);
    refused(no_capacity.call(&create("tidegate-shop-1")), CallRefusal::InsufficientCapacity);
    let mut many = with(|it| it.other_instances = 0);
    for n in 0..15 {
        assert_eq!(many.call(&create(&format!("tidegate-shop-{n}"))), CallAnswer::Taken);
    }
    refused(many.call(&create("tidegate-shop-15")), CallRefusal::TooManyReplicas);
}

#[test]
fn a_call_may_take_effect_without_an_answer_and_fail_without_one() {
    let mut world = with_replicas(settings(3), &[]);
    world.set_troubles(RdsTroubles { answers_lost: 1.0, ..RdsTroubles::NONE });
    let answer = world.call(&create("tidegate-shop-1"));
    assert_eq!(answer.outcome(), CallOutcome::Unknown("no answer".to_owned()));
    assert_eq!(status(&world, "tidegate-shop-1"), Some(InstanceStatus::Creating));
    assert_eq!(world.change_records(&[put("tidegate-shop-1")]), RecordsAnswer::Unknown);
    assert_eq!(world.zone().records, [record("tidegate-shop-1")]);

    world.set_troubles(RdsTroubles { calls_failed: 1.0, ..RdsTroubles::NO_RECORDS });
    let answer = world.call(&create("tidegate-shop-2"));
    assert!(matches!(answer.outcome(), CallOutcome::Unknown(_)), "{answer:?}");
    assert_eq!(status(&world, "tidegate-shop-2"), None);
    assert_eq!(world.change_records(&[put("tidegate-shop-2")]), RecordsAnswer::Unknown);
    assert_eq!(world.zone().records.len(), 1);
    let ours: Vec<_> = world.happenings().iter().filter(|it| it.by == Actor::Tidegate).collect();
    assert!(matches!(ours.last().map(|it| &it.what), Some(Deed::Lost(_))));
}

#[test]
fn what_exists_and_what_is_gone_was_made_already() {
    let outcomes = [
        (CallRefusal::AlreadyExists, CallOutcome::Taken),
        (CallRefusal::NotFound, CallOutcome::Taken),
        (CallRefusal::QuotaExceeded, CallOutcome::Refused("InstanceQuotaExceeded".to_owned())),
    ];
    for (refusal, outcome) in outcomes {
        assert_eq!(CallAnswer::Refused(refusal).outcome(), outcome);
    }
}

#[test]
fn a_batch_is_made_as_a_whole_and_deletes_only_what_it_names_exactly() {
    let mut world = with_replicas(settings(4), &["one", "two"]);
    assert_eq!(world.change_records(&[put("one"), put("two")]), RecordsAnswer::Taken);
    let otherwise = DnsRecord { ttl: Some(60), ..record("one") };
    let batch = [RecordChange::Delete(record("two")), RecordChange::Delete(otherwise)];
    assert!(matches!(world.change_records(&batch), RecordsAnswer::Refused(_)));
    assert_eq!(world.zone().records.len(), 2, "nothing of the batch is made");
    let simple = DnsRecord { set_identifier: None, weight: None, ..record("one") };
    assert!(matches!(world.change_records(&[RecordChange::Put(simple)]), RecordsAnswer::Refused(_)));

    let other_ttl = DnsRecord { ttl: Some(60), ..record("three") };
    assert!(matches!(world.change_records(&[RecordChange::Put(other_ttl)]), RecordsAnswer::Refused(_)));
    world.change_by_hand(&ManualChange::CheckHealth);
    let unchecked = [RecordChange::Delete(record("two"))];
    assert!(
        matches!(world.change_records(&unchecked), RecordsAnswer::Refused(_)),
        "it has a health check now"
    );

    world.change_by_hand(&ManualChange::ZeroWeights);
    assert!(world.zone().is_all_zero());
    let shares: Vec<f64> = world.zone().answer().into_values().collect();
    assert_eq!(shares, [0.5, 0.5], "all weights 0 means all equal");
}

#[test]
fn what_somebody_else_does_is_theirs() {
    let mut world = with_replicas(settings(5), &["reader"]);
    world.change_by_hand(&ManualChange::DeleteReplica { nth: 4 });
    assert_eq!(status(&world, "reader"), Some(InstanceStatus::Deleting));
    minutes(&mut world, 20);
    assert!(instance(&world, "reader").is_none());
    assert!(world.happenings().iter().all(|it| it.by == Actor::SomeoneElse));
    let told = world.take_events();
    assert!(told.iter().any(|event| event.message == "DB instance deleted"), "{told:?}");

    world.set_troubles(RdsTroubles { events_missing: 1.0, ..RdsTroubles::NONE });
    world.change_by_hand(&ManualChange::RebootSource);
    minutes(&mut world, 20);
    assert_eq!(world.take_events(), [], "an event may be missing");
}
