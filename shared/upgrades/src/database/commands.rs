//! The commands that undo a change, try it again or prevent it: through the function, or by the AWS CLI where Tidegate would refuse.

use tidegate_aws::place::{AccountAndRegion, aws_cli, in_account};
use tidegate_aws::report::Header;
use tidegate_policy::database::call::CallOutcome;
use tidegate_policy::upgrades::decision::{ClassCall, UpgradeState};
use tidegate_policy::upgrades::memory::{UpgradeEnd, UpgradeOutcome};
use tidegate_policy::upgrades::storage::is_too_small;

use crate::database::evaluated::UpgradeReport;

impl UpgradeReport {
    /// The commands, each with a word on what it does: of the change that this evaluation sent, of the newest one that is over, or
    /// of the one that is planned.
    #[must_use]
    pub fn commands(&self, header: &Header) -> Vec<(&'static str, String)> {
        if self.observe {
            return Vec::new();
        }
        CommandLines { report: self, place: header.place.as_ref() }.all()
    }
}

/// What the commands are made of.
struct CommandLines<'a> {
    report: &'a UpgradeReport,
    place: Option<&'a AccountAndRegion>,
}

impl CommandLines<'_> {
    fn all(&self) -> Vec<(&'static str, String)> {
        if let (Some(ClassCall::Modify { instance, from, to }), Some(called)) =
            (&self.report.decision.call, &self.report.called)
        {
            return match called.outcome {
                CallOutcome::Taken => {
                    self.undo(instance, from, to, "once it is done; it restarts the instance")
                }
                // What RDS refuses is over, and asked for again by who wants it.
                CallOutcome::Refused(_) => self.retry(instance, to, self.asks_for_a_snapshot()),
                CallOutcome::NotSent | CallOutcome::Unknown(_) => Vec::new(),
            };
        }
        let told = self.report.decision.memory.outcomes.iter().rev();
        let commands = told.map(|outcome| self.after(outcome)).find(|commands| !commands.is_empty());
        commands.unwrap_or_else(|| self.before())
    }

    /// After a change is over.
    fn after(&self, outcome: &UpgradeOutcome) -> Vec<(&'static str, String)> {
        let UpgradeOutcome { instance, from, to, snapshot, end, .. } = outcome;
        match end {
            UpgradeEnd::Started => self.undo(instance, from, to, "once it is done; it restarts the instance"),
            UpgradeEnd::Done => {
                self.undo(instance, from, to, "it restarts the instance: minutes of downtime")
            }
            UpgradeEnd::Failed => {
                let left = self.undo_first(from, to);
                self.retry(instance, to, *snapshot).into_iter().chain(left).collect()
            }
            // What stands against it is looked at again: the AWS CLI would look at nothing.
            UpgradeEnd::Refused | UpgradeEnd::SnapshotFailed => {
                let left = self.undo_first(from, to);
                self.again(to, *snapshot).into_iter().chain(left).collect()
            }
            UpgradeEnd::WindowPassed => self.again(to, *snapshot),
            UpgradeEnd::Withdrawn => self.undo_first(from, to).into_iter().collect(),
            UpgradeEnd::StorageRaised => self.lower_storage(instance, from).into_iter().collect(),
            UpgradeEnd::NothingToWithdraw
            | UpgradeEnd::GoesOn
            | UpgradeEnd::ChangedByOthers
            | UpgradeEnd::Vanished
            | UpgradeEnd::Observed
            | UpgradeEnd::SnapshotBegan
            | UpgradeEnd::SnapshotKept => Vec::new(),
        }
    }

    /// Before one begins that is told: it can be prevented, or begun at once.
    fn before(&self) -> Vec<(&'static str, String)> {
        let is_told = !self.report.decision.notices.is_empty();
        let waits = matches!(self.report.decision.state, UpgradeState::Waiting | UpgradeState::Refused);
        let Some(wanted) = self.report.decision.wanted.as_ref().filter(|_| is_told && waits) else {
            return Vec::new();
        };
        let stop = if self.report.decision.memory.request.is_some() {
            format!("tidegate upgrade {} --withdraw", self.report.name)
        } else {
            format!("tidegate hold {} --both --for 48h", self.report.name)
        };
        let with = with_snapshot(self.asks_for_a_snapshot());
        vec![
            ("stop", stop),
            ("now", format!("tidegate upgrade {} --to {} --now{with}", self.report.name, wanted.to)),
        ]
    }

    /// What is asked for, if anything is, is asked for with a snapshot before it.
    fn asks_for_a_snapshot(&self) -> bool {
        self.report.decision.memory.request.as_ref().is_some_and(|request| request.snapshot)
    }

    /// Back to the class that it had, without Tidegate: after a change `per_day` refuses another one, and how heavy the load is for
    /// the smaller class is known only `down`'s time later.
    ///
    /// Of a replica that goes before its source there is no such line: the next evaluation would raise it again, and a standby of
    /// PostgreSQL that takes fewer connections than its source stops replaying. What prevents the rest is printed instead; the line of
    /// the source lowers the replicas after it.
    fn undo(&self, instance: &str, from: &str, to: &str, when: &str) -> Vec<(&'static str, String)> {
        if self.is_replica(instance) {
            return self.stop_before_source(instance);
        }
        let (first, account) = (self.went_first(from, to), in_account(self.place));
        if first.is_empty() {
            return vec![("undo", format!("{}  # {account}{when}", self.modify(instance, from)))];
        }
        let source = format!("{} && {}", self.modify(instance, from), self.until_shown(instance, from));
        let (replicas, names) = (self.modify_each(&first, from), first.join(", "));
        let order = format!("first {instance}, then {names}, in this order");
        vec![("undo", format!("{source} && {replicas}  # {account}{when}; {order}"))]
    }

    /// It is a replica of the instance that the fleet file names.
    fn is_replica(&self, instance: &str) -> bool {
        instance != self.report.resource.id()
    }

    /// After a replica its source is changed. A hold prevents that; what an operator asked for can be taken back once nothing is under
    /// way.
    fn stop_before_source(&self, replica: &str) -> Vec<(&'static str, String)> {
        let (name, source) = (&self.report.name, self.report.resource.id());
        let hold = format!(
            "tidegate hold {name} --both --for 48h  # {source} is changed next, unless this holds it"
        );
        let is_asked_for = self.report.decision.memory.request.is_some();
        let withdraw = is_asked_for.then(|| {
            format!("tidegate upgrade {name} --withdraw  # under that hold, once {replica} is done")
        });
        let withdraw = withdraw.map(|line| ("then", line));
        [("stop", hold)].into_iter().chain(withdraw).collect()
    }

    /// The replicas that got the larger class before their source and have it still.
    fn went_first(&self, from: &str, to: &str) -> Vec<&str> {
        let Some(first) = &self.report.decision.memory.first else { return Vec::new() };
        let has_it = |replica: &&str| match &self.report.seen.instances {
            Ok(instances) => instances.replicas.iter().any(|it| it.id == *replica && it.class == to),
            Err(_) => true,
        };
        if first.from != from || first.to != to {
            return Vec::new();
        }
        first.replicas.iter().map(String::as_str).filter(has_it).collect()
    }

    /// The change of the source does not come: the replicas that went before it are larger than it.
    fn undo_first(&self, from: &str, to: &str) -> Option<(&'static str, String)> {
        let (first, source) = (self.went_first(from, to), self.report.resource.id());
        let line = || {
            let (modify, account) = (self.modify_each(&first, from), in_account(self.place));
            format!("{modify}  # {account}unless it is tried again: they went before {source}")
        };
        (!first.is_empty()).then(|| ("undo", line()))
    }

    /// Back to the limit of before. Where there was none, one as large as the storage itself switches autoscaling off; so does it where
    /// RDS would take the old one no more.
    fn lower_storage(&self, instance: &str, from: &str) -> Option<(&'static str, String)> {
        let before: u32 = from.strip_suffix(" GiB")?.parse().ok()?;
        let allocated = self.report.seen.instances.as_ref().ok()?.main.allocated_gib;
        let is_taken = before > 0 && !is_too_small(allocated, before);
        let (to, first) = if is_taken {
            (before, format!("first lower `storage.max` to {before} in the fleet file and deploy it"))
        } else {
            let first = "first remove `storage.max` from the fleet file and deploy it".to_owned();
            (allocated, format!("{first}; as much as there is: RDS raises no more by itself"))
        };
        let (command, account) = (aws_cli(self.place, "rds modify-db-instance"), in_account(self.place));
        let line = format!(
            "{command} --db-instance-identifier {instance} --max-allocated-storage {to}  # {account}{first}"
        );
        Some(("undo", line))
    }

    /// The same class once more, in the window; or at once, without Tidegate.
    fn retry(&self, instance: &str, to: &str, snapshot: bool) -> Vec<(&'static str, String)> {
        let (modify, account) = (self.modify(instance, to), in_account(self.place));
        let by_hand = format!("{modify}  # {account}at once, with what else is pending");
        self.again(to, snapshot).into_iter().chain([("or", by_hand)]).collect()
    }

    /// The same class once more, in the window.
    fn again(&self, to: &str, snapshot: bool) -> Vec<(&'static str, String)> {
        let is_known = self.report.classes.iter().any(|class| class == to);
        let line = || format!("tidegate upgrade {} --to {to}{}", self.report.name, with_snapshot(snapshot));
        is_known.then(|| ("try", line())).into_iter().collect()
    }

    /// The same without Tidegate. It applies what else is pending too, and looks at nothing before.
    fn modify(&self, instance: &str, class: &str) -> String {
        let command = aws_cli(self.place, "rds modify-db-instance");
        format!(
            "{command} --db-instance-identifier {instance} --db-instance-class {class} --apply-immediately"
        )
    }

    /// The same for each of these.
    fn modify_each(&self, instances: &[&str], class: &str) -> String {
        match instances {
            [one] => self.modify(one, class),
            _ => format!("for i in {}; do {}; done", instances.join(" "), self.modify("$i", class)),
        }
    }

    /// Waits until RDS shows an instance as `available` with a class: `aws rds wait` would be over before the change begins.
    fn until_shown(&self, instance: &str, class: &str) -> String {
        let command = aws_cli(self.place, "rds describe-db-instances");
        format!(
            "until {command} --db-instance-identifier {instance} --query \
             'DBInstances[0].[DBInstanceClass,DBInstanceStatus]' --output text | grep -q '^{class}.available'; do sleep 30; done"
        )
    }
}

/// To ask for the same again.
fn with_snapshot(snapshot: bool) -> &'static str {
    if snapshot { " --snapshot" } else { "" }
}
