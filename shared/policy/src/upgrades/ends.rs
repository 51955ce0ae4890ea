//! How a change ends: what is remembered of it, and what operators are to be told.

use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::database::call::is_no_capacity;
use crate::upgrades::memory::{ClassChange, UpgradeEnd, UpgradeMemory, UpgradeOutcome, WentFirst};
use crate::upgrades::observation::ClassedInstance;
use crate::upgrades::scene::UpgradeScene;

/// What the notice of a plan is about, that of what stands against it, and that of a change that takes long.
pub(crate) const PLAN: &str = "plan";
pub(crate) const REFUSED: &str = "refused";
pub(crate) const SLOW: &str = "slow change";

/// What operators were not notified of: of more than these the oldest are forgotten. A change has two, and there are few a week.
pub(crate) const MOST_OUTCOMES: usize = 16;

/// RDS takes no more replicas of one source.
pub(crate) const MOST_FIRST: usize = 15;

impl UpgradeMemory {
    /// A replica has the larger class, and its source is to get it next.
    pub(crate) fn went_first(&mut self, change: &ClassChange) {
        let ClassChange { instance, from, to, .. } = change;
        let known = self.first.take().filter(|known| known.from == *from && known.to == *to);
        let mut replicas = known.map(|known| known.replicas).unwrap_or_default();
        replicas.retain(|replica| replica != instance);
        replicas.push(instance.clone());
        replicas.drain(..replicas.len().saturating_sub(MOST_FIRST));
        self.first = Some(WentFirst { from: from.clone(), to: to.clone(), replicas });
    }

    /// Forgets the replicas that went before a change that is over and told, or that does not come any more: their source has
    /// another class than it had.
    pub(crate) fn forget_first(&mut self, main: &ClassedInstance) {
        let Some(WentFirst { from, to, .. }) = &self.first else { return };
        let is_of = |instance: &str, class: &str| instance == main.id && class == to;
        let is_under_way = self.change.as_ref().is_some_and(|change| is_of(&change.instance, &change.to));
        let is_untold = self.outcomes.iter().any(|told| is_of(&told.instance, &told.to));
        if main.class != *from && !is_under_way && !is_untold {
            self.first = None;
        }
    }

    /// What was told of a plan is not true any more: the next one is told anew.
    pub(crate) fn forget_the_plan_told(&mut self) {
        self.active.remove(PLAN);
        self.active.remove(REFUSED);
        if let Some(planned) = &mut self.planned {
            planned.told = None;
        }
    }

    /// The change is over. How long it took. What an operator asked for is over with it, however it ended: it is asked for again by
    /// who wants it.
    pub(crate) fn end(&mut self, end: UpgradeEnd, detail: &str, now: Timestamp) -> SignedDuration {
        let Some(change) = self.change.take() else { return SignedDuration::ZERO };
        let ClassChange { instance, from, to, began, offered, snapshot, .. } = change;
        let mut detail = detail.to_owned();
        if !snapshot.is_empty() {
            detail = format!("{detail}; the snapshot {snapshot} stays, and costs");
        }
        let with_one = self.request.as_ref().is_some_and(|request| request.snapshot) || !snapshot.is_empty();
        if is_no_capacity(&detail) && !offered.is_empty() {
            detail = format!("{detail}; {offered}");
        }
        // What was told of the plan, and that it takes long, is over with the change: that is told.
        for about in [PLAN, REFUSED, SLOW] {
            self.active.remove(about);
        }
        // After a replica that went first the instance itself is still to come.
        if end != UpgradeEnd::Done {
            (self.request, self.planned) = (None, None);
        }
        self.tell(UpgradeOutcome { instance, from, to, snapshot: with_one, end, at: now, began, detail });
        since(began, now)
    }

    /// AWS took the change under way, or works on it: operators are told that it began, once.
    pub(crate) fn start(&mut self, now: Timestamp) {
        let Some(change) = self.change.as_mut().filter(|change| !change.is_started) else { return };
        change.is_started = true;
        let ClassChange { instance, from, to, began, why, snapshot, .. } = change.clone();
        self.tell(UpgradeOutcome {
            instance,
            from,
            to,
            snapshot: !snapshot.is_empty(),
            end: UpgradeEnd::Started,
            at: now,
            began,
            detail: why,
        });
    }

    /// Operators are to be told of it, until SNS has taken that.
    pub(crate) fn tell(&mut self, outcome: UpgradeOutcome) {
        self.outcomes.retain(|told| told.about() != outcome.about());
        self.outcomes.push(outcome);
        self.outcomes.drain(..self.outcomes.len().saturating_sub(MOST_OUTCOMES));
    }
}

impl UpgradeOutcome {
    /// What its notice is about: a change has one end of each kind.
    pub(crate) fn about(&self) -> String {
        let how = match self.end {
            UpgradeEnd::Started => "started",
            UpgradeEnd::Done => "done",
            UpgradeEnd::Failed => "failed",
            UpgradeEnd::Refused => "not possible",
            UpgradeEnd::WindowPassed => "window passed",
            UpgradeEnd::Withdrawn => "withdrawn",
            UpgradeEnd::NothingToWithdraw => "nothing to withdraw",
            UpgradeEnd::GoesOn => "goes on",
            UpgradeEnd::ChangedByOthers => "changed by others",
            UpgradeEnd::Vanished => "gone",
            UpgradeEnd::Observed => "observed",
            UpgradeEnd::StorageRaised => "storage",
            UpgradeEnd::SnapshotBegan => "snapshot began",
            UpgradeEnd::SnapshotFailed => "snapshot failed",
            UpgradeEnd::SnapshotKept => "snapshot kept",
        };
        format!("{how} {} {}", self.instance, self.to)
    }
}

/// Something that operators are told of the database's own instance.
pub(crate) fn outcome(scene: &UpgradeScene<'_>, to: &str, end: UpgradeEnd, detail: String) -> UpgradeOutcome {
    let ClassedInstance { id, class, .. } = scene.main();
    let (instance, from) = (id.clone(), class.clone());
    let (to, snapshot) = (to.to_owned(), false);
    UpgradeOutcome { instance, from, to, snapshot, end, at: scene.now, began: scene.now, detail }
}
