//! The sentence of every reason.

use std::fmt;

use crate::capacity_unit::{CapacityUnit, InUnit};
use crate::reason::Reason;
use crate::rule::{Condition, Quantity, Span};
use crate::signal::Unit;
use crate::track::LOW_FOR;

mod words;

use words::{Allowed, ConditionValue, DayAndTime, Is, TimeOfDay, Tracking, jobs, plural, waits};

/// A fragment that reads well after "because" and after a colon.
impl fmt::Display for InUnit<&Reason> {
    #[expect(clippy::too_many_lines, reason = "one line per reason; a table reads best whole")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Reason as R;
        let capacity_unit = self.capacity_unit;
        let tasks = |count: u32| capacity_unit.so_many(count);
        match self.what {
            R::ServiceUnreadable { absence } => {
                write!(f, "the {} cannot be read ({absence})", capacity_unit.scaled())
            }
            R::ServiceInactive => match capacity_unit {
                CapacityUnit::Tasks => write!(f, "the ECS service is not ACTIVE"),
                CapacityUnit::Instances => write!(f, "the Auto Scaling group is being deleted"),
            },
            R::ServiceIsDaemon => write!(f, "the ECS service is a DAEMON and has no desired count to set"),
            R::ServiceIsExpress => write!(
                f,
                "Amazon ECS itself manages this service and its autoscaling (Express Mode, `resourceManagementType: ECS`); Tidegate changes nothing, pins included: set its task counts with `aws ecs update-express-gateway-service --scaling-target`, and take the service out of the fleet file"
            ),
            R::OtherAutoscaler { who } => write!(
                f,
                "{who} scales this {} too, and there may be one autoscaler only: nothing is changed, overrides included, until it is suspended or removed",
                capacity_unit.scaled()
            ),
            R::OtherAutoscalerUnknown { absence } => {
                write!(
                    f,
                    "whether AWS's own autoscaling scales this {} is not known ({absence})",
                    capacity_unit.scaled()
                )
            }
            R::SwitchedOff { min } => write!(
                f,
                "desired count is 0 below min {min} and was set outside Tidegate: it counts as switched off until raised by hand"
            ),
            R::IntentPending { to, evaluation, until } => {
                write!(
                    f,
                    "another evaluation ({evaluation}) is setting {to} and has until {}",
                    TimeOfDay(*until)
                )
            }
            R::IntentFoundApplied { to } => {
                write!(f, "an earlier evaluation's change to {} was found made", tasks(*to))
            }
            R::IntentFoundLost { from, to } => {
                write!(f, "an earlier evaluation's change from {from} to {} was never made", tasks(*to))
            }
            R::BackingOff { failures: 0 | 1, until } => {
                write!(f, "the last change failed, next attempt at {}", TimeOfDay(*until))
            }
            R::BackingOff { failures, until } => {
                write!(f, "the last {failures} changes failed, next attempt at {}", TimeOfDay(*until))
            }
            R::ManualChange { was } => {
                write!(f, "the desired count was changed outside Tidegate, it was {was}")
            }
            R::Overridden { kind, until, who, why } => {
                write!(f, "{who} asked for {kind} until {} ({why})", DayAndTime(*until))
            }
            R::OverrideAbove { kind, most } => {
                let allowed = tasks(*most);
                write!(
                    f,
                    "`{kind}` is more than the fleet file allows: {allowed} (`override_max`, else `max`)"
                )
            }
            R::OverrideTooLong { kind, until, longest } => write!(
                f,
                "`{kind}` until {} is not in force: an override states `since`, and ends within {} of it",
                DayAndTime(*until),
                Span(*longest)
            ),
            R::Overwritten { times } => write!(
                f,
                "another process changed the desired count {times} times, each time after Tidegate had set it: \
                 find a second stack with this {}, or a deployment that sets the count (docs/leaving.md)",
                capacity_unit.scaled()
            ),
            R::RuleMatched { condition, value, since, proposes } => {
                let seen = ConditionValue { condition, value: *value, since: *since };
                write!(f, "{seen}, which asks for {}", tasks(*proposes))
            }
            R::RuleNotLongEnough { condition, value, held } => {
                let seen = ConditionValue { condition, value: *value, since: None };
                write!(f, "{seen}, so far for {}", Span(*held))
            }
            R::Credit { base, already, until } => write!(
                f,
                "the {} added to {base} {} toward this step until {}",
                tasks(*already),
                plural(u64::from(*already), "counts", "count"),
                TimeOfDay(*until)
            ),
            R::StillStarting { running, pending } => {
                write!(f, "{running} running and {pending} pending: the tasks already asked for come first")
            }
            R::Tracked { signal, value, target, unit, proposes } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}, which asks for {}", tasks(*proposes))
            }
            R::OnTarget { signal, value, target, unit } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}: near enough for the tasks there are")
            }
            R::LowNotLongEnough { signal, value, target, unit, held } => {
                let seen = Tracking { signal, value: *value, target: *target, unit: *unit };
                write!(f, "{seen}, low for {} of {}", Span(*held), Span(LOW_FOR))
            }
            R::WouldWait { jobs: n, within, planned, proposes } => write!(
                f,
                "in {}, when new {} could run, {} would need {} to wait no longer than {}",
                Span(*within),
                capacity_unit.many(),
                jobs(*n),
                tasks(*proposes),
                Span(*planned)
            ),
            R::JobsWait { wait, planned } => write!(
                f,
                "a job that comes now waits {}, longer than {}: nothing scales in",
                Span(*wait),
                Span(*planned)
            ),
            R::StillLate { acceptable, lasting, proposes } => write!(
                f,
                "jobs have waited over {} (the acceptable wait) for the last {}, so {} are needed",
                Span(*acceptable),
                Span(*lasting),
                tasks(*proposes)
            ),
            R::LoadKeeps { load, proposes } => {
                let load = Quantity { value: *load, unit: Unit::Count };
                write!(
                    f,
                    "what arrives is work for {load} {}, which asks for {}",
                    capacity_unit.many(),
                    tasks(*proposes)
                )
            }
            R::StandsBy { bursts, proposes } => {
                write!(f, "{bursts} bursts came out of silence, {} stand by for the next", tasks(*proposes))
            }
            R::Watching => write!(f, "the queue is watched for one evaluation before `wait` decides"),
            R::NothingMatches => write!(f, "no rule matches"),
            R::Wake { waiting_jobs } => {
                write!(f, "{} and desired count is 0", waits(*waiting_jobs))
            }
            R::BelowMin { min } => write!(f, "desired count is below min {min}"),
            R::AboveMax { max } => {
                write!(f, "desired count is above max {max}")
            }
            R::AtMax { max, recommendation } => {
                write!(f, "max {max} limits the recommendation of {}", tasks(*recommendation))
            }
            R::AtMin { min } => write!(f, "min is {min}"),
            R::OutsideBounds { min, max, asked } => write!(
                f,
                "the {} itself allows {}, and {} are asked for: what it allows holds",
                capacity_unit.scaled(),
                Allowed(*min, *max),
                Allowed(Some(asked.0), Some(asked.1))
            ),
            R::Hours { window, min, max, until } => {
                let bound = |name, tasks: &Option<u32>| tasks.map(|tasks| format!("{name} {tasks}"));
                let bounds: Vec<String> =
                    [bound("min", min), bound("max", max)].into_iter().flatten().collect();
                write!(f, "`{window}` sets {}", bounds.join(" and "))?;
                until.map_or(Ok(()), |until| write!(f, " until {}", DayAndTime(until)))
            }
            R::Floor { metric, value, age, tasks: n } => {
                let value = Quantity { value: *value, unit: Unit::Count };
                let seen = age.map_or_else(
                    || format!("is {value}"),
                    |age| format!("was {value} when it was last known, {} ago", Span(age)),
                );
                write!(f, "`{metric}` {seen}, and the floor table keeps {}", tasks(*n))
            }
            R::ReadingMissing { signal, absence } => write!(f, "`{signal}` is not known ({absence})"),
            R::ReadingStale { signal, age } => {
                write!(f, "`{signal}` is {} old, too old to act on", Span(*age))
            }
            R::NotAgreed { condition, value: Some(value) } => {
                write!(
                    f,
                    "{} and does not agree to scale in (rule: {condition})",
                    Is { condition, value: *value }
                )
            }
            R::NotAgreed { condition, value: None } => {
                write!(f, "{} does not agree to scale in (rule: {condition})", condition.signal)
            }
            R::QueuePaused { waiting_jobs } => write!(
                f,
                "queue paused or at its rate or concurrency limit: {} waiting, not counted",
                jobs(*waiting_jobs)
            ),
            R::WorkInFlight { jobs: n, concurrency, floor } => {
                let verb = plural(*n, "keeps", "keep");
                write!(
                    f,
                    "{} in flight at {concurrency} per {} {verb} {}",
                    jobs(*n),
                    capacity_unit.one(),
                    tasks(*floor)
                )
            }
            R::WorkInFlightHidden { known_jobs } => write!(
                f,
                "this queue does not show every running job, only {known_jobs} {} known",
                plural(*known_jobs, "is", "are")
            ),
            R::WorkInFlightPartlyRead { known_jobs, read, held } => write!(
                f,
                "only {read} of {held} messages held by workers could be read, at least {known_jobs} of them this queue's"
            ),
            R::HeldByWorkers { jobs: n, capacity_jobs } => write!(
                f,
                "workers hold {} more than the {capacity_jobs} they can run, and new workers cannot take what is held",
                jobs(*n)
            ),
            R::OneTaskAtATime { asked } => {
                write!(
                    f,
                    "one {} per decision instead of {asked}, since work may not be interrupted",
                    capacity_unit.one()
                )
            }
            R::Rollout => match capacity_unit {
                CapacityUnit::Tasks => write!(f, "a deployment is in progress"),
                CapacityUnit::Instances => write!(f, "an instance refresh is in progress"),
            },
            R::DeploymentFailed => write!(f, "the last deployment FAILED (`rolloutState`)"),
            R::NoScaleOut { why } => write!(f, "AWS adds nothing now: {why}"),
            R::NoScaleIn { why } => write!(f, "AWS takes nothing away now: {why}"),
            R::Protected { count } => {
                let verb = plural(u64::from(*count), "is", "are");
                write!(f, "{} {verb} protected from scale-in", tasks(*count))
            }
            R::WarmingUp { until } => {
                write!(f, "new {} warm up until {}", capacity_unit.many(), TimeOfDay(*until))
            }
            R::StartsFailing { desired, running, lasting } => {
                let (many, lasting) = (capacity_unit.many(), Span(*lasting));
                write!(f, "new {many} do not start: {running} of {desired} running for {lasting}")
            }
            R::Stabilizing { recommendation, window } => {
                let verb = plural(u64::from(*recommendation), "was", "were");
                write!(
                    f,
                    "{} {verb} still recommended within the last {}",
                    tasks(*recommendation),
                    Span(*window)
                )
            }
            R::AnticipatedFlapping { condition, predicted, at } => write!(
                f,
                "at {} {} would be about {} and scale out again (rule: {condition})",
                tasks(*at),
                condition.signal,
                Quantity { value: *predicted, unit: condition.unit }
            ),
            R::CooldownIn { until } => write!(f, "scale-in cooldown until {}", TimeOfDay(*until)),
            R::LargestStep { limit, recommendation } => {
                write!(f, "the largest step is {limit}, the recommendation is for {}", tasks(*recommendation))
            }
            R::NotIdleLongEnough { idle, needed } => {
                write!(f, "the queue has been empty for {}, zero needs {}", Span(*idle), Span(*needed))
            }
            R::NotIdle { jobs: n } => {
                write!(f, "{} in the queue would be stranded at zero", jobs(*n))
            }
            R::ConditionHolds { condition, value, since, severity: _ } => {
                write!(f, "{}", ConditionValue { condition, value: *value, since: Some(*since) })
            }
            R::ConditionOver { condition, value, severity: _ } => {
                write!(f, "{}", Is { condition, value: *value })?;
                let Condition { comparison, threshold, unit, .. } = condition;
                let beyond = format!(", not {} {threshold}{}", comparison.in_words(), unit.suffix());
                f.write_str(if condition.is_of_alarm() { "" } else { &beyond })
            }
            R::ConditionGone { condition } => write!(f, "`{condition}` is no longer in the fleet file"),
            R::ConditionQuiet { condition, severity: _ } => {
                write!(f, "there is nothing to measure `{}` by any more", condition.signal)
            }
            R::FewServe { desired, running } => {
                write!(
                    f,
                    "only {running} of {desired} {} running, so little load may be the outage itself",
                    capacity_unit.many()
                )
            }
        }
    }
}
