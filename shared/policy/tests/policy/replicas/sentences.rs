//! What operators read at three in the morning about replicas: a sentence for every reason, as one golden text, and the
//! notices of the days on which most happens.

use std::fmt::Write as _;

use tidegate_policy::overrides::{Held, OverrideKind};
use tidegate_policy::replicas::observation::Status;
use tidegate_policy::replicas::reason::ReplicaReason as R;
use tidegate_policy::replicas::why::{KeptWhy, VetoWhy};

use crate::replicas::{GIB, Shop, why};
use crate::stage::{condition, noon, refused, seconds};

macro_rules! reasons {
    ($($variant:ident,)*) => {
        /// Every reason. A new variant does not compile until it stands here, and then needs an example below.
        const NAMES: &[&str] = &[$(stringify!($variant)),*];

        fn name(reason: &R) -> &'static str {
            match reason { $(R::$variant { .. } => stringify!($variant),)* }
        }
    };
}

reasons! {
    Unreadable, Observed, Overridden, OverrideClamped, OverrideUndated, IntentPending, Requested, SentAgain, Creating,
    CatchingUp, Added, NotAdded, CleanedUp, Delete, DeleteRequested, Draining, DrainingRecord, DrainingUnknown, Kept, Deleting, Removed, NotRemoved,
    Missed, Vanished, Promoted, Writer, Lags, Recovered, SourceIdle, LagUnknown, Broken, Replicates, SlotDisk, RecordsUnreadable,
    RecordConflict, RecordTtl, RecordPut, RecordDeleted, OneStays, ReadsOnSource, NoEndpoint, NotAvailable, Pending, BlueGreen, BelowMin, AboveMax,
    Pinned, ScaleOut, NotLongEnough, ScaleIn, ScaleInNotLongEnough, ScaleInVeto, WouldScaleOut, Cooldown, BackingOff, AtMax,
    Held, TooFewLeft, NoneToRemove, EngineLimit, NoBackups, ZonePassedOver, NoCapacity, NoDns, Create,
    Remove, NothingToDo,
}

fn new() -> String {
    "tidegate-shop-1".to_owned()
}

fn in_force() -> Vec<R> {
    let (until, kind) = (noon() + seconds(3_600), OverrideKind::Pin(3));
    let (who, why) = ("alice".to_owned(), "launch day".to_owned());
    vec![
        R::Unreadable { absence: refused() },
        R::Observed,
        R::Overridden { kind, until, who, why },
        R::OverrideClamped { kind: OverrideKind::Min(90), max: 5 },
        R::OverrideUndated { kind: OverrideKind::Hold(Held::Both), until },
    ]
}

fn changes() -> Vec<R> {
    let (since, replica, until) = (noon(), new(), noon() + seconds(600));
    let took = seconds(1_475);
    let catching_up =
        |lag, is_initialized| R::CatchingUp { replica: new(), lag, is_initialized, limit: 15.0 };
    let kept = |why| R::Kept { replica: "shop-3".to_owned(), why };
    vec![
        R::IntentPending { replica: new(), evaluation: "168d665a".to_owned(), until: noon() + seconds(90) },
        R::Requested { replica: new(), since },
        R::SentAgain { replica: new(), failures: 0 },
        R::SentAgain { replica: new(), failures: 2 },
        R::Creating { replica: new(), since },
        catching_up(Some(900.0), false),
        catching_up(Some(900.0), true),
        catching_up(None, true),
        R::Added { replica: new(), took },
        R::NotAdded { replica: new(), cause: "InsufficientDBInstanceCapacity".to_owned() },
        R::CleanedUp { replica: new(), status: "incompatible-network".to_owned() },
        R::Draining { replica: new(), connections: Some(1.0), until },
        R::Draining { replica: new(), connections: Some(1_204.0), until },
        R::Draining { replica: new(), connections: None, until },
        R::DrainingRecord { replica: new() },
        R::DrainingUnknown { replica: new() },
        kept(KeptWhy::Held),
        kept(KeptWhy::LoadRose),
        kept(KeptWhy::TooFewLeft),
        kept(KeptWhy::LoadUnknown),
        kept(KeptWhy::Blocked),
        kept(KeptWhy::Failed),
        kept(KeptWhy::BlueGreen),
        kept(KeptWhy::NotOurs),
        R::Deleting { replica: new(), since },
        R::Delete { replica: new() },
        R::DeleteRequested { replica: new(), since },
        R::Removed { replica: new(), took },
        R::NotRemoved { replica: new(), cause: "InvalidDBInstanceState".to_owned() },
        R::Missed { replica: new(), since },
        R::Vanished { replica },
        R::Promoted { replica: new() },
        R::Writer { replica: new() },
    ]
}

