//! What an instance class of RDS says of itself: its memory, and how many connections an engine takes with it.

use crate::engine::Engine;

/// A mebibyte is what classes are counted in: `db.t4g.micro` has 1,024.
const MIB: u64 = 1_048_576;

/// What the operating system and RDS itself take of the class's memory before `DBInstanceClassMemory` is counted. AWS publishes
/// no number. The default of 149 connections that a `db.t3.small` was found to have (2 GiB would be 225 of PostgreSQL) leaves
/// 1.3 GiB; with this it is 129. More would refuse scale-outs that a small database can take, less would allow too many.
const TAKEN_MIB: u64 = 768;

/// And the twentieth part of it: larger classes give more away than this.
const TAKEN_PART: u64 = 20;

/// The instance of a database, as far as its connections follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseClass {
    /// `Engine`.
    pub engine: Engine,
    /// `DBInstanceClass`.
    pub class: String,
    /// Its parameter group is the default one of its family: `max_connections` is that of the engine's formula.
    pub has_default_parameters: bool,
}

impl DatabaseClass {
    /// The fewest connections that it takes by the engine's own default; `None` where that is not known: a parameter group of
    /// one's own, Aurora, a class that is not in the table. An estimate, and never too high: AWS states the formulas, but
    /// not how much memory they count.
    #[must_use]
    pub fn max_connections(&self) -> Option<u32> {
        self.default_connections().filter(|_| self.has_default_parameters)
    }

    /// The same, whatever its parameter group: where that leaves `max_connections` alone.
    pub(crate) fn default_connections(&self) -> Option<u32> {
        let (bytes_each, most) = match self.engine {
            // `LEAST({DBInstanceClassMemory/9531392}, 5000)`
            Engine::PostgreSql { .. } => (9_531_392, 5_000),
            // `{DBInstanceClassMemory/12582880}`
            Engine::MySql => (12_582_880, 100_000),
            // `LEAST({DBInstanceClassMemory/25165760}, 12000)` from 10.6 on, and before that MySQL's.
            Engine::MariaDb => (25_165_760, 12_000),
            Engine::Aurora => return None,
        };
        let connections = class_memory(&self.class)?.checked_div(bytes_each)?;
        u32::try_from(connections).ok().map(|connections| connections.min(most))
    }
}

/// `DBInstanceClassMemory` of a class, in bytes, estimated low; `None` for a class that is not in the table.
pub(crate) fn class_memory(class: &str) -> Option<u64> {
    let memory = memory_mib(class)?;
    let counted = memory.saturating_sub(TAKEN_MIB).saturating_sub(memory.checked_div(TAKEN_PART)?);
    Some(counted.saturating_mul(MIB))
}

/// The memory of a class in MiB (Amazon RDS user guide, "Hardware specifications for DB instance classes"): of the families T2 to
/// T4g, and of M5, R5 and what came after them, whose sizes double. `None` for every other one.
#[must_use]
pub fn memory_mib(class: &str) -> Option<u64> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let generation: String = family.chars().skip(1).take_while(char::is_ascii_digit).collect();
    let generation: u32 = generation.parse().ok()?;
    let gib = match (family.chars().next()?, generation) {
        ('t', 2..=4) => of_burstable(size)?,
        ('m', 5..) => larges(size)?.checked_mul(8)?,
        ('r', 5..) => larges(size)?.checked_mul(16)?,
        _ => return None,
    };
    gib.checked_mul(1_024)
}

/// The operations a second that a class carries for hours, of 16 KiB (`EbsOptimizedInfo.BaselineIops` of the EC2 type of the same
/// name, as `DescribeInstanceTypes` returns it): of several generations the fewest. `None` for a class that is not in the table.
#[must_use]
pub fn baseline_iops(class: &str) -> Option<u32> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let generation: u32 =
        family.chars().skip(1).take_while(char::is_ascii_digit).collect::<String>().parse().ok()?;
    match (family.chars().next()?, generation, size) {
        ('t', 3..=4, "micro") => Some(500),
        ('t', 3..=4, "small") => Some(1_000),
        ('t', 3..=4, "medium") => Some(2_000),
        ('t', 3..=4, "large" | "xlarge" | "2xlarge") => Some(4_000),
        ('m' | 'r', 5.., "large") => Some(3_600),
        ('m' | 'r', 5.., "xlarge") => Some(6_000),
        ('m' | 'r', 5.., "2xlarge") => Some(12_000),
        ('m' | 'r', 5.., "4xlarge") => Some(18_750),
        ('m' | 'r', 5.., "8xlarge") => Some(30_000),
        ('m' | 'r', 5.., "12xlarge") => Some(40_000),
        ('m' | 'r', 5.., "16xlarge") => Some(60_000),
        ('m' | 'r', 5.., "24xlarge") => Some(80_000),
        _ => None,
    }
}

/// GiB of the burstable sizes.
fn of_burstable(size: &str) -> Option<u64> {
    Some(match size {
        "micro" => 1,
        "small" => 2,
        "medium" => 4,
        "large" => 8,
        "xlarge" => 16,
        "2xlarge" => 32,
        _ => return None,
    })
}

/// So many times `large`: `4xlarge` is 8.
fn larges(size: &str) -> Option<u64> {
    match size {
        "large" => Some(1),
        "xlarge" => Some(2),
        _ => size.strip_suffix("xlarge")?.parse::<u64>().ok()?.checked_mul(2),
    }
}
