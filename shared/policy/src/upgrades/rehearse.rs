//! Everything that stands against a change, each by its name. It is looked through while a change waits, and once more just
//! before it.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::reading::Absence;
use crate::replicas::observation::Status;
use crate::upgrades::fits;
use crate::upgrades::memory::{ClassChange, UpgradeMemory};
use crate::upgrades::observation::{ClassOffer, ClassedInstance, DueMaintenance, Rehearsal};
use crate::upgrades::policy::ClassLadder;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::reservations;
use crate::upgrades::scene::{UpgradeScene, is_at_least};
use crate::upgrades::want::{Want, WantedBy};

/// Of the window so much must be left: a change of a Single-AZ instance was reported to take up to 15 minutes.
pub(crate) const LEFT_AT_LEAST: SignedDuration = SignedDuration::from_mins(15);

/// So much must be left for a snapshot and the change after it. A window of 30 minutes, as AWS makes it by default, must have room
/// for it, and the first evaluation within a window may come five minutes late.
const LEFT_FOR_SNAPSHOT: SignedDuration = SignedDuration::from_mins(20);

/// RDS can restore to a moment of the last five minutes, as a rule (Amazon RDS user guide, "Restoring a DB instance to a specified
/// time"). Older than this, and backups have stopped.
const RESTORABLE_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// A change that is asked for at once meets the maintenance of this time.
const SOON: SignedDuration = SignedDuration::from_hours(1);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What stands against changing `instance`: the database's own, or a replica that has to go first, which is begun only where its
/// source can follow.
pub(crate) fn refusals(
    scene: &UpgradeScene<'_>,
    ladder: &ClassLadder,
    memory: &UpgradeMemory,
    want: &Want,
    instance: &ClassedInstance,
) -> Vec<ClassRefusal> {
    let main = scene.main();
    let both: Vec<&ClassedInstance> =
        [Some(instance).filter(|first| first.id != main.id), Some(main)].into_iter().flatten().collect();
    let is_down = scene.is_down(&main.class, &want.to);
    let mut all = people(scene, is_down);
    if scene.policy.is_aurora {
        all.push(ClassRefusal::AuroraWriter);
    }
    all.extend(both.iter().flat_map(|instance| is_ready(instance)));
    all.extend(backups(scene));
    all.extend(neighbors(scene, instance, want, is_down));
    match &scene.seen.rehearsal {
        Some(rehearsal) if rehearsal.class == want.to => {
            let has_replicas = !scene.instances.replicas.is_empty();
            let mut offers =
                both.iter().filter_map(|it| offered(it, rehearsal, it.id == main.id && has_replicas));
            all.extend(offers.next());
            all.extend(maintenance(scene, ladder, want.by, rehearsal));
            if ladder.keeps_reservations {
                all.extend(reservations::stranded(scene, rehearsal, &want.to));
            }
        }
        Some(_) | None => all.push(not_known("what RDS offers", None)),
    }
    if is_down {
        all.extend(fits::misfits(scene, ladder, &want.to));
    }
    all.extend(limits(scene, ladder, memory, want));
    all
}

/// What stands against sending the call of a change once more: the same as against the first one.
pub(crate) fn once_more(
    scene: &UpgradeScene<'_>,
    memory: &UpgradeMemory,
    change: &ClassChange,
) -> Vec<ClassRefusal> {
    let Some(instance) = scene.find(&change.instance) else { return Vec::new() };
    let ClassChange { to, why, began, window_end, .. } = change;
    let ladder = scene.policy.ladder.as_ref().filter(|ladder| ladder.place(to).is_some());
    let Some(ladder) = ladder else {
        return vec![not_known(&format!("whether `classes` of the fleet file has {to}"), None)];
    };
    let is_asked_for = memory.request.as_ref().is_some_and(|request| request.to == *to);
    let by = match window_end {
        None => WantedBy::OperatorNow,
        Some(_) if is_asked_for => WantedBy::Operator,
        Some(_) => WantedBy::Ladder,
    };
    // The change itself is none of those before it.
    let mut before = memory.clone();
    before.began.retain(|other| other.at != *began);
    let want = Want { to: to.clone(), why: why.clone(), by, snapshot: false };
    refusals(scene, ladder, &before, &want, instance)
}

/// An emergency, and holds.
fn people(scene: &UpgradeScene<'_>, is_down: bool) -> Vec<ClassRefusal> {
    let emergency = scene.emergency.map(|profile| ClassRefusal::Emergency { profile: profile.to_owned() });
    let held = scene.hold(is_down).map(|row| {
        let until = row.ends(scene.now).unwrap_or(row.until);
        ClassRefusal::Held { who: row.who.clone(), why: row.why.clone(), until }
    });
    emergency.into_iter().chain(held).collect()
}

