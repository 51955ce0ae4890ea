//! The sentence of every reason and refusal: a clause that can follow "because".

use std::fmt;

use jiff::Timestamp;

use crate::rule::{Quantity, Span, thousands};
use crate::signal::Unit;
use crate::upgrades::reason::UpgradeReason;
use crate::upgrades::refusal::ClassRefusal;
use crate::upgrades::snapshot::SNAPSHOT_STOPS_IO;

/// `Sunday 2026-11-29 05:00 UTC`.
pub(crate) struct DayOfWeek(pub(crate) Timestamp);

impl fmt::Display for DayOfWeek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%A %Y-%m-%d %H:%M UTC"))
    }
}

impl fmt::Display for UpgradeReason {
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { absence } => {
                write!(f, "RDS could not be read ({absence}): the class stays as it is")
            }
            Self::Suits { class } => write!(f, "nothing asks for another class than {class}"),
            Self::NotAsked => f.write_str("the fleet file names no `classes`: the class is left alone"),
            Self::Holds { condition } => write!(f, "{condition} holds"),
            Self::NotWeighed { condition, known } if known.is_zero() => {
                write!(f, "{condition} is not known: CloudWatch has too few datapoints")
            }
            Self::NotWeighed { condition, known } => {
                write!(
                    f,
                    "{condition} is known to hold for {} only: datapoints are missing before",
                    Span(*known)
                )
            }
            Self::Floor { by, value, class } => {
                let value = Quantity { value: *value, unit: Unit::Count };
                write!(f, "{by} is {value}: {class} or larger")
            }
            Self::FloorUnknown { by } => {
                write!(f, "{by} is not known: it asks for nothing, and nothing gets smaller")
            }
            Self::Asked { to, who, why } => write!(f, "{who} asked for {to} ({why})"),
            Self::AtTop { class } => write!(f, "{class} is the largest of `classes`"),
            Self::ReplicaFirst { replica, to } => write!(
                f,
                "{replica} gets {to} first: a standby of PostgreSQL takes no fewer connections than its source"
            ),
            Self::Waits { window } => write!(f, "the window opens on {}", DayOfWeek(*window)),
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::SnapshotBegins { instance, id } => {
                write!(f, "the snapshot {id} of {instance} comes first: {SNAPSHOT_STOPS_IO}")
            }
            Self::SnapshotAgain { id } => write!(f, "RDS shows no snapshot {id}: it is asked for again"),
            Self::SnapshotUnderWay { id, status } => {
                write!(f, "the change waits for the snapshot {id} ({status})")
            }
            Self::Begins { instance, from, to } => write!(f, "{instance} is changed from {from} to {to}"),
            Self::WouldBegin { instance, to } => {
                write!(
                    f,
                    "{instance} would be changed to {to}; the mode is observe: Tidegate changes nothing"
                )
            }
            Self::Requested { instance, since } => write!(
                f,
                "RDS was asked to change {instance} at {} and does not show it yet",
                since.strftime("%H:%M:%S UTC")
            ),
            Self::SentAgain { instance } => {
                write!(f, "RDS shows nothing of the change of {instance}: it is sent again")
            }
            Self::Modifying { instance, status, since } => write!(
                f,
                "RDS has been changing {instance} since {} (status {status})",
                since.strftime("%H:%M:%S UTC")
            ),
            Self::Verifying { instance, left } => write!(f, "{instance} has its new class, and {left}"),
            Self::Over { instance, class, took } => {
                write!(f, "{instance} is {class} now, after {}", Span(*took))
            }
            Self::Failed { instance, cause } => write!(f, "the change of {instance} has failed: {cause}"),
            Self::Missed { instance } => write!(f, "RDS does not show {instance}"),
            Self::MaxStorage { from_gib: Some(from), to_gib } => {
                write!(f, "MaxAllocatedStorage is {from} GiB, and `storage.max` {to_gib}")
            }
            Self::MaxStorage { from_gib: None, to_gib } => {
                write!(f, "RDS does not raise the storage by itself, and `storage.max` is {to_gib} GiB")
            }
            Self::FreeStorage { percent, limit } => {
                write!(f, "{percent:.0}% of the storage is free, below {limit}%")
            }
        }
    }
}

