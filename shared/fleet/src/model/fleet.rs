//! The fleet: what a valid file says, in types that cannot hold anything else.

use tidegate_policy::{AlarmName, ConnectionGuard, ServicePolicy};

use crate::model::database::Database;
use crate::model::emergency::Emergency;
use crate::model::metric::Metric;
use crate::model::mode::Mode;
use crate::model::queue::QueueSource;
use crate::model::target::TargetName;
use crate::problem::Problem;

/// A valid fleet file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) services: Vec<Service>,
    pub(crate) databases: Vec<Database>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) emergency: Emergency,
    pub(crate) warnings: Vec<Problem>,
}

/// One service of the fleet: where it runs, where its work waits, and its policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub(crate) name: String,
    pub(crate) target: TargetName,
    pub(crate) mode: Mode,
    pub(crate) priority: u32,
    pub(crate) queue: Option<QueueSource>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) alarms: Vec<AlarmName>,
    pub(crate) policy: ServicePolicy,
}

/// What services share, checked when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub(crate) name: String,
    pub(crate) limit: u32,
    pub(crate) uses: Vec<(String, u32)>,
    pub(crate) use_at_max: u64,
}

impl Fleet {
    /// The fleet's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mode at the top; each service and database has it, or a narrower one.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Its services, in the order of the file; a fleet without any has databases.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Its services, the most important first: by `priority`, those of the same in the order of the file.
    #[must_use]
    pub fn services_by_priority(&self) -> Vec<&Service> {
        let mut services: Vec<&Service> = self.services.iter().collect();
        services.sort_by_key(|service| std::cmp::Reverse(service.priority));
        services
    }

    /// The service of a name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Its databases, in the order of the file; a fleet without any has services.
    #[must_use]
    pub fn databases(&self) -> &[Database] {
        &self.databases
    }

    /// The database of a name.
    #[must_use]
    pub fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| database.name() == name)
    }

    /// Its budgets; none is exceeded.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// What an emergency does; there is one also where the file has no such part.
    #[must_use]
    pub fn emergency(&self) -> &Emergency {
        &self.emergency
    }

    /// What the file says and its author may not have meant.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Service {
    /// Its name in reports and on the command line, unique among the fleet's services and databases.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it scales; no other service of the fleet scales the same.
    #[must_use]
    pub fn target(&self) -> &TargetName {
        &self.target
    }

    /// The mode in force: the fleet's, or narrowed here.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// In an emergency services of a higher number are set first; 0 to 1,000, and 0 where the file says nothing.
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.priority
    }

    /// Where its work waits; a service with a queue belongs to `queue-depth`.
    #[must_use]
    pub fn queue(&self) -> Option<&QueueSource> {
        self.queue.as_ref()
    }

    /// Every metric that anything of it names, each once, built-in ones written out.
    #[must_use]
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Every CloudWatch alarm that its rules name, each once.
    #[must_use]
    pub fn alarms(&self) -> &[AlarmName] {
        &self.alarms
    }

    /// The database whose connections limit its scale-out; the fleet has it.
    #[must_use]
    pub fn guard(&self) -> Option<&ConnectionGuard> {
        self.policy.guard.as_ref()
    }

    /// What `decide` needs to know.
    #[must_use]
    pub fn policy(&self) -> &ServicePolicy {
        &self.policy
    }
}

impl Budget {
    /// What is shared.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much of it there is.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// How much one task of each service takes.
    #[must_use]
    pub fn uses(&self) -> &[(String, u32)] {
        &self.uses
    }

    /// How much is taken when every service is at its maximum; never above the limit.
    #[must_use]
    pub fn use_at_max(&self) -> u64 {
        self.use_at_max
    }
}
