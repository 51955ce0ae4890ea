//! The engines of databases.

/// The engine of a database, and what of its version matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// RDS for PostgreSQL, with its major and minor version.
    PostgreSql {
        /// `14` of `14.1`.
        major: u32,
        /// `1` of `14.1`.
        minor: u32,
    },
    /// RDS for MySQL.
    MySql,
    /// RDS for MariaDB.
    MariaDb,
    /// Aurora, compatible with MySQL or PostgreSQL.
    Aurora,
}