impl fmt::Display for ClassRefusal {
    #[expect(clippy::too_many_lines, reason = "one line per refusal; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuroraWriter => {
                f.write_str("the class of a writer of Aurora is not changed by this version")
            }
            Self::NotAvailable { instance, status } => write!(f, "the status of {instance} is {status}"),
            Self::StorageBusy { instance } => {
                write!(f, "the storage of {instance} is being optimized or initialized")
            }
            Self::Pending { instance, what } => write!(
                f,
                "{} of {instance} is pending, and would be applied too (cancel it, or apply it first)",
                what.join(", ")
            ),
            Self::Parameters { group, status } => {
                write!(f, "the parameter group {group} is {status}: the restart would apply it too")
            }
            Self::SecurityGroup { group } => write!(f, "the security group {group} is being changed"),
            Self::Maintenance { action, at } => {
                write!(
                    f,
                    "the maintenance {action} is due on {}, before the end of the window",
                    DayOfWeek(*at)
                )
            }
            Self::RequiredUpgrade { resource, at } => {
                let (due, region) = (DayOfWeek(*at), resource.split(':').nth(3).unwrap_or_default());
                write!(
                    f,
                    "the db-upgrade due on {due} may run with it: apply it first, at a time of your choice (aws rds \
                     apply-pending-maintenance-action --region {region} --apply-action db-upgrade --opt-in-type immediate \
                     --resource-identifier {resource})"
                )
            }
            Self::NotOffered { class } => write!(f, "RDS does not offer {class} for this engine and version"),
            Self::NotOfferedSo { class, with } => write!(f, "RDS does not offer {class} with {with}"),
            Self::NoBackups => f.write_str("it keeps no backups (`BackupRetentionPeriod` is 0)"),
            Self::NotRestorable { to: Some(to) } => {
                write!(f, "it can only be restored to {}: backups have stopped", DayOfWeek(*to))
            }
            Self::NotRestorable { to: None } => f.write_str("it can be restored to no moment yet"),
            Self::ReplicaSmaller { replica, class } => {
                write!(
                    f,
                    "the replica {replica} is {class} and would be smaller than its source: change it first"
                )
            }
            Self::ReplicasElsewhere { count } => write!(
                f,
                "{} of its replicas are in other Regions or replicate from a replica, and may be smaller: change them first, then ask \
                 for the class",
                thousands(count)
            ),
            Self::SourceLarger { source, class } => {
                write!(f, "its source {source} is {class}: a replica gets smaller after its source")
            }
            Self::ReplicaChanges { replica, status } => {
                write!(f, "the status of its replica {replica} is {status}")
            }
            Self::BlueGreen { green } => write!(
                f,
                "{green} is the green side of a blue/green deployment: change the class of {green}, switch over, or delete the deployment \
                 (without a deployment, rename or delete {green})"
            ),
            Self::Stranded { reservation, class } => write!(
                f,
                "the reserved instance {reservation} ({class}) would be paid for and not used (`reservations: ignore` allows it)"
            ),
            Self::TooManyToday { limit: 1 } => {
                f.write_str("one change began within 24 hours, and `per_day` is 1")
            }
            Self::TooManyToday { limit } => {
                write!(f, "{limit} changes began within 24 hours, and `per_day` is {limit}")
            }
            Self::Emergency { profile } => write!(f, "the emergency `{profile}` is in force"),
            Self::Held { who, why, until } => write!(f, "{who} holds it until {} ({why})", DayOfWeek(*until)),
            Self::WindowEnds { left, least } => {
                write!(f, "only {} of the window are left, and {} are needed", Span(*left), Span(*least))
            }
            Self::TooFewConnections { peak, limit } => write!(
                f,
                "it had {} connections, and the smaller class takes {} (80% may be used)",
                thousands(peak),
                thousands(limit)
            ),
            Self::TooLittleMemory { used_mib, has_mib } => write!(
                f,
                "it used {} MiB of memory, and the smaller class has {} (80% may be used)",
                thousands(used_mib),
                thousands(has_mib)
            ),
            Self::TooFewOperations { peak, baseline } => write!(
                f,
                "it had {} operations a second, and the smaller class carries {} for hours (80% may be used)",
                thousands(peak),
                thousands(baseline)
            ),
            Self::BurstCredits { lowest } => {
                write!(
                    f,
                    "its gp2 storage was down to {lowest}% of its burst credits, and less memory reads more from it"
                )
            }
            Self::SlowStorage { gib, baseline } => write!(
                f,
                "what the smaller memory no longer holds is read from {gib} GiB of gp2, which carries {} operations a second",
                thousands(baseline)
            ),
            Self::NotKnown { what, why: Some(why) } => write!(f, "not known: {what} ({why})"),
            Self::NotKnown { what, why: None } => write!(f, "not known: {what}"),
        }
    }
}
