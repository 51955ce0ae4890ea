//! The records of the name that reads go to: never empty, never all at weight 0, and never touched where that is not sure.

use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::decision::RecordChange;
use tidegate_policy::replicas::observation::{DnsRecord, Replication, Status};

use crate::replicas::{Shop, host, record, told, why};

#[test]
fn one_record_of_equal_weight_for_each_that_may_answer() {
    let mut shop = Shop::new(2);
    shop.seen.records = Some(Ok(vec![]));
    let decision = shop.minute();
    assert_eq!(decision.records, [RecordChange::Put(record("shop-1")), RecordChange::Put(record("shop-2"))]);
    assert_eq!(shop.minute().records, [], "and then they are as they should be");
}

#[test]
fn what_differs_is_written_anew_and_what_is_the_same_is_not() {
    let same: [fn(&mut DnsRecord); 2] = [
        |record| record.values = vec![format!("{}.", host("shop-1"))],
        |record| record.values = vec![host("shop-1").to_uppercase()],
    ];
    let different: [fn(&mut DnsRecord); 4] = [
        |record| record.weight = Some(0),
        |record| record.ttl = Some(300),
        |record| record.values = vec![host("shop-9")],
        |record| record.values = vec![],
    ];
    let changed = |change: fn(&mut DnsRecord)| {
        let mut shop = Shop::new(1);
        change(&mut shop.seen.records.as_mut().unwrap().as_mut().unwrap()[0]);
        shop.minute().records
    };
    for change in same {
        assert_eq!(changed(change), []);
    }
    for change in different {
        assert_eq!(changed(change), [RecordChange::Put(record("shop-1"))]);
    }
}

