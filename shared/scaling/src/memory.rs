//! What is remembered of all services of a part.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tidegate_aws::report::Header;
use tidegate_aws::report::section::Outcome;
use tidegate_policy::memory::Settled;
use tidegate_policy::{Memory, NoticeKind};

use crate::target::TargetReport;

/// The memory of all services. A service that is only observed has its memory apart; switching starts clean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetMemory {
    /// By service, in enforce mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub enforce: BTreeMap<String, Memory>,
    /// By service, in observe mode.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub observe: BTreeMap<String, Memory>,
    /// When metrics were last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_read_at: Option<Timestamp>,
}

impl FleetMemory {
    /// Believes what was read only as far as it can be true.
    pub fn believe(&mut self, now: Timestamp) {
        let Self { enforce, observe, metrics_read_at: _ } = self;
        enforce.values_mut().chain(observe.values_mut()).for_each(|memory| memory.believe(now));
    }

    /// What is remembered of a service in the mode it is in.
    pub(crate) fn of(&self, service: &str, observe: bool) -> Memory {
        let services = if observe { &self.observe } else { &self.enforce };
        services.get(service).cloned().unwrap_or_default()
    }

    /// Puts the next memories in. A service has one memory, of the mode it is in; one that left the fleet has none.
    pub(crate) fn remember(&mut self, targets: &[TargetReport], known: impl Fn(&str) -> bool) {
        self.enforce.retain(|name, _| known(name));
        self.observe.retain(|name, _| known(name));
        for target in targets {
            let Self { enforce, observe, .. } = self;
            let (here, there) = if target.observe { (observe, enforce) } else { (enforce, observe) };
            here.insert(target.target.clone(), target.decision.memory.clone());
            there.remove(&target.target);
        }
    }

    /// Puts outcomes and what operators were notified of in, whichever evaluation wrote it last.
    pub(crate) fn settle(&mut self, targets: &[TargetReport], header: &Header, notified: bool) {
        for target in
            targets.iter().filter(|target| target.outcome().is_some() || target.is_worth_reporting())
        {
            let services = if target.observe { &mut self.observe } else { &mut self.enforce };
            let Some(mine) = services.get_mut(&target.target) else { continue };
            if let Some(outcome) = target.outcome() {
                mine.settle(&header.evaluation, settled(outcome), header.at);
            }
            if notified {
                mine.mark_notified(&target.decision.notices);
                if matches!(target.outcome(), Some(Outcome::Failed(_))) {
                    mine.mark_begun(NoticeKind::ActionFailing, header.at);
                }
            } else {
                mine.observed = None;
            }
        }
    }
}

/// How a change ended, as the memory keeps it.
fn settled(outcome: &Outcome) -> Settled {
    match outcome {
        Outcome::Applied => Settled::Applied,
        Outcome::Failed(_) => Settled::Failed,
        Outcome::TooLate => Settled::NotSent,
    }
}
