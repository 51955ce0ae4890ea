//! What a simulated RDS has beside instances: how classes can be ordered, when it maintains, and what is asked of a class.

use std::collections::BTreeMap;

use tidegate_policy::upgrades::observation::{ClassOffer, DueMaintenance, Reservation, RunningInstance};

/// Everything about classes, as it begins.
#[derive(Debug, Clone)]
pub struct ClassSettings {
    /// `MultiAZ` of the source.
    pub is_multi_az: bool,
    /// `StorageType` of all instances.
    pub storage_type: String,
    /// `PreferredMaintenanceWindow` of all instances.
    pub maintenance_window: String,
    /// `MaxAllocatedStorage` of the source, in GiB.
    pub max_allocated_gib: Option<u32>,
    /// How each class can be ordered; one that is not in it cannot.
    pub offers: BTreeMap<String, Vec<ClassOffer>>,
    /// What is paid for.
    pub reservations: Vec<Reservation>,
    /// Maintenance that waits for the source.
    pub maintenance: Vec<DueMaintenance>,
    /// Instances of the account that have nothing to do with this database.
    pub others: Vec<RunningInstance>,
    /// The parameter group of all instances is the default one of the family.
    pub has_default_parameters: bool,
    /// What is asked of the source.
    pub demand: ClassDemand,
}

/// What is asked of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassDemand {
    /// Percent of the CPU of a class with 8 GiB of memory; of one with 16 GiB it is half of it.
    pub work: f64,
    /// Connections.
    pub connections: f64,
    /// Memory in use, in MiB.
    pub used_mib: f64,
    /// Operations of the storage a second.
    pub iops: f64,
    /// The metric of the business: registered users.
    pub users: f64,
}

impl ClassSettings {
    /// A Single-AZ source on gp3, maintained on Sunday from 05:00 to 05:30, with these classes to order.
    #[must_use]
    pub fn single_az(classes: &[&str], zones: &[String]) -> Self {
        let offer = || ClassOffer {
            storage_type: "gp3".to_owned(),
            is_multi_az: true,
            takes_replicas: true,
            zones: zones.to_vec(),
            storage_gib: Some((20, 65_536)),
        };
        Self {
            is_multi_az: false,
            storage_type: "gp3".to_owned(),
            maintenance_window: "sun:05:00-sun:05:30".to_owned(),
            max_allocated_gib: None,
            offers: classes.iter().map(|class| ((*class).to_owned(), vec![offer()])).collect(),
            reservations: Vec::new(),
            maintenance: Vec::new(),
            others: Vec::new(),
            has_default_parameters: true,
            demand: ClassDemand { work: 40.0, connections: 50.0, used_mib: 1_024.0, iops: 200.0, users: 1e3 },
        }
    }
}
