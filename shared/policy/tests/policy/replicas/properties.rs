//! What holds whatever RDS, CloudWatch and operators do, in a small world of replicas. The large one, with crashes, is in
//! the simulator.

use proptest::prelude::*;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::decision::{InstanceCall, RecordChange, ReplicaDecision};
use tidegate_policy::replicas::observation::{Engine, Replication, Status};

use crate::replicas::{ReplicaLoad, Shop};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happens {
    Minutes(u32),
    /// The load of one replica, by its place.
    Shows(usize, ReplicaLoad),
    /// The status of one replica, by its place.
    Becomes(usize, Status),
    /// Its replication breaks, or is repaired.
    Replicates(usize, bool),
    /// Someone deletes it, and RDS shows it no more.
    Gone(usize),
    /// A new one becomes available.
    Arrives(usize),
    /// It is not ours, or protected.
    Marked(usize, bool),
    Metrics(bool),
    Records(bool),
    Instances(bool),
    Source(Status),
    Outcome(CallOutcome),
    Overridden(OverrideKind),
    /// All overrides end.
    Free,
    Notified(bool),
}

fn any_load() -> impl Strategy<Value = ReplicaLoad> {
    let of = |values: &'static [f64]| proptest::option::weighted(0.9, proptest::sample::select(values));
    (of(&[0.0, 10.0, 16.0, 90.0, -1.0]), of(&[0.0, 10.0, 29.0, 50.0, 90.0]), of(&[0.0, 1.0, 20.0]))
        .prop_map(|(lag, cpu, connections)| ReplicaLoad { lag, cpu, connections })
}

fn any_status() -> impl Strategy<Value = Status> {
    prop_oneof![
        6 => Just(Status::Available),
        1 => Just(Status::Creating),
        1 => Just(Status::Deleting),
        1 => Just(Status::Failed("failed".to_owned())),
        1 => Just(Status::Changing("rebooting".to_owned())),
    ]
}

fn any_kind() -> impl Strategy<Value = OverrideKind> {
    prop_oneof![
        (0..20_u32).prop_map(OverrideKind::Pin),
        (0..20_u32).prop_map(OverrideKind::Min),
        (0..20_u32).prop_map(OverrideKind::Max),
        (0..20_u32).prop_map(OverrideKind::Raise),
        Just(OverrideKind::Hold(Held::Both)),
        Just(OverrideKind::Hold(Held::ScaleIn)),
    ]
}

fn anything() -> impl Strategy<Value = Happens> {
    let outcome = prop_oneof![
        3 => Just(CallOutcome::Taken),
        1 => Just(CallOutcome::NotSent),
        1 => Just(CallOutcome::Refused("no".to_owned())),
        1 => Just(CallOutcome::Unknown("?".to_owned())),
    ];
    prop_oneof![
        8 => (1..30_u32).prop_map(Happens::Minutes),
        4 => (0..6_usize, any_load()).prop_map(|(which, load)| Happens::Shows(which, load)),
        2 => (0..6_usize, any_status()).prop_map(|(which, status)| Happens::Becomes(which, status)),
        1 => (0..6_usize, any::<bool>()).prop_map(|(which, is)| Happens::Replicates(which, is)),
        1 => (0..6_usize).prop_map(Happens::Gone),
        3 => (0..6_usize).prop_map(Happens::Arrives),
        1 => (0..6_usize, any::<bool>()).prop_map(|(which, ours)| Happens::Marked(which, ours)),
        1 => any::<bool>().prop_map(Happens::Metrics),
        1 => any::<bool>().prop_map(Happens::Records),
        1 => any::<bool>().prop_map(Happens::Instances),
        1 => any_status().prop_map(Happens::Source),
        1 => outcome.prop_map(Happens::Outcome),
        1 => any_kind().prop_map(Happens::Overridden),
        2 => Just(Happens::Free),
        1 => any::<bool>().prop_map(Happens::Notified),
    ]
}

fn a_shop() -> impl Strategy<Value = Shop> {
    let engine = prop_oneof![
        Just(Engine::MySql),
        Just(Engine::Aurora),
        Just(Engine::PostgreSql { major: 15, minor: 2 })
    ];
    (0..5_u32, 1..4_u32, 0..3_u32, engine).prop_map(|(replicas, min, more, engine)| {
        let out = "cpu > 70% for 5m";
        Shop::new(replicas).engine(engine).counting(min, min + more, out, "cpu < 30% for 15m")
    })
}