/// The instance is available, and really so: nothing of it is changing, pending or waiting for a restart.
fn is_ready(instance: &ClassedInstance) -> Vec<ClassRefusal> {
    let id = || instance.id.clone();
    let mut all = Vec::new();
    if let Some(status) = not_available(&instance.status) {
        all.push(ClassRefusal::NotAvailable { instance: id(), status });
    }
    if instance.is_storage_busy {
        all.push(ClassRefusal::StorageBusy { instance: id() });
    }
    let class = instance.pending_class.as_ref().map(|_| "DBInstanceClass".to_owned());
    let what: Vec<String> = class.into_iter().chain(instance.pending.iter().cloned()).collect();
    if !what.is_empty() {
        all.push(ClassRefusal::Pending { instance: id(), what });
    }
    let parameters = instance.parameters.iter().cloned();
    all.extend(parameters.map(|(group, status)| ClassRefusal::Parameters { group, status }));
    let groups = instance.changing_security_groups.iter().cloned();
    all.extend(groups.map(|group| ClassRefusal::SecurityGroup { group }));
    all
}

/// The word of a status that is not `available`.
pub(crate) fn not_available(status: &Status) -> Option<String> {
    match status {
        Status::Available => None,
        Status::Creating => Some("creating".to_owned()),
        Status::Deleting => Some("deleting".to_owned()),
        Status::Failed(word) | Status::Changing(word) => Some(word.clone()),
    }
}

/// A replica may keep no backups of its own: its source does.
fn backups(scene: &UpgradeScene<'_>) -> Option<ClassRefusal> {
    let main = scene.main();
    let is_replica = scene.instances.source.is_some();
    if is_replica && main.backup_retention_days == 0 {
        return None;
    }
    if main.backup_retention_days == 0 {
        return Some(ClassRefusal::NoBackups);
    }
    let is_fresh = main.restorable_to.is_some_and(|to| since(to, scene.now) <= RESTORABLE_WITHIN);
    (!is_fresh).then_some(ClassRefusal::NotRestorable { to: main.restorable_to })
}

/// A standby of PostgreSQL needs as many connections as its primary allows, which follow from the memory: replicas go before their
/// source upward, and after it downward. The green side of a blue/green deployment keeps the class that it has, and with it what
/// was tried there.
fn neighbors(
    scene: &UpgradeScene<'_>,
    instance: &ClassedInstance,
    want: &Want,
    is_down: bool,
) -> Vec<ClassRefusal> {
    let Want { to, by, .. } = want;
    let green = scene.instances.green.clone();
    let mut all: Vec<ClassRefusal> =
        green.map(|green| ClassRefusal::BlueGreen { green }).into_iter().collect();
    for replica in &scene.instances.replicas {
        if replica.id != instance.id
            && let Some(status) = not_available(&replica.status)
        {
            all.push(ClassRefusal::ReplicaChanges { replica: replica.id.clone(), status });
        }
        let is_smaller = replica.id != instance.id && !is_at_least(&replica.class, to);
        let moves_along = replica.class == scene.main().class;
        if scene.is_postgresql() && !is_down && is_smaller && !moves_along {
            all.push(ClassRefusal::ReplicaSmaller {
                replica: replica.id.clone(),
                class: replica.class.clone(),
            });
        }
    }
    let count = scene.instances.replicas_elsewhere;
    if scene.is_postgresql() && !is_down && count > 0 && *by == WantedBy::Ladder {
        all.push(ClassRefusal::ReplicasElsewhere { count });
    }
    if let Some(source) = &scene.instances.source
        && scene.is_postgresql()
        && is_down
        && !is_at_least(to, &source.class)
    {
        all.push(ClassRefusal::SourceLarger { source: source.id.clone(), class: source.class.clone() });
    }
    all
}

/// What an instance needs of an offer, by its name.
type OfferNeed<'a> = (String, &'a dyn Fn(&ClassOffer) -> bool);