#[test]
fn puts_come_before_deletes() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.seen.records = Some(Ok(vec![record("shop-9"), record("shop-8")]));
    let decision = shop.minute();
    let is_put = |change: &RecordChange| matches!(change, RecordChange::Put(_));
    assert_eq!(decision.records.iter().map(is_put).collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn the_least_lagging_stays_where_all_lag() {
    let mut shop = Shop::new(3);
    shop.load("shop-1").lag = Some(90.0);
    shop.load("shop-2").lag = Some(40.0);
    shop.load("shop-3").lag = Some(60.0);
    let decision = shop.minutes(12);
    assert_eq!(shop.answers(), ["shop-2"]);
    assert!(why(&decision).contains("shop-2 is the best of them and stays"), "{}", why(&decision));
    // It stays although another one is less behind now: reads do not move every minute.
    shop.load("shop-3").lag = Some(39.0);
    shop.minutes(12);
    assert_eq!(shop.answers(), ["shop-2"]);
}

#[test]
fn a_broken_one_stays_only_where_no_other_is_available() {
    let broken = |status: &str| Replication::Broken { status: status.to_owned(), message: String::new() };
    let mut shop = Shop::new(2);
    shop.minute();
    shop.replica("shop-1").replication = broken("error");
    shop.load("shop-2").lag = Some(90.0);
    shop.minutes(12);
    assert_eq!(shop.answers(), ["shop-2"]);
    shop.replica("shop-2").status = Status::Changing("rebooting".to_owned());
    shop.minute();
    assert_eq!(shop.answers(), ["shop-1"]);
}

#[test]
fn without_any_replica_the_source_answers_and_that_is_critical() {
    let mut shop = Shop::new(1);
    shop.minute();
    shop.replica("shop-1").status = Status::Failed("failed".to_owned());
    let decision = shop.minute();
    assert_eq!(shop.answers(), ["source"]);
    assert!(told(&decision).contains(&"+reads on source!".to_owned()), "{:?}", told(&decision));
    shop.replica("shop-1").status = Status::Available;
    let decision = shop.minute();
    assert_eq!(shop.answers(), ["shop-1"]);
    assert!(told(&decision).contains(&"-reads on source!".to_owned()), "{:?}", told(&decision));
}

#[test]
fn a_backup_or_a_change_of_the_only_replica_sends_no_reads_to_the_source() {
    let status = |word: &str| Status::Changing(word.to_owned());
    for word in ["backing-up", "modifying", "configuring-log-exports"] {
        let mut shop = Shop::new(1);
        shop.minutes(3);
        shop.replica("shop-1").status = status(word);
        let all: Vec<String> = (0..20).flat_map(|_| told(&shop.minute())).collect();
        assert_eq!((shop.answers(), all), (vec!["shop-1".to_owned()], vec![]), "{word}");
    }
    for word in ["rebooting", "stopped", "upgrading", "storage-full"] {
        let mut shop = Shop::new(1);
        shop.minutes(3);
        shop.replica("shop-1").status = status(word);
        assert!(told(&shop.minute()).contains(&"+reads on source!".to_owned()), "{word}");
    }
    // A change of the class restarts it: where another answers, that one does.
    let mut shop = Shop::new(2);
    shop.minutes(3);
    shop.replica("shop-1").status = status("modifying");
    shop.replica("shop-2").status = status("backing-up");
    shop.minute();
    assert_eq!(shop.answers(), ["shop-2"]);
}

#[test]
fn in_observe_mode_no_record_is_said_to_lead_to_the_source() {
    let mut shop = Shop::new(1);
    shop.observe = true;
    shop.minute();
    shop.replica("shop-1").status = Status::Failed("failed".to_owned());
    let decision = shop.minute();
    assert!(
        !told(&decision).iter().any(|notice| notice.contains("reads on source")),
        "{:?}",
        told(&decision)
    );
    assert!(decision.records.is_empty());
}

#[test]
fn the_last_one_that_is_not_shown_keeps_its_record_for_three_minutes() {
    let mut shop = Shop::new(1);
    shop.minute();
    shop.gone("shop-1");
    for _ in 0..3 {
        assert_eq!(shop.minute().records, []);
    }
    shop.minutes(2);
    assert_eq!(shop.answers(), ["source"]);
}

#[test]
fn nothing_is_written_where_no_endpoint_is_known() {
    let mut shop = Shop::new(0);
    shop.instances().source.endpoint = None;
    let decision = shop.minute();
    assert_eq!(decision.records, []);
    assert!(why(&decision).contains("no instance has an endpoint yet"), "{}", why(&decision));
}

#[test]
fn records_of_others_are_left_alone() {
    let mut shop = Shop::new(1);
    let other = DnsRecord { set_identifier: Some("by hand".to_owned()), weight: Some(0), ..record("old") };
    shop.seen.records.as_mut().unwrap().as_mut().unwrap().push(other.clone());
    shop.minutes(3);
    assert!(shop.seen.records.clone().unwrap().unwrap().contains(&other));
}

#[test]
fn a_record_of_another_kind_is_a_conflict_and_nothing_is_changed() {
    let plain = DnsRecord { set_identifier: None, weight: None, ..record("shop-1") };
    let address = DnsRecord { kind: "A".to_owned(), ..record("shop-1") };
    for other in [plain, address] {
        let mut shop = Shop::new(2);
        shop.seen.records = Some(Ok(vec![other]));
        let decision = shop.minute();
        assert_eq!(decision.records, []);
        assert_eq!(told(&decision), ["+record conflict"]);
        shop.seen.records = Some(Ok(vec![]));
        assert_eq!(told(&shop.minute()), ["-record conflict"]);
    }
}

#[test]
fn a_record_of_others_with_another_ttl_is_a_conflict_that_names_both() {
    let by_hand = |ttl| DnsRecord { set_identifier: Some("by hand".to_owned()), ttl, ..record("old") };
    let mut shop = Shop::new(2);
    shop.seen.records = Some(Ok(vec![by_hand(Some(60))]));
    let decision = shop.minute();
    assert_eq!(
        (decision.records.as_slice(), told(&decision)),
        (&[][..], vec!["+record conflict".to_owned()])
    );
    let both = "the record `by hand` of others has the TTL 60s and those of Tidegate 5s";
    assert!(why(&decision).contains(both), "{}", why(&decision));
    assert!(decision.notices[0].cause.as_ref().unwrap().contains(both));
    // The fleet file follows the record.
    let mut follows = shop.clone();
    follows.policy.dns.as_mut().unwrap().ttl = 60;
    assert_eq!(told(&follows.minute()), ["-record conflict"]);
    assert_eq!(follows.answers(), ["by hand", "shop-1", "shop-2"]);
    // An alias has no TTL of its own.
    shop.seen.records = Some(Ok(vec![by_hand(None)]));
    assert_eq!(told(&shop.minute()), ["-record conflict"]);
}

#[test]
fn another_ttl_in_the_fleet_file_changes_all_of_ours_at_once() {
    let mut shop = Shop::new(2);
    shop.seen.records.as_mut().unwrap().as_mut().unwrap().push(record("shop-9"));
    shop.policy.dns.as_mut().unwrap().ttl = 10;
    assert_eq!(shop.minute().records.len(), 3, "two are written, and one is deleted");
    let ttls: Vec<_> = shop.seen.records.clone().unwrap().unwrap().iter().map(|it| it.ttl).collect();
    assert_eq!(ttls, [Some(10), Some(10)]);
}

#[test]
fn a_health_check_on_a_record_of_ours_stays_and_is_named_when_it_is_deleted() {
    let checked = |id: &str| DnsRecord { health_check: Some("check-1".to_owned()), ..record(id) };
    let mut shop = Shop::new(2);
    shop.seen.records = Some(Ok(vec![checked("shop-1"), checked("shop-2")]));
    assert_eq!(shop.minute().records, [], "nothing is to be changed");
    shop.replica("shop-1").endpoint = Some("elsewhere.example".to_owned());
    let decision = shop.minute();
    let moved = DnsRecord { values: vec!["elsewhere.example".to_owned()], ..checked("shop-1") };
    assert_eq!(decision.records, [RecordChange::Put(moved)]);
    shop.load("shop-2").lag = Some(90.0);
    let deleted = (0..12).find_map(|_| shop.minute().records.first().cloned());
    assert_eq!(deleted, Some(RecordChange::Delete(checked("shop-2"))));
}

#[test]
fn records_that_cannot_be_read_are_not_changed() {
    let mut shop = Shop::new(2);
    shop.minute();
    shop.load("shop-2").lag = Some(90.0);
    shop.seen.records = Some(Err(crate::stage::refused()));
    let all: Vec<String> = (0..12)
        .flat_map(|_| {
            let decision = shop.minute();
            assert_eq!(decision.records, []);
            told(&decision)
        })
        .collect();
    assert_eq!(all, ["+lag", "+records unreadable"]);
}

#[test]
fn a_lost_memory_takes_no_record_away() {
    let mut shop = Shop::new(3);
    shop.minutes(2);
    shop.memory = tidegate_policy::replicas::memory::DatabaseMemory::default();
    shop.metrics = false;
    assert_eq!(shop.minute().records, []);
    assert_eq!(shop.answers(), ["shop-1", "shop-2", "shop-3"]);
}

#[test]
fn without_a_record_in_the_fleet_file_none_is_kept() {
    let mut shop = Shop::new(2);
    (shop.policy.dns, shop.seen.records) = (None, None);
    assert_eq!(shop.minute().records, []);
}

#[test]
fn a_hold_keeps_the_count_and_records_follow() {
    let mut shop =
        Shop::new(2).counting(3, 5, "cpu > 70% for 5m", "").overridden(OverrideKind::Hold(Held::Both));
    shop.load("shop-2").lag = Some(90.0);
    let decision = shop.minutes(12);
    assert!(why(&decision).contains("an operator holds the count"), "{}", why(&decision));
    assert_eq!(shop.answers(), ["shop-1"]);
}
