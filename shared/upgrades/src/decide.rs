//! From what was seen to what is to be done, for all databases.

use tidegate_aws::report::Header;
use tidegate_fleet::{Database, Mode};
use tidegate_policy::emergency::incident::Overrides;
use tidegate_policy::upgrades::decide::{UpgradeTurn, decide};
use tidegate_policy::upgrades::observation::UpgradeObservation;

use crate::asked::{AskedClass, asked};
use crate::database::UpgradeReport;
use crate::databases::Upgrades;
use crate::memory::UpgradesMemory;
use crate::observe::UpgradesSeen;

impl Upgrades {
    /// Decides about every database that was seen, and puts the next memories in.
    pub(crate) fn decide_all(
        &self,
        seen: UpgradesSeen,
        memory: &mut UpgradesMemory,
        overrides: &Overrides,
        header: &Header,
    ) -> Vec<UpgradeReport> {
        let UpgradesSeen { mut databases, whole } = seen;
        // What is wrong with it was said when the databases were selected.
        let asked = asked(&self.fleet, &header.trigger, header.request.as_deref(), header.at).ok().flatten();
        let seen = self.databases().filter_map(|database| {
            let seen = databases.remove(database.name())?;
            decide_one(database, seen, memory, overrides, asked.as_ref(), header)
        });
        let reports: Vec<UpgradeReport> = seen.collect();
        if whole {
            memory.read_at = Some(header.at);
        }
        memory.remember(&reports, |name| self.databases().any(|mine| mine.name() == name));
        reports
    }
}

/// Decides about one database.
fn decide_one(
    database: &Database,
    seen: UpgradeObservation,
    memory: &UpgradesMemory,
    overrides: &Overrides,
    asked: Option<&AskedClass>,
    header: &Header,
) -> Option<UpgradeReport> {
    let (name, observe) = (database.name(), database.mode() == Mode::Observe);
    let turn = UpgradeTurn {
        database: name,
        evaluation: &header.evaluation,
        overrides: &overrides.of(name),
        emergency: overrides.incident.as_ref().map(|incident| incident.profile.as_str()),
        asked: asked.filter(|asked| asked.database == name).map(|asked| &asked.asked),
        observe,
        now: header.at,
    };
    let policy = database.upgrade_policy()?;
    let decision = decide(&seen, policy, &memory.of(name, observe), turn);
    Some(UpgradeReport {
        name: name.to_owned(),
        resource: database.instance().clone(),
        classes: policy.ladder.as_ref().map(|ladder| ladder.classes.clone()).unwrap_or_default(),
        observe,
        seen,
        decision,
        called: None,
    })
}