/// What RDS and Route 53 show while an answer fails, kept for later.
#[derive(Default)]
struct HiddenAnswers {
    instances: Option<tidegate_policy::replicas::observation::Instances>,
    records: Option<Vec<tidegate_policy::replicas::observation::DnsRecord>>,
}

impl HiddenAnswers {
    fn records(&mut self, shop: &mut Shop, read: bool) {
        shop.seen.records = match (read, shop.seen.records.take()) {
            (true, Some(Err(absence))) => Some(self.records.take().ok_or(absence)),
            (false, Some(Ok(records))) => {
                self.records = Some(records);
                Some(Err(crate::stage::refused()))
            }
            (_, records) => records,
        };
    }

    fn instances(&mut self, shop: &mut Shop, read: bool) {
        match (read, shop.seen.instances.clone()) {
            (true, Err(absence)) => shop.seen.instances = self.instances.take().ok_or(absence),
            (false, Ok(instances)) => {
                self.instances = Some(instances);
                shop.seen.instances = Err(crate::stage::refused());
            }
            _ => {}
        }
    }
}

fn play(
    shop: &mut Shop,
    kept: &mut HiddenAnswers,
    what: &Happens,
    mut check: impl FnMut(&Shop, &ReplicaDecision),
) {
    let id = |shop: &Shop, which: usize| {
        let all = &shop.seen.instances.as_ref().ok()?.replicas;
        all.get(which).map(|replica| replica.id.clone())
    };
    let of = |shop: &Shop, which: &usize| id(shop, *which);
    match what {
        Happens::Minutes(count) => {
            for _ in 0..*count {
                let mut before = shop.clone();
                let decision = shop.minute();
                before.now = shop.now;
                check(&before, &decision);
            }
        }
        Happens::Shows(which, load) => {
            if let Some(id) = of(shop, which) {
                shop.loads.insert(id, *load);
            }
        }
        Happens::Becomes(which, status) => {
            if let Some(id) = of(shop, which) {
                shop.replica(&id).status = status.clone();
            }
        }
        Happens::Replicates(which, is) => {
            if let Some(id) = of(shop, which) {
                let broken = Replication::Broken { status: "error".to_owned(), message: String::new() };
                shop.replica(&id).replication = if *is { Replication::Running } else { broken };
            }
        }
        Happens::Gone(which) => {
            if let Some(id) = of(shop, which) {
                shop.gone(&id);
            }
        }
        Happens::Arrives(which) => {
            if let Some(id) = of(shop, which) {
                shop.arrives(&id);
            }
        }
        Happens::Marked(which, ours) => {
            if let Some(id) = of(shop, which) {
                shop.replica(&id).is_ours = *ours;
            }
        }
        Happens::Metrics(are) => shop.metrics = *are,
        Happens::Records(read) => kept.records(shop, *read),
        Happens::Instances(read) => kept.instances(shop, *read),
        Happens::Source(status) => {
            if let Ok(instances) = &mut shop.seen.instances {
                instances.source.status = status.clone();
            }
        }
        Happens::Outcome(outcome) => shop.outcome = outcome.clone(),
        Happens::Overridden(kind) => *shop = shop.clone().overridden(*kind),
        Happens::Free => shop.overrides.clear(),
        Happens::Notified(is) => shop.notified = *is,
    }
}

/// What must hold of each decision, with the world that it was made in.
fn holds(shop: &Shop, decision: &ReplicaDecision) {
    assert!(!decision.reasons.is_empty());
    let policy = shop.policy.count.as_ref().unwrap();
    let Ok(instances) = &shop.seen.instances else {
        assert!(decision.call.is_none() && decision.records.is_empty(), "what is not read changes nothing");
        return;
    };
    let others = |id: &str| {
        let well = |it: &&tidegate_policy::replicas::observation::Replica| {
            it.id != id && it.status == Status::Available && it.replication == Replication::Running
        };
        u32::try_from(instances.replicas.iter().filter(well).count()).unwrap()
    };
    match &decision.call {
        Some(InstanceCall::Delete { replica }) => {
            let old = instances.replicas.iter().find(|it| it.id == *replica).expect("it is shown");
            assert!(old.is_ours && !old.is_protected && !old.is_source, "only ours");
            let is_pinned = !shop.overrides.is_empty();
            let least = if is_pinned { 1 } else { policy.min };
            let is_failed = matches!(old.status, Status::Failed(_));
            assert!(is_failed || others(replica) >= least, "never the last, never below min");
            let (source, all) = (&instances.source.status, &instances.replicas);
            let is_quiet = |it: &tidegate_policy::replicas::observation::Replica| {
                matches!(it.status, Status::Available | Status::Failed(_))
            };
            let is_free = *source == Status::Available && all.iter().all(is_quiet);
            assert!(is_failed || is_free, "one change at a time");
        }
        Some(InstanceCall::Create(new)) => {
            assert!(instances.replicas.iter().all(|it| it.id != new.id), "a name of its own");
            assert_eq!(instances.source.status, Status::Available);
            let there = |it: &&tidegate_policy::replicas::observation::Replica| {
                !matches!(it.status, Status::Failed(_) | Status::Deleting)
            };
            let count = instances.replicas.iter().filter(there).count();
            assert!(u32::try_from(count).unwrap() < policy.max, "never above max");
        }
        None => {}
    }
    records_hold(shop, decision);
}

