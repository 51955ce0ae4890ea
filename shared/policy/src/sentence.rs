//! The sentence of every reason.

use std::fmt;

use crate::capacity_unit::{CapacityUnit, InUnit};
use crate::pipeline::surplus::FEW_PERCENT;
use crate::reason::Reason;
use crate::rule::{Condition, Quantity, Span, thousands};
use crate::signal::Unit;
use crate::track::LOW_FOR;

mod short;
pub(crate) mod words;

use words::{Allowed, ConnectionsOf, DayAndTime, Is, IsSince, TimeOfDay, Tracking, jobs, plural};

/// A clause that reads well after "because" and after a colon.
impl fmt::Display for InUnit<&Reason> {
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Reason as R;
        let capacity_unit = self.capacity_unit;
        let tasks = |count: u32| capacity_unit.so_many(count);
        let (scaled, desired, many) = (capacity_unit.scaled(), capacity_unit.desired(), capacity_unit.many());
        let aws = capacity_unit.aws_service();
        match self.what {
            R::ServiceUnreadable { absence } => write!(f, "the {scaled} cannot be read ({absence})"),
            R::ServiceInactive => match capacity_unit {
                CapacityUnit::Tasks => write!(f, "the status of the ECS service is not ACTIVE"),
                CapacityUnit::Instances => write!(f, "the Auto Scaling group is being deleted"),
            },
            R::ServiceIsDaemon => {
                write!(f, "the ECS service has the scheduling strategy DAEMON, which has no desired count")
            }
            R::ServiceIsExpress => write!(
                f,
                "Amazon ECS itself manages this service and its autoscaling (Express Mode, `resourceManagementType: ECS`); Tidegate changes nothing, pins included: set its task counts with `aws ecs update-express-gateway-service --scaling-target`, and take the service out of the fleet file"
            ),
            R::OtherAutoscaler { who } => write!(
                f,
                "{who} also manages this {scaled}; Tidegate changes nothing, pins included, until the other autoscaler is suspended or removed"
            ),
            R::OtherAutoscalerMeanwhile { who } => write!(
                f,
                "{who} scales this {scaled} while Tidegate only observes it; suspend the other autoscaler when you set `mode: enforce`, not before"
            ),
            R::OtherAutoscalerUnknown { absence } => {
                let autoscaling = capacity_unit.autoscaling();
                write!(f, "Tidegate cannot tell whether {autoscaling} also manages this {scaled} ({absence})")
            }
            R::SwitchedOff { min } => write!(
                f,
                "the {desired} is 0, below min {min}, and was set outside Tidegate: treated as switched off; set the {desired} above 0 to resume"
            ),
            R::IntentPending { to, evaluation, until } => write!(
                f,
                "another evaluation ({evaluation}) is scaling to {} and has until {} to finish",
                tasks(*to),
                TimeOfDay(*until)
            ),
            R::IntentFoundApplied { to } => write!(f, "an earlier evaluation did scale to {}", tasks(*to)),
            R::IntentFoundLost { from, to } => {
                write!(f, "the earlier change from {} to {} did not reach {aws}", thousands(from), tasks(*to))
            }
            R::ChangeNotShown { to } => write!(f, "{aws} does not show the change to {} yet", tasks(*to)),
            R::BackingOff { failures: 0 | 1, until } => {
                write!(f, "the last change failed; next attempt at {}", TimeOfDay(*until))
            }
            R::BackingOff { failures, until } => {
                write!(f, "the last {failures} changes failed; next attempt at {}", TimeOfDay(*until))
            }
            R::ManualChange { was } => {
                write!(f, "the {desired} was changed outside Tidegate (previously {})", thousands(was))
            }
            R::SetByEmergency { to, was, at } => {
                let (to, was, at) = (thousands(to), thousands(was), TimeOfDay(*at));
                write!(f, "emergency-max set the {desired} to {to} at {at} (previously {was})")
            }
            R::Overridden { kind, until, who, why } => {
                write!(f, "{who} set {kind} until {} ({why})", DayAndTime(*until))
            }
            R::OverrideAbove { kind, most } => write!(
                f,
                "`{kind}` is above the fleet file's limit of {} (`override_max`, or `max` without it)",
                tasks(*most)
            ),
            R::OverrideTooLong { kind, until, longest } => write!(
                f,
                "`{kind}` ends before {}: an override lasts at most {}",
                DayAndTime(*until),
                Span(*longest)
            ),
            R::OverrideUndated { kind, until } => write!(
                f,
                "`{kind}` until {} is ignored: its `since` is missing or in the future",
                DayAndTime(*until)
            ),
            R::Overwritten { times } => write!(
                f,
                "another process changed the {desired} {times} times, each time after Tidegate had set the {desired}: \
                 look for a second stack with this {scaled}, or a deployment that sets the {desired} (docs/leaving.md)"
            ),
            R::RuleMatched { condition, value, since, proposes } => {
                let seen = IsSince { condition, value: *value, since: *since };
                write!(f, "{seen} (rule: {condition}): {} needed", tasks(*proposes))
            }
            R::RuleNotLongEnough { condition, value, held } => {
                let seen = Is { condition, value: *value };
                write!(f, "{seen}, for {} so far (rule: {condition})", Span(*held))
            }
            R::Credit { base, already, until } => write!(
                f,
                "the {} already added (from {} to {}) {} toward this step until {} (scale-out cooldown)",
                tasks(*already),
                thousands(base),
                thousands(base.saturating_add(*already)),
                plural(u64::from(*already), "counts", "count"),
                TimeOfDay(*until)
            ),
            R::StillStarting { running, pending } => {
                let (running, pending) = (thousands(running), thousands(pending));
                write!(
                    f,
                    "{running} {many} running and {pending} pending: waiting for the {many} already requested"
                )
            }
            R::Tracked { signal, value, target, unit, proposes } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}: {} needed", tasks(*proposes))
            }
            R::OnTarget { signal, value, target, unit } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}: within tolerance, no change")
            }
            R::LowNotLongEnough { signal, value, target, unit, held } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}: low for {}; scale-in needs {}", Span(*held), Span(LOW_FOR))
            }
            R::WouldWait { jobs: n, within, planned, proposes } => write!(
                f,
                "{} {} expected by the time new {many} start ({}): {} {} waits under {}, the planning target",
                jobs(*n),
                plural(*n, "is", "are"),
                Span(*within),
                tasks(*proposes),
                plural(u64::from(*proposes), "keeps", "keep"),
                Span(*planned)
            ),
            R::PaceUnknown { jobs: n, within, proposes } => write!(
                f,
                "{} {} expected by the time new {many} start ({}); {} at most until it is known how fast jobs are done",
                jobs(*n),
                plural(*n, "is", "are"),
                Span(*within),
                tasks(*proposes)
            ),
            R::JobsWait { wait, planned } => write!(
                f,
                "a new job would wait {} (planning target {}): not scaling in",
                Span(*wait),
                Span(*planned)
            ),
            R::StillLate { acceptable, lasting, proposes } => write!(
                f,
                "for the last {}, jobs have waited longer than {} (the acceptable wait): {} needed",
                Span(*lasting),
                Span(*acceptable),
                tasks(*proposes)
            ),
            R::QueueStays { proposes } => {
                write!(f, "the queue does not shrink while its {many} are busy: {} needed", tasks(*proposes))
            }
            R::LoadKeeps { load, proposes } => {
                let load = Quantity { value: *load, unit: Unit::Count };
                write!(f, "current load keeps {load} {many} busy: {} needed", tasks(*proposes))
            }
            R::StandsBy { bursts, proposes } => {
                let are = plural(u64::from(*proposes), "is", "are");
                write!(f, "{} {are} kept ready after {bursts} sudden bursts", tasks(*proposes))
            }
            R::Watching => {
                write!(f, "`wait` needs two evaluations to measure the queue, and this is the first")
            }
            R::NothingMatches => write!(f, "no rule matches"),
            R::Wake { waiting_jobs } => {
                let are = plural(*waiting_jobs, "is", "are");
                write!(f, "{} {are} waiting and the {desired} is 0", jobs(*waiting_jobs))
            }
            R::BelowMin { min } => write!(f, "the {desired} is below min {min}"),
            R::AboveMax { max } => write!(f, "the {desired} is above max {max}"),
            R::AtMax { max, recommendation } => {
                write!(f, "capped at max {max} ({} needed)", tasks(*recommendation))
            }
            R::ConnectionsLimit { most, recommendation, because } => {
                let allowed = tasks(because.allows);
                write!(f, "{}", ConnectionsOf(because, &allowed))?;
                // A guard removes nothing, and lowers no minimum.
                if *most > because.allows {
                    write!(f, ", and {} stay", tasks(*most))?;
                }
                write!(f, " ({} needed)", tasks(*recommendation))
            }
            R::GuardLimitUnknown { database, absence } => {
                write!(f, "how many connections database `{database}` takes is unknown ({absence})")
            }
            R::AtMin { min } => write!(f, "min {min} is the lower limit"),
            R::OutsideBounds { min, max, asked, by } => {
                let (allowed, asked) = (Allowed(*min, *max), Allowed(Some(asked.0), Some(asked.1)));
                let by = by.as_ref().map_or_else(String::new, |by| format!(" (pin of {by})"));
                write!(f, "the {scaled}'s own minimum and maximum apply: {allowed}, ")?;
                write!(f, "not the requested {asked}{by}")
            }
            R::Hours { window, min, max, until } => {
                let bound = |name, tasks: &Option<u32>| tasks.map(|tasks| format!("{name} {tasks}"));
                let bounds: Vec<String> =
                    [bound("min", min), bound("max", max)].into_iter().flatten().collect();
                write!(f, "hours `{window}` set {}", bounds.join(" and "))?;
                until.map_or(Ok(()), |until| write!(f, " until {}", DayAndTime(until)))
            }
            R::Floor { metric, value, age, tasks: n } => {
                let value = Quantity { value: *value, unit: Unit::Count };
                let seen = age.map_or_else(
                    || format!("is {value}"),
                    |age| format!("was {value} at the last reading, {} ago", Span(age)),
                );
                write!(f, "`{metric}` {seen}: the floor is {}", tasks(*n))
            }
            R::ReadingMissing { signal, absence } => write!(f, "`{signal}` is unknown ({absence})"),
            R::ReadingStale { signal, age } => {
                write!(f, "the last value of `{signal}` is {} old, too old to act on", Span(*age))
            }
            R::NotAgreed { condition, value: Some(value) } => {
                let seen = Is { condition, value: *value };
                write!(f, "{seen}, which does not allow scale-in (rule: {condition})")
            }
            R::NotAgreed { condition, value: None } => {
                write!(f, "{} does not allow scale-in (rule: {condition})", condition.signal)
            }
            R::QueuePaused { waiting_jobs } => write!(
                f,
                "the queue is paused: its {} waiting {} not counted",
                thousands(waiting_jobs),
                plural(*waiting_jobs, "job is", "jobs are")
            ),
            R::QueueAtLimit { waiting_jobs, last } => {
                f.write_str("the queue ")?;
                match last {
                    None => f.write_str("is at its rate or concurrency limit")?,
                    Some(ago) => write!(f, "was at its rate or concurrency limit {} ago", Span(*ago))?,
                }
                let orders = plural(*waiting_jobs, "job orders", "jobs order");
                write!(f, ": its {} waiting {orders} no tasks", thousands(waiting_jobs))
            }
            R::LimitKeeps { busy: None, .. } => {
                f.write_str("the tasks that the queue's limit keeps busy are still being counted")
            }
            R::LimitKeeps { busy: Some(busy), proposes } => {
                write!(
                    f,
                    "the queue's limit keeps {busy:.1} tasks busy; with a quarter more {} needed",
                    tasks(*proposes)
                )
            }
            R::WorkInFlight { jobs: n, concurrency, floor } => write!(
                f,
                "{} in flight ({concurrency} per {}) {} {}",
                jobs(*n),
                capacity_unit.one(),
                plural(*n, "needs", "need"),
                tasks(*floor)
            ),
            R::WorkInFlightHidden { known_jobs } => write!(
                f,
                "this queue does not show every running job ({} {} visible)",
                thousands(known_jobs),
                plural(*known_jobs, "is", "are")
            ),
            R::WorkInFlightShared { known_jobs } => write!(
                f,
                "messages of this queue may be in other queues too, so more jobs may run than the {} in flight that it shows",
                thousands(known_jobs)
            ),
            R::WorkInFlightPartlyRead { known_jobs, read, held } => write!(
                f,
                "only {} of {} messages held by workers could be read, at least {} of them from this queue",
                thousands(read),
                thousands(held),
                thousands(known_jobs)
            ),
            R::HeldByWorkers { jobs: n, capacity_jobs } => write!(
                f,
                "{} {} prefetched beyond the workers' {} slots, and new {many} cannot take them",
                jobs(*n),
                plural(*n, "is", "are"),
                thousands(capacity_jobs)
            ),
            R::OneTaskAtATime { asked } => {
                write!(f, "removing 1 {}, not {asked} (`interruptible: false`)", capacity_unit.one())
            }
            R::Rollout => match capacity_unit {
                CapacityUnit::Tasks => write!(f, "a deployment is in progress"),
                CapacityUnit::Instances => write!(f, "an instance refresh is in progress"),
            },
            R::DeploymentFailed => write!(f, "the last deployment failed (`rolloutState` is FAILED)"),
            R::NoScaleOut { why } => write!(f, "AWS cannot add {many} now: {why}"),
            R::NoScaleIn { why } => write!(f, "AWS cannot remove {many} now: {why}"),
            R::Protected { count } => {
                let verb = plural(u64::from(*count), "is", "are");
                write!(f, "{} {verb} protected from scale-in", tasks(*count))
            }
            R::WarmingUp { until } => write!(f, "new {many} are warming up until {}", TimeOfDay(*until)),
            R::StartsFailing { desired, running, lasting } => {
                let (running, desired) = (thousands(running), thousands(desired));
                write!(
                    f,
                    "new {many} have not started for {}: {running} of {desired} running",
                    Span(*lasting)
                )
            }
            R::Stabilizing { recommendation, window } => {
                let verb = plural(u64::from(*recommendation), "was", "were");
                write!(
                    f,
                    "{} {verb} needed within the last {}; holding",
                    tasks(*recommendation),
                    Span(*window)
                )
            }
            R::FewSurplus { surplus, lasted, needed } => write!(
                f,
                "a surplus of {}, less than {FEW_PERCENT}%, leaves after {}; it has lasted {}",
                tasks(*surplus),
                Span(*needed),
                Span(*lasted)
            ),
            R::AnticipatedFlapping { condition, predicted, at } => write!(
                f,
                "with {}, {} would be about {} and trigger a scale-out (rule: {condition})",
                tasks(*at),
                condition.signal,
                Quantity { value: *predicted, unit: condition.unit }
            ),
            R::CooldownIn { until } => write!(f, "scale-in cooldown until {}", TimeOfDay(*until)),
            R::LargestStep { limit, recommendation } => {
                write!(f, "capped at the largest step, {} ({} needed)", tasks(*limit), tasks(*recommendation))
            }
            R::NotIdleLongEnough { idle, needed } => {
                write!(
                    f,
                    "the queue has been empty for {}; scaling to 0 needs {}",
                    Span(*idle),
                    Span(*needed)
                )
            }
            R::NotIdle { jobs: n } => {
                write!(f, "{} in the queue would be left without a {}", jobs(*n), capacity_unit.one())
            }
            R::ConditionHolds { condition, value, since, severity: _ } => {
                let seen = IsSince { condition, value: *value, since: Some(*since) };
                write!(f, "{seen} (rule: {condition})")
            }
            R::ConditionOver { condition, value, severity: _ } => {
                write!(f, "{}", Is { condition, value: *value })?;
                let Condition { comparison, threshold, unit, .. } = condition;
                let beyond = format!(", no longer {} {threshold}{}", comparison.in_words(), unit.suffix());
                f.write_str(if condition.is_of_alarm() { "" } else { &beyond })
            }
            R::ConditionGone { condition } => write!(f, "`{condition}` is no longer in the fleet file"),
            R::ConditionQuiet { condition, severity: _ } => {
                write!(f, "`{}` is no longer measured", condition.signal)
            }
            R::FewServe { desired, running } => {
                let (running, desired) = (thousands(running), thousands(desired));
                write!(
                    f,
                    "only {running} of {desired} {many} are running: load may be low because of that; not scaling in"
                )
            }
        }
    }
}
