//! What a look finds worth telling, and what it cannot judge.

use crate::capacity::Capacity;
use crate::look::Thinking;
use jiff::SignedDuration;

use crate::memory::{Memory, since};
use crate::notice::{Edge, End, NoticeKind};
use crate::observation::MetricReading;
use crate::overrides::Override;
use crate::pipeline::evidence::unread;
use crate::pipeline::metric::SETTLES_WITHIN;
use crate::pipeline::readings::partly_read;
use crate::pipeline::startup;
use crate::reading::{AbsenceKind, Reading};
use crate::reason::Reason;
use crate::signal::Signal;

/// After an instance began to run, its first datapoint of five minutes is there within so long.
const LONGEST_FIRST_POINT: SignedDuration = SETTLES_WITHIN.saturating_add(SignedDuration::from_mins(10));

impl Thinking<'_> {
    /// Notices what cannot be read, is paused, or is held by workers.
    pub(super) fn notice_readings(&mut self) {
        if let Some(absence) = self.seen.queue_unread() {
            let reason = Reason::ReadingMissing { signal: Signal::Waiting, absence: absence.clone() };
            self.found.push((NoticeKind::QueueUnreadable, reason));
        }
        let (votes, watched) = (NoticeKind::ReadingMissing, NoticeKind::WatchedMissing);
        let of_rules =
            self.evidence.iter().map(|one| (votes, &one.when.signal, one.sighting.reading.as_ref()));
        let of_trackers = self.tracked.iter().map(|one| (votes, &one.track.signal, one.reading.as_ref()));
        let of_watched =
            self.watched.iter().map(|one| (watched, &one.when.signal, one.sighting.reading.as_ref()));
        for (kind, signal, reading) in of_rules.chain(of_trackers).chain(of_watched) {
            let of_a_queue_that_is_told_of = signal.is_of_queue() && self.seen.queue_unread().is_some();
            let is_no_news = of_a_queue_that_is_told_of
                || self.has_just_woken(signal, reading)
                || self.was_never_asked(signal)
                || is_about_to_settle(reading);
            if let Some(reason) = unread(signal, reading).filter(|_| !is_no_news) {
                self.found.push((kind, reason));
            }
        }
        if let Some(reason) = self.in_force.footing.as_ref().and_then(|floor| floor.unread.clone()) {
            self.found.push((NoticeKind::ReadingMissing, reason));
        }
        if let Some(reason) = self.seen.queue().and_then(partly_read) {
            self.found.push((NoticeKind::QueuePartlyRead, reason));
        }
        if let Some(reason) = self.other_scaler_unread() {
            self.found.push((NoticeKind::OwnerUnknown, reason));
        }
        if let Some(queue) = self.seen.queue().filter(|queue| queue.paused) {
            let reason = Reason::QueuePaused { waiting_jobs: queue.waiting };
            self.found.push((NoticeKind::QueuePaused, reason.clone()));
            self.reasons.push(reason);
        }
        if let Some(work) = self.work.filter(|work| work.held > 0) {
            let reason = Reason::HeldByWorkers { jobs: work.held, capacity_jobs: work.capacity };
            self.found.push((NoticeKind::HeldByWorkers, reason.clone()));
            self.reasons.push(reason);
        }
    }

    /// A metric that is new in the fleet file waits for the next look that asks for metrics: that is no news.
    fn was_never_asked(&self, signal: &Signal) -> bool {
        signal.metric().is_some_and(|name| {
            let asked = self.seen.metrics.get(name).is_some_and(|reading| *reading != MetricReading::NotRead);
            !asked && !self.next.metrics.contains_key(name) && !self.next.empty.contains_key(name)
        })
    }

    /// The first tasks of a service have no CPU datapoint yet: that is no news.
    fn has_just_woken(&self, signal: &Signal, reading: Option<&Reading<f64>>) -> bool {
        let unmeasured = match reading {
            Some(Reading::Missing(absence)) => absence.kind == AbsenceKind::NoDatapoints,
            Some(Reading::Stale { .. }) => true,
            Some(Reading::Fresh { .. }) | None => false,
        };
        let measured = self.policy.startup.saturating_add(LONGEST_FIRST_POINT);
        let woke = self.next.woke_at.is_some_and(|woke_at| since(woke_at, self.look.now) <= measured);
        unmeasured && woke && signal.is_shared_by_tasks()
    }

    /// Notices what people asked for.
    pub(super) fn notice_overrides(&mut self) {
        for row in &self.in_force.overrides {
            let Override { kind, until, who, why, target: _ } = row;
            let reason =
                Reason::Overridden { kind: *kind, until: *until, who: who.clone(), why: why.clone() };
            self.found.push((NoticeKind::Overridden, reason.clone()));
            self.reasons.push(reason);
        }
        for reason in &self.in_force.limited {
            self.found.push((NoticeKind::OverrideLimited, reason.clone()));
            self.reasons.push(reason.clone());
        }
    }

    /// Notices the conditions that people want to be told of. What once held lasts for as long as the newest value
    /// breaches, although a hole in the datapoints began its `for` anew.
    pub(super) fn notice_watched(&mut self, before: &Memory) {
        for one in &self.watched {
            let (Some(value), Some(since)) = (one.value(), one.since()) else {
                continue;
            };
            let condition = one.when.clone();
            let words = Some(condition.to_string());
            let lasting = before.edges.iter().find(|edge| edge.condition == words).map(|edge| edge.since);
            if lasting.is_some() || one.matches() {
                let (since, severity) = (lasting.unwrap_or(since), one.rule.severity);
                let reason = Reason::ConditionHolds { condition, value, since, severity };
                self.found.push((NoticeKind::Condition, reason.clone()));
                self.reasons.push(reason);
            }
        }
    }

    /// Conditions that follow from the reasons, and outlive a single one.
    pub(super) fn notice_conditions(&mut self) {
        let (desired, max) = (self.desired(), self.in_force.bounds.max());
        for reason in &self.reasons {
            let pinned =
                matches!(reason, Reason::AtMax { .. }) && desired.is_some_and(|desired| desired >= max);
            // A service that sleeps is meant to.
            let pinned = pinned && self.in_force.bounds != Capacity::ASLEEP;
            if pinned {
                self.found.push((NoticeKind::PinnedAtMax, reason.clone()));
            }
            if matches!(reason, Reason::NoScaleOut { .. }) {
                self.found.push((NoticeKind::NoScaleOut, reason.clone()));
            }
        }
        if let Some(reason) = self.in_force.outside.clone() {
            self.found.push((NoticeKind::OutsideBounds, reason.clone()));
            self.reasons.push(reason);
        }
        if let (Some(lasting), Ok(service)) =
            (startup::failing(self.next.startup, self.policy.startup, self.look.now), &self.seen.service)
        {
            let (desired, running) = (service.desired_count, service.running_count);
            self.found.push((NoticeKind::StartsFailing, Reason::StartsFailing { desired, running, lasting }));
        }
        if self.seen.service.as_ref().is_ok_and(|service| service.rollout) {
            self.found.push((NoticeKind::RolloutLasts, Reason::Rollout));
        }
        if self.seen.service.as_ref().is_ok_and(|service| service.constraints.deployment_failed) {
            self.found.push((NoticeKind::DeploymentFailed, Reason::DeploymentFailed));
            self.reasons.push(Reason::DeploymentFailed);
        }
        if let Some(failure) = self.next.failure {
            let reason = Reason::BackingOff { failures: failure.count, until: failure.retry_at() };
            self.found.push((NoticeKind::ActionFailing, reason));
        }
    }

    /// Whether a condition that was not found is over. What cannot be seen is not over.
    pub(super) fn end(&self, edge: &Edge) -> End {
        if let Some(condition) = &edge.condition {
            return self.end_of_watched(condition);
        }
        if self.judges(edge.kind) { End::Over } else { End::NotSeen }
    }

    /// A condition ends with a fresh value that does not breach, with nothing left to measure, or with its line in the
    /// fleet file.
    fn end_of_watched(&self, condition: &str) -> End {
        let Some(one) = self.watched.iter().find(|one| one.when.to_string() == condition) else {
            return End::Because(Reason::ConditionGone { condition: condition.to_owned() });
        };
        let (condition, severity) = (one.when.clone(), one.rule.severity);
        match (&one.sighting.reading, one.value()) {
            // A value that may still change has not the last word.
            (_, Some(value)) if one.is_over() => {
                End::Because(Reason::ConditionOver { condition, value, severity })
            }
            // Without a vote there is nothing to measure: no request is no error any more.
            (None, None) => End::Because(Reason::ConditionQuiet { condition, severity }),
            (_, Some(_)) | (Some(_), None) => End::NotSeen,
        }
    }

    /// Whether this look can say that a condition is over.
    fn judges(&self, kind: NoticeKind) -> bool {
        let service = !self.finds(NoticeKind::Blocked);
        let queue = self.seen.queue_unread().is_none();
        match kind {
            NoticeKind::StartsFailing
            | NoticeKind::SwitchedOff
            | NoticeKind::RolloutLasts
            | NoticeKind::DeploymentFailed
            | NoticeKind::Overwritten
            | NoticeKind::OutsideBounds => service,
            NoticeKind::PinnedAtMax | NoticeKind::NoScaleOut => {
                service && queue && !self.finds(NoticeKind::StartsFailing) && self.unread().next().is_none()
            }
            NoticeKind::HeldByWorkers => service && queue,
            NoticeKind::QueuePaused | NoticeKind::QueuePartlyRead => queue,
            NoticeKind::QueueUnreadable
            | NoticeKind::ReadingMissing
            | NoticeKind::Blocked
            | NoticeKind::ActionFailing
            | NoticeKind::Overridden
            | NoticeKind::OverrideLimited
            | NoticeKind::Condition
            | NoticeKind::WatchedMissing
            | NoticeKind::OwnerUnknown => true,
        }
    }

    fn finds(&self, kind: NoticeKind) -> bool {
        self.found.iter().any(|(found, _)| *found == kind)
    }
}

/// There are datapoints, and within minutes they will be known.
fn is_about_to_settle(reading: Option<&Reading<f64>>) -> bool {
    matches!(reading, Some(Reading::Missing(absence)) if absence.kind == AbsenceKind::Provisional)
}
