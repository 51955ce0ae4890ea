//! How far a replica is behind its source.

use jiff::Timestamp;
use tidegate_policy::replicas::observation::Replication;

/// What one replica has still to replay.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReplicationState {
    /// Seconds of its source's changes that it has not replayed.
    behind: f64,
    /// Seconds of changes that it replays in a second while it is behind; above 1.
    speed: f64,
    /// What `StatusInfos` says while it does not replicate.
    broken: Option<(&'static str, &'static str)>,
    /// Bytes of write-ahead log that its slot keeps on a PostgreSQL source.
    kept_bytes: f64,
    /// Until then it replays at half of the speed at which its source writes.
    slow_until: Option<Timestamp>,
}

impl ReplicationState {
    /// A new replica: as far behind as its snapshot is old.
    pub(super) fn new(behind: f64, speed: f64) -> Self {
        Self { behind, speed, broken: None, kept_bytes: 0.0, slow_until: None }
    }

    /// A step passes, in which the source writes so many bytes a second; an idle one writes nothing to replay.
    pub(super) fn pass(&mut self, seconds: f64, runs: bool, writes: f64, now: Timestamp) {
        let written = if writes > 0.0 { seconds } else { 0.0 };
        let speed = if self.slow_until.is_some_and(|until| now < until) { 0.5 } else { self.speed };
        let replayed = if runs && self.broken.is_none() { speed * seconds } else { 0.0 };
        let unreplayed = self.behind;
        self.behind = (self.behind + written - replayed).max(0.0);
        self.kept_bytes = if self.behind <= 0.0 {
            0.0
        } else {
            // What is replayed is given back in proportion.
            (self.kept_bytes + writes * seconds) * self.behind / (unreplayed + written).max(self.behind)
        };
    }

    /// Replication stops, with what `StatusInfos` says.
    pub(super) fn break_with(&mut self, status: &'static str, message: &'static str) {
        self.broken = Some((status, message));
    }

    /// Replication runs again.
    pub(super) fn repair(&mut self) {
        self.broken = None;
    }

    /// It replays slowly for a while.
    pub(super) fn slow_down(&mut self, until: Timestamp) {
        self.slow_until = Some(until);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Seconds of changes that are not replayed.
    pub(super) fn behind_seconds(&self) -> f64 {
        self.behind
    }

    /// Bytes that its slot keeps on a PostgreSQL source.
    pub(super) fn kept_bytes(&self) -> f64 {
        self.kept_bytes
    }

    /// As `StatusInfos` has it.
    pub(super) fn shown(&self) -> Replication {
        match self.broken {
            None => Replication::Running,
            Some((status, message)) => {
                Replication::Broken { status: status.to_owned(), message: message.to_owned() }
            }
        }
    }
}
