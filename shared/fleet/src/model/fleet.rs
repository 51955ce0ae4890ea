//! The fleet: what a valid file says, in types that cannot hold anything else.

use tidegate_policy::{AlarmName, ServicePolicy};

use crate::checks;
use crate::hours;
use crate::object::{Object, read_scalar};
use crate::problem::{Code, Place, Problem, Problems};
use crate::scalar;
use crate::service;
use crate::settings::{BUDGET, FLEET};
use crate::source::{Metric, QueueSource};
use crate::target::TargetName;
use crate::tree::{self, Node};
use crate::words;

/// A megabyte is a fleet of 1,000 services with 20 rules each; more is no fleet file.
pub const FILE_BYTES_MAX: usize = 1_048_576;

/// A valid fleet file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    name: String,
    mode: Mode,
    services: Vec<Service>,
    budgets: Vec<Budget>,
    warnings: Vec<Problem>,
}

/// One service of the fleet: where it runs, where its work waits, and its policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub(crate) name: String,
    pub(crate) target: TargetName,
    pub(crate) mode: Mode,
    pub(crate) queue: Option<QueueSource>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) alarms: Vec<AlarmName>,
    pub(crate) policy: ServicePolicy,
}

/// Whether decisions are acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Decide and report, change nothing.
    Observe,
    /// Act.
    Enforce,
}

/// What services share, checked when the file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub(crate) name: String,
    pub(crate) limit: u32,
    pub(crate) uses: Vec<(String, u32)>,
    pub(crate) use_at_max: u64,
}

/// Reads a fleet file.
///
/// # Errors
/// Every problem of the file at once, in the order of the file.
pub fn parse(text: &str) -> Result<Fleet, Problems> {
    let mut problems = Problems::new();
    let fleet = read(text, &mut problems);
    let (errors, warnings) = problems.split();
    match fleet {
        Some(fleet) if errors.is_empty() => Ok(Fleet { warnings, ..fleet }),
        Some(_) | None => Err(errors),
    }
}

/// Reads a fleet file from its bytes; problems are said of `file`.
///
/// # Errors
/// Every problem of the file at once; a file that is not UTF-8 is one.
pub fn parse_bytes(file: &str, bytes: &[u8]) -> Result<Fleet, Problems> {
    let fleet = match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => Err(not_utf8(bytes, error.valid_up_to())),
    };
    fleet.map_err(|problems| problems.in_file(file))
}

fn not_utf8(bytes: &[u8], valid_up_to: usize) -> Problems {
    let valid = bytes.get(..valid_up_to).unwrap_or_default();
    let line_start = valid.iter().rposition(|b| *b == b'\n').map_or(0, |at| at.saturating_add(1));
    let last_line = String::from_utf8_lossy(valid.get(line_start..).unwrap_or_default());
    let place = Place {
        line: valid.split(|b| *b == b'\n').count(),
        column: last_line.chars().count().saturating_add(1),
        width: 1,
    };
    let mut problems = Problems::new();
    let problem = Problem::new(Code::NotUtf8, place, "a byte that is not UTF-8");
    problems.push(problem.help("save the file as UTF-8"));
    problems
}

/// Reads what can be read; `None` only after reporting why.
fn read(text: &str, problems: &mut Problems) -> Option<Fleet> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, above {FILE_BYTES_MAX}", text.len());
        let problem = Problem::new(Code::TooLarge, Place::START, message);
        problems.push(problem.help("split the fleet into several files"));
        return None;
    }
    // An editor's byte order mark is no text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = tree::read(text, problems)?;
    let fleet = Object::open(&root, &FLEET, problems)?;
    fleet.count("version", problems);
    let name = fleet.text("name", problems);
    let mode = fleet.choice("mode", problems).map(Mode::of);
    let holidays = hours::holidays(&fleet, problems);
    let nodes = fleet.list("services", problems);
    checks::unique_names(nodes, problems);
    // With an unknown mode the services are still read, for their own problems.
    let services: Vec<Option<Service>> =
        nodes.iter().map(|node| service::read(node, mode, &holidays, problems)).collect();
    checks::unique_targets(nodes, &services, problems);
    checks::room_in_the_ledger(nodes, &services, problems);
    let budgets: Vec<Option<Budget>> = fleet
        .list("budgets", problems)
        .iter()
        .map(|node| read_budget(node, nodes, &services, problems))
        .collect();
    checks::unique_names(fleet.list("budgets", &mut Problems::new()), problems);
    Some(Fleet {
        name: name?,
        mode: mode?,
        services: services.into_iter().collect::<Option<_>>()?,
        budgets: budgets.into_iter().collect::<Option<_>>()?,
        warnings: Vec::new(),
    })
}

fn read_budget(
    node: &Node,
    service_nodes: &[Node],
    services: &[Option<Service>],
    problems: &mut Problems,
) -> Option<Budget> {
    let budget = Object::open(node, &BUDGET, problems)?;
    let name = budget.text("name", problems);
    let limit = budget.count("limit", problems);
    let names: Vec<&str> = service_nodes.iter().filter_map(checks::name_of).collect();
    let mut uses = Vec::new();
    for (key, value) in budget.table("use", problems) {
        if !names.contains(&key.text.as_str()) {
            let message = format!("the budget counts the unknown service `{}`", key.text);
            let help = words::meant(&key.text, &names);
            problems.push(Problem::new(Code::UnknownService, key.place, message).help(help));
        }
        let number = read_scalar(value, &key.text, problems, |written| {
            Some(scalar::count(written, 0, 1_000_000, "per task"))
        });
        if let Some(number) = number {
            uses.push((key.text.clone(), number));
        }
    }
    let mut budget = Budget { name: name?, limit: limit?, uses, use_at_max: 0 };
    checks::budget(&mut budget, node.place, services, problems);
    Some(budget)
}

impl Fleet {
    /// The fleet's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The mode at the top; each service has it, or a narrower one.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Its services, in the order of the file; never empty.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The service of a name.
    #[must_use]
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Its budgets; none is exceeded.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// What the file says and its author may not have meant.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Service {
    /// Its name in reports and on the command line, unique in the fleet.
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

impl Mode {
    fn of(word: &str) -> Self {
        if word == "enforce" { Self::Enforce } else { Self::Observe }
    }

    /// As the fleet file writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforce => "enforce",
        }
    }

    /// The mode of a service in a fleet of this mode; a service never does more than its fleet.
    pub(crate) fn narrowed(self, own: Option<&str>) -> Option<Self> {
        let own = own.map_or(self, Self::of);
        (own <= self).then_some(own)
    }
}