fn lag_and_records() -> Vec<R> {
    let replica = || "shop-2".to_owned();
    let (since, limit) = (noon(), 15.0);
    vec![
        R::Lags { replica: replica(), lag: Some(42.0), limit, since },
        R::Lags { replica: replica(), lag: Some(0.15), limit: 0.1, since },
        R::Lags { replica: replica(), lag: None, limit, since },
        R::Recovered { replica: replica() },
        R::SourceIdle { replica: replica(), lag: 262.0 },
        R::LagUnknown { replica: replica() },
        R::Broken { replica: replica(), cause: "error, Last_Errno 1062".to_owned() },
        R::Replicates { replica: replica() },
        R::SlotDisk { used: 12.5 * GIB, free: Some(20.0 * GIB), allocated: 107_374_182_400 },
        R::SlotDisk { used: 12.5 * GIB, free: None, allocated: 107_374_182_400 },
        R::RecordsUnreadable { absence: refused() },
        R::RecordConflict { kind: "A".to_owned() },
        R::RecordTtl { set: "by hand".to_owned(), found: 60, wanted: 5 },
        R::RecordPut { replica: replica() },
        R::RecordDeleted { replica: replica() },
        R::OneStays { replica: replica() },
        R::ReadsOnSource,
        R::NoEndpoint,
    ]
}

fn counts() -> Vec<R> {
    let replica = || "shop-2".to_owned();
    let (out, low) = (|| condition("cpu > 70% for 5m"), || condition("cpu < 30% for 15m"));
    let veto = |why| R::ScaleInVeto { replica: replica(), why };
    let (until, cause) = (noon() + seconds(600), || "InstanceQuotaExceeded".to_owned());
    vec![
        R::NotAvailable { instance: "shop".to_owned(), status: "modifying".to_owned() },
        R::Pending { source: "shop".to_owned() },
        R::BlueGreen { source: "shop".to_owned(), green: "shop-green-ab12cd".to_owned() },
        R::BelowMin { count: 0, min: 1 },
        R::BelowMin { count: 1, min: 2 },
        R::AboveMax { count: 6, max: 5 },
        R::Pinned { count: 2, to: 3 },
        R::ScaleOut { condition: out(), replica: replica(), value: 91.25 },
        R::NotLongEnough { condition: out(), replica: replica(), value: 91.25, held: seconds(180) },
        R::ScaleIn { condition: low(), replica: replica(), value: 12.0 },
        R::ScaleInNotLongEnough { condition: low(), replica: replica(), held: seconds(540) },
        veto(VetoWhy::TooNew),
        veto(VetoWhy::NotAnswering),
        veto(VetoWhy::Unknown),
        R::WouldScaleOut { condition: out(), predicted: 87.0, replicas: 3 },
        R::Cooldown { until },
        R::BackingOff { failures: 1, cause: cause(), until },
        R::BackingOff { failures: 3, cause: String::new(), until },
        R::AtMax { max: 5 },
        R::Held,
        R::TooFewLeft { replica: replica(), answering: 0, least: 1 },
        R::NoneToRemove,
        R::EngineLimit { limit: 15 },
        R::NoBackups { source: "shop".to_owned() },
        R::ZonePassedOver { class: "db.r6g.large".to_owned(), zone: "eu-central-1a".to_owned(), until },
        R::NoCapacity {
            class: "db.r6g.large".to_owned(),
            zones: vec!["eu-central-1a".to_owned(), "eu-central-1b".to_owned()],
            offered: Some(vec!["eu-central-1a".to_owned(), "eu-central-1c".to_owned()]),
        },
        R::NoCapacity { class: "db.r6g.large".to_owned(), zones: vec![], offered: Some(vec![]) },
        R::NoCapacity {
            class: "db.r6g.large".to_owned(),
            zones: vec!["eu-central-1a".to_owned()],
            offered: None,
        },
        R::NoDns { adds: true },
        R::NoDns { adds: false },
        R::Create {
            replica: new(),
            class: "db.r6g.large".to_owned(),
            zone: Some("eu-central-1b".to_owned()),
        },
        R::Create { replica: new(), class: "db.r6g.large".to_owned(), zone: None },
        R::Remove { replica: replica(), drain: seconds(600), is_aurora: false },
        R::Remove { replica: replica(), drain: seconds(600), is_aurora: true },
        R::NothingToDo,
    ]
}