/// Never empty: after each change of the batch something is left, and not all at weight 0.
fn records_hold(shop: &Shop, decision: &ReplicaDecision) {
    let Some(Ok(records)) = &shop.seen.records else {
        assert!(decision.records.is_empty());
        return;
    };
    let mut now = records.clone();
    for change in &decision.records {
        let (RecordChange::Put(record) | RecordChange::Delete(record)) = change;
        now.retain(|old| old.set_identifier != record.set_identifier);
        if let RecordChange::Put(record) = change {
            now.push(record.clone());
        }
        assert!(now.iter().any(|record| record.weight.is_some_and(|weight| weight > 0)), "never empty");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_others_is_removed_and_never_the_last(
        mut shop in a_shop(),
        story in proptest::collection::vec(anything(), 1..40),
    ) {
        let mut kept = HiddenAnswers::default();
        for what in &story {
            play(&mut shop, &mut kept, what, holds);
        }
    }

    #[test]
    fn an_emergency_adds_within_the_file_and_removes_nothing_while_it_lasts(
        mut shop in a_shop(),
        before in proptest::collection::vec(anything(), 0..15),
        asked in 0..20_u32,
        during in proptest::collection::vec(anything(), 1..25),
    ) {
        let mut kept = HiddenAnswers::default();
        for what in &before {
            play(&mut shop, &mut kept, what, |_, _| {});
        }
        shop.overrides.clear();
        let mut shop = shop.overridden(OverrideKind::Raise(asked));
        let is_asked = |what: &&Happens| matches!(what, Happens::Free | Happens::Overridden(_));
        for what in during.iter().filter(|what| !is_asked(what)) {
            play(&mut shop, &mut kept, what, |shop, decision| {
                holds(shop, decision);
                assert!(!matches!(decision.call, Some(InstanceCall::Delete { .. })), "{:?}", decision.reasons);
                let begins = decision.memory.change.as_ref().filter(|_| shop.memory.change.is_none());
                assert!(begins.is_none_or(|change| change.step.adds()), "{:?}", decision.reasons);
            });
        }
    }

    #[test]
    fn without_metrics_no_removal_begins(
        mut shop in a_shop(),
        story in proptest::collection::vec(anything(), 1..25),
    ) {
        let mut kept = HiddenAnswers::default();
        for what in &story {
            play(&mut shop, &mut kept, what, |_, _| {});
        }
        shop.overrides.clear();
        shop.memory.change = None;
        for blind in [true, false] {
            let mut shop = shop.clone();
            shop.metrics = !blind;
            shop.all(|load| *load = ReplicaLoad { lag: None, cpu: None, connections: None });
            // What was measured before the metrics stopped may still prove that the load is low.
            for _ in 0..20 {
                shop.minute();
            }
            shop.memory.change = None;
            let count = |shop: &Shop| shop.seen.instances.as_ref().map_or(0, |it| it.replicas.len());
            let is_above = count(&shop) > usize::try_from(shop.policy.count.as_ref().unwrap().max).unwrap();
            for _ in 0..20 {
                let decision = shop.minute();
                let begins = decision.memory.change.as_ref().is_some_and(|change| !change.step.adds() && !change.failed);
                prop_assert!(!begins || is_above, "blind {blind}: {:?}", decision.reasons);
            }
        }
    }

    #[test]
    fn deciding_twice_is_the_same_and_harmless(
        mut shop in a_shop(),
        story in proptest::collection::vec(anything(), 1..25),
    ) {
        let mut kept = HiddenAnswers::default();
        for what in &story {
            play(&mut shop, &mut kept, what, |_, _| {});
        }
        let first = shop.peek_as("first");
        prop_assert_eq!(&first, &shop.peek_as("first"));
        // Another evaluation at the same moment, with what the first remembered, sends nothing.
        shop.memory = first.memory;
        let second = shop.peek_as("second");
        prop_assert!(first.call.is_none() || second.call.is_none());
    }
}
