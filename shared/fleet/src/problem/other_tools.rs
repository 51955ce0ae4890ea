//! What AWS, Kubernetes and KEDA call things, and what stands for it in a fleet file.

/// A word that people bring with them, without its case, `_` and `-`; and what to write here.
const WORDS: &[(&str, &str)] = &[
    ("albrequestcountpertarget", "the signal `requests_per_task`"),
    ("asgaveragecpuutilization", "the signal `cpu`"),
    ("cooldownperiod", "`cooldown: { out: 60s, in: 5m }`, or `idle` for the last task"),
    ("cpuutilization", "the signal `cpu`"),
    ("databaseconnections", "the signal `connections`"),
    ("datapointstoalarm", "`for`, as in `cpu > 70% for 5m`"),
    ("desiredcount", "nothing: Tidegate sets the desired count within the bounds of `capacity`"),
    ("disablescalein", "`scale_in: false` in `track`"),
    ("ecsserviceaveragecpuutilization", "the signal `cpu`"),
    ("ecsserviceaveragememoryutilization", "the signal `memory`"),
    ("evaluationperiods", "`for`, as in `cpu > 70% for 5m`"),
    ("fallback", "nothing: while data is missing, the desired count is not reduced"),
    ("idlereplicacount", "`capacity: { min: 0, max: … }`"),
    ("listlength", "`track: { signal: waiting_per_task, target: … }`, or `wait`"),
    ("maxcapacity", "`capacity: { min: …, max: … }`"),
    ("maxreplicacount", "`capacity: { min: …, max: … }`"),
    ("maxreplicas", "`capacity: { min: …, max: … }`"),
    ("maxsize", "`capacity: { min: …, max: … }`"),
    ("memoryutilization", "the signal `memory`"),
    ("metrictype", "a signal, as in `track: { signal: cpu, target: 70% }`"),
    ("mincapacity", "`capacity: { min: …, max: … }`"),
    ("minreplicacount", "`capacity: { min: …, max: … }`"),
    ("minreplicas", "`capacity: { min: …, max: … }`"),
    ("minsize", "`capacity: { min: …, max: … }`"),
    ("pollinginterval", "nothing: services are evaluated every minute, and every 15 s while work moves"),
    ("predefinedmetricspecification", "`track: { signal: cpu, target: 70% }`"),
    ("predefinedmetrictype", "a signal, as in `track: { signal: cpu, target: 70% }`"),
    ("queuelength", "`track: { signal: waiting_per_task, target: … }`, or `wait`"),
    ("replicas", "`capacity: { min: …, max: … }`"),
    ("requestcountpertarget", "the signal `requests_per_task`"),
    ("resourceid", "`ecs: { cluster: …, service: … }`"),
    ("scaleincooldown", "`cooldown: { in: 5m }`"),
    ("scaleoutcooldown", "`cooldown: { out: 60s }`"),
    ("scaletargetref", "`ecs: { cluster: …, service: … }`"),
    ("scalingadjustment", "`add`, `remove` or `set` in a rule"),
    ("scheduledactions", "`hours`"),
    ("stabilizationwindowseconds", "`stabilization`"),
    ("stepadjustments", "`rules`, one for each step"),
    ("targettracking", "`track: { signal: cpu, target: 70% }`"),
    ("targettrackingscalingpolicyconfiguration", "`track: { signal: cpu, target: 70% }`"),
    ("targetvalue", "`track: { signal: cpu, target: 70% }`"),
    ("triggers", "`queue` for the job queue, and `rules`, `track` or `wait` for scaling"),
];

/// What to write for a word of AWS, Kubernetes or KEDA.
pub(crate) fn here(word: &str) -> Option<&'static str> {
    let plain: String = word.chars().filter(|c| !"_-".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
    WORDS
        .binary_search_by_key(&plain.as_str(), |(known, _)| known)
        .ok()
        .and_then(|at| WORDS.get(at))
        .map(|(_, here)| *here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn case_and_separators_play_no_part() {
        for word in ["target_value", "TargetValue", "targetValue", "target-value"] {
            assert_eq!(here(word), Some("`track: { signal: cpu, target: 70% }`"), "{word}");
        }
        assert_eq!(here("concurency"), None);
    }
}
