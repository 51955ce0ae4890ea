//! The stable names of all problems.

/// Whether the file can still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemSeverity {
    /// The file is refused.
    Error,
    /// The file is taken, and says something its author may not have meant.
    Warning,
}

impl ProblemSeverity {
    /// In lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident, $text:literal, $severity:ident;)*) => {
        /// The stable names of all problems.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in kebab-case, which never changes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether it refuses the file.
            #[must_use]
            pub fn severity(self) -> ProblemSeverity {
                match self { $(Self::$variant => ProblemSeverity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The file has more problems than an operator reads at once.
    TooManyProblems, "too-many-problems", Error;
    /// The file is larger than 1 MiB.
    TooLarge, "too-large", Error;
    /// The file is not UTF-8.
    NotUtf8, "not-utf8", Error;
    /// The file holds nothing but comments.
    EmptyFile, "empty-file", Error;
    /// A tab where YAML wants spaces.
    Tab, "tab", Error;
    /// The text is not YAML.
    Yaml, "yaml", Error;
    /// Anchors, aliases, merge keys and tags: what is written is what is meant.
    YamlFeature, "yaml-feature", Error;
    /// More than one document.
    SeveralDocuments, "several-documents", Error;
    /// Nested deeper than any fleet file is.
    TooDeep, "too-deep", Error;
    /// A key twice in one mapping.
    DuplicateKey, "duplicate-key", Error;
    /// A key that does not exist.
    UnknownKey, "unknown-key", Error;
    /// A required key is not there.
    MissingKey, "missing-key", Error;
    /// Not exactly one of several keys.
    NotExactlyOne, "not-exactly-one", Error;
    /// A list, a mapping or a single value where another of them belongs.
    WrongShape, "wrong-shape", Error;
    /// A key without a value, or an empty text.
    EmptyValue, "empty-value", Error;
    /// More or fewer entries than allowed.
    WrongLength, "wrong-length", Error;
    /// Not plain digits.
    NotANumber, "not-a-number", Error;
    /// Not `true` or `false`.
    NotABoolean, "not-a-boolean", Error;
    /// Not a duration such as `90s`.
    NotADuration, "not-a-duration", Error;
    /// Not `5` or `10%`.
    NotAnAmount, "not-an-amount", Error;
    /// A number, duration or amount outside its range.
    OutOfRange, "out-of-range", Error;
    /// None of the allowed words.
    UnknownValue, "unknown-value", Error;
    /// A text that is too long or has characters that are not allowed.
    BadText, "bad-text", Error;
    /// A URL or reference that cannot be right.
    BadUrl, "bad-url", Error;
    /// A password in the file.
    SecretInFile, "secret-in-file", Error;
    /// A condition that reads neither `SIGNAL OP VALUE [for DURATION]` nor `alarm(NAME) [for DURATION]`.
    BadCondition, "bad-condition", Error;
    /// A signal that does not exist.
    UnknownSignal, "unknown-signal", Error;
    /// A value in a unit that its signal does not have.
    WrongUnit, "wrong-unit", Error;
    /// A signal of the queue in a service without one.
    SignalWithoutQueue, "signal-without-queue", Error;
    /// Something of a queue in a service that scales an EC2 Auto Scaling group.
    GroupWithQueue, "group-with-queue", Error;
    /// A metric that AWS does not publish for what is scaled.
    NotPublished, "not-published", Error;
    /// A share or an average divided by the tasks.
    NotATotal, "not-a-total", Error;
    /// An expression that CloudWatch could not compute, or that leaves a metric out.
    BadExpression, "bad-expression", Error;
    /// `limit` on a metric that cannot be a share of it.
    LimitWithoutTotal, "limit-without-total", Error;
    /// A window that does not read `DAYS HH:MM-HH:MM ZONE`; of a class one that does not read `sun:05:00-sun:06:00`.
    BadWindow, "bad-window", Error;
    /// A time zone that the IANA database does not have.
    UnknownZone, "unknown-zone", Error;
    /// A row of `hours` above the maximum of the capacity.
    HoursAboveCapacity, "hours-above-capacity", Error;
    /// A floor table in which more business needs fewer tasks, or no larger class.
    FloorFalls, "floor-falls", Error;
    /// A row of a floor table above the maximum of the capacity.
    FloorAboveCapacity, "floor-above-capacity", Error;
    /// A floor by a metric whose absence counts as zero.
    FloorAbsentZero, "floor-absent-zero", Error;
    /// A signal that does not fall as tasks are added, and cannot be tracked.
    TrackedTotal, "tracked-total", Error;
    /// A name that has a meaning already.
    ReservedName, "reserved-name", Error;
    /// Two things of one name.
    DuplicateName, "duplicate-name", Error;
    /// Two services, databases or records that are the same thing in AWS.
    DuplicateTarget, "duplicate-target", Error;
    /// A lag that the engine cannot show.
    LagBelowResolution, "lag-below-resolution", Error;
    /// A record for reads of Aurora, which has an endpoint for them.
    DnsOfAurora, "dns-of-aurora", Error;
    /// Classes of Aurora, whose writer's class is not changed.
    ClassesOfAurora, "classes-of-aurora", Error;
    /// Storage of Aurora, which grows by itself.
    StorageOfAurora, "storage-of-aurora", Error;
    /// Classes that do not rise.
    ClassesFall, "classes-fall", Error;
    /// A condition that adds replicas or a larger class when the load falls, or does the opposite when it rises.
    WrongDirection, "wrong-direction", Error;
    /// The minimum lies above the maximum.
    MinAboveMax, "min-above-max", Error;
    /// A service that enforces in a fleet that observes.
    WiderMode, "wider-mode", Error;
    /// A rule that adds and one that removes hold at the same time.
    ContradictingRules, "contradicting-rules", Error;
    /// `for` is shorter than the metric's period.
    ForBelowPeriod, "for-below-period", Error;
    /// `set` outside the capacity.
    SetOutsideCapacity, "set-outside-capacity", Error;
    /// `at_least` without a percentage.
    AtLeastWithoutPercent, "at-least-without-percent", Error;
    /// More than one task per scale-in while jobs may not be interrupted.
    StepNeedsInterruptible, "step-needs-interruptible", Error;
    /// A service that the fleet does not have.
    UnknownService, "unknown-service", Error;
    /// A database that the fleet does not have.
    UnknownDatabase, "unknown-database", Error;
    /// A size of a profile that no override of its service may set.
    ProfileAboveCapacity, "profile-above-capacity", Error;
    /// A budget that the services exceed, at their maximum or under a profile of `emergency`.
    BudgetExceeded, "budget-exceeded", Error;
    /// Nothing can ever scale, because minimum and maximum are equal.
    FixedSize, "fixed-size", Warning;
    /// Rules that only ever add, or only ever remove.
    OneWayRules, "one-way-rules", Warning;
    /// A threshold that its signal cannot reach.
    NeverMatches, "never-matches", Warning;
    /// A rule that asks for more than the largest step.
    AboveLargestStep, "above-largest-step", Warning;
    /// A removal of several tasks while jobs may not be interrupted.
    RemovesOneAtATime, "removes-one-at-a-time", Warning;
    /// Scaling to zero while the queue does not show running jobs.
    ZeroUnseenInFlight, "zero-unseen-in-flight", Warning;
    /// `wait` while the queue does not show running jobs.
    WaitUnseenInFlight, "wait-unseen-in-flight", Warning;
    /// An SQS FIFO queue, of which messages count that no worker can receive yet.
    FifoQueue, "fifo-queue", Warning;
    /// A window on holidays in a fleet that names none.
    NoHolidays, "no-holidays", Warning;
    /// A profile that sizes what is only observed.
    ProfileObserves, "profile-observes", Warning;
    /// Replicas that Tidegate would add, and that no reads would reach.
    ReadsDoNotReachReplicas, "reads-do-not-reach-replicas", Warning;
    /// Records of replicas that answer reads however far they lag.
    DnsWithoutLag, "dns-without-lag", Warning;
    /// An instance class whose memory is not known.
    UnknownClass, "unknown-class", Warning;
    /// A guard that allows fewer tasks than the minimum.
    GuardBelowMin, "guard-below-min", Warning;
    /// A database that nothing reads.
    UnusedDatabase, "unused-database", Warning;
    /// A declared metric that no rule names.
    UnusedMetric, "unused-metric", Warning;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(allowed), "{name}");
        }
    }
}