#[test]
fn every_reason_about_replicas_has_a_sentence() {
    let all = [in_force(), changes(), lag_and_records(), counts()].concat();
    let missing: Vec<&str> =
        NAMES.iter().filter(|known| !all.iter().any(|reason| name(reason) == **known)).copied().collect();
    assert_eq!(missing, Vec::<&str>::new());
    let text = all.iter().fold(String::new(), |mut text, reason| {
        let _ = writeln!(text, "{}: {reason}", name(reason));
        text
    });
    insta::assert_snapshot!(text);
}

/// `NotAdded` is `not-added`.
fn kebab(name: &str) -> String {
    let hyphen = |(at, c): (usize, char)| {
        (at > 0 && c.is_uppercase()).then_some('-').into_iter().chain(c.to_lowercase())
    };
    name.char_indices().flat_map(hyphen).collect()
}

#[test]
fn every_reason_about_replicas_has_a_code_that_is_its_name() {
    for reason in [in_force(), changes(), lag_and_records(), counts()].concat() {
        assert_eq!(reason.code(), kebab(name(&reason)));
    }
}

#[test]
fn lags_and_sizes_have_the_unit_that_fits_them() {
    let lags =
        |lag| R::Lags { replica: "shop-2".to_owned(), lag: Some(lag), limit: 0.1, since: noon() }.to_string();
    for (lag, shown) in
        [(0.9994, "999ms"), (1.0, "1s"), (5.54, "5.5s"), (10.0, "10s"), (10.4, "10s"), (90.0, "1m30s")]
    {
        assert!(lags(lag).starts_with(&format!("shop-2 lags by {shown} (limit 100ms)")), "{}", lags(lag));
    }
    let keeps = |used| R::SlotDisk { used, free: None, allocated: 107_374_182_400 }.to_string();
    for (used, shown) in
        [(0.5 * GIB, "512 MiB"), (GIB - 1_048_576.0, "1,023 MiB"), (GIB, "1 GiB"), (1.5 * GIB, "1.5 GiB")]
    {
        assert_eq!(keeps(used), format!("replication slots keep {shown} of the 100 GiB of the source"));
    }
}

/// The notices of one day, with the minute of each.
fn notices(shop: &mut Shop, minutes: u32, text: &mut String) {
    for minute in 1..=minutes {
        for notice in shop.minute().notices {
            let phase = format!("{:?}", notice.phase).to_lowercase();
            let cause = notice.cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
            let advice = notice.advice.map(|advice| format!(" {advice}")).unwrap_or_default();
            let severity = notice.severity.code();
            let _ = writeln!(text, "{minute}m {phase}, {severity}: {}{cause}{advice}", notice.verdict);
        }
    }
}

#[test]
fn every_notice_about_replicas_reads_well() {
    let mut text = String::new();
    let mut shop = Shop::new(2)
        .engine(tidegate_policy::replicas::observation::Engine::PostgreSql { major: 16, minor: 1 })
        .counting(1, 3, "cpu > 70% for 5m", "");
    shop.minutes(2);
    let _ = writeln!(text, "# lag, and its end");
    shop.load("shop-2").lag = Some(600.0);
    notices(&mut shop, 10, &mut text);
    shop.load("shop-2").lag = Some(0.0);
    notices(&mut shop, 10, &mut text);
    let _ = writeln!(text, "# broken, and the slots fill the disk");
    shop.load("shop-2").lag = Some(-1.0);
    (shop.source_load.slot_disk, shop.source_load.free) = (Some(200.0 * GIB), Some(150.0 * GIB));
    notices(&mut shop, 10, &mut text);
    let _ = writeln!(text, "# gone");
    shop.gone("shop-2");
    (shop.source_load.slot_disk, shop.source_load.free) = (Some(0.0), Some(500.0 * GIB));
    notices(&mut shop, 10, &mut text);
    let _ = writeln!(text, "# one more, and at max");
    shop.load("shop-1").cpu = Some(90.0);
    notices(&mut shop, 6, &mut text);
    shop.arrives("tidegate-shop-1");
    notices(&mut shop, 20, &mut text);
    let _ = writeln!(text, "# the new one fails; {}", why(&shop.peek()));
    if shop.seen.instances.as_ref().unwrap().replicas.iter().any(|it| it.id == "tidegate-shop-2") {
        shop.replica("tidegate-shop-2").status = Status::Failed("failed".to_owned());
    }
    notices(&mut shop, 5, &mut text);
    let _ = writeln!(text, "# nothing can be read");
    shop.seen.records = Some(Err(refused()));
    notices(&mut shop, 7, &mut text);
    shop.seen.instances = Err(refused());
    notices(&mut shop, 7, &mut text);
    insta::assert_snapshot!(text);
}