/// RDS offers the class as the instance needs it.
fn offered(instance: &ClassedInstance, rehearsal: &Rehearsal, has_replicas: bool) -> Option<ClassRefusal> {
    let class = || rehearsal.class.clone();
    let offers = match &rehearsal.offers {
        Ok(offers) if offers.is_empty() => return Some(ClassRefusal::NotOffered { class: class() }),
        Ok(offers) => offers,
        Err(absence) => return Some(not_known("what RDS offers", Some(absence))),
    };
    let zones: Vec<&String> = instance.zone.iter().chain(&instance.second_zone).collect();
    let gib = instance.allocated_gib;
    let needs: [OfferNeed<'_>; 5] = [
        (format!("storage type {}", instance.storage_type), &|offer| {
            offer.storage_type == instance.storage_type
        }),
        ("Multi-AZ".to_owned(), &|offer| offer.is_multi_az || !instance.is_multi_az),
        ("read replicas".to_owned(), &|offer| offer.takes_replicas || !has_replicas),
        (format!("{gib} GiB of storage"), &|offer| {
            offer.storage_gib.is_none_or(|(least, most)| (least..=most).contains(&gib))
        }),
        (
            format!("zone {}", zones.iter().map(|zone| zone.as_str()).collect::<Vec<_>>().join(" and ")),
            &|offer| zones.iter().all(|zone| offer.zones.contains(*zone)),
        ),
    ];
    let mut left: Vec<&ClassOffer> = offers.iter().collect();
    for (with, fulfils) in needs {
        left.retain(|offer| fulfils(offer));
        if left.is_empty() {
            return Some(ClassRefusal::NotOfferedSo { class: class(), with });
        }
    }
    None
}

/// Where RDS offers a class, in words; empty where that is not known.
pub(crate) fn zones_in_words(rehearsal: Option<&Rehearsal>) -> String {
    let Some(Rehearsal { class, offers: Ok(offers), .. }) = rehearsal else { return String::new() };
    let zones: std::collections::BTreeSet<&str> =
        offers.iter().flat_map(|offer| &offer.zones).map(String::as_str).collect();
    if zones.is_empty() {
        return String::new();
    }
    format!("RDS offers {class} in {}", zones.into_iter().collect::<Vec<_>>().join(", "))
}

/// Maintenance that falls into the window, or into the next hour where there is none; and required upgrades of the engine.
fn maintenance(
    scene: &UpgradeScene<'_>,
    ladder: &ClassLadder,
    by: WantedBy,
    rehearsal: &Rehearsal,
) -> Vec<ClassRefusal> {
    let due = match &rehearsal.maintenance {
        Ok(due) => due,
        Err(absence) => return vec![not_known("the maintenance that waits", Some(absence))],
    };
    let now = by == WantedBy::OperatorNow;
    let until = match scene.window(ladder).filter(|_| !now) {
        Some(window) => {
            let opens = window.began.unwrap_or(window.next);
            opens.saturating_add(window.window.length()).unwrap_or(opens)
        }
        None => scene.now.saturating_add(SOON).unwrap_or(scene.now),
    };
    due.iter().filter_map(|due| maintenance_refusal(due, until)).collect()
}

/// A change with `ApplyImmediately` was reported to run an upgrade of the engine that was due later than the window. Nobody chose that
/// downtime, and it cannot be undone: so one that has any date stands against a change until it is applied.
fn maintenance_refusal(due: &DueMaintenance, until: Timestamp) -> Option<ClassRefusal> {
    let DueMaintenance { action, at, required, resource } = due;
    if action == DueMaintenance::DB_UPGRADE {
        let at = at.iter().chain(required).min()?;
        return Some(ClassRefusal::RequiredUpgrade { resource: resource.clone(), at: *at });
    }
    let at = at.filter(|at| *at <= until)?;
    Some(ClassRefusal::Maintenance { action: action.clone(), at })
}

/// How often, how late, and after what.
fn limits(
    scene: &UpgradeScene<'_>,
    ladder: &ClassLadder,
    memory: &UpgradeMemory,
    want: &Want,
) -> Vec<ClassRefusal> {
    let mut all = Vec::new();
    let today = memory.began.iter().filter(|began| since(began.at, scene.now) < DAY).count();
    if u32::try_from(today).unwrap_or(u32::MAX) >= ladder.per_day {
        all.push(ClassRefusal::TooManyToday { limit: ladder.per_day });
    }
    if want.by == WantedBy::OperatorNow {
        return all;
    }
    let Some(window) = scene.window(ladder) else {
        let written = &scene.main().maintenance_window;
        all.push(not_known(&format!("the maintenance window (`{written}`)"), None));
        return all;
    };
    let is_taken = memory.snapshot.as_ref().is_some_and(|snapshot| snapshot.is_ready);
    let takes_one = want.snapshot && !is_taken;
    let least = if takes_one { LEFT_FOR_SNAPSHOT } else { LEFT_AT_LEAST };
    if window.began.is_some() && window.left < least {
        all.push(ClassRefusal::WindowEnds { left: window.left, least });
    }
    all
}

fn not_known(what: &str, why: Option<&Absence>) -> ClassRefusal {
    ClassRefusal::NotKnown { what: what.to_owned(), why: why.cloned() }
}
