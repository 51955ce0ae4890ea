//! Two stories of a database, decided by the very policy that runs in production, in the simulated RDS: replicas follow a day's
//! load, and the class is changed in a maintenance window. Prints them as JSON, for `make demo`.
//!
//! ```text
//! cargo run --package tidegate-simulator --example databases
//! ```

mod classes;
mod replicas;
mod setting;
mod told;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let stories = serde_json::json!([replicas::story(), classes::story()]);
    writeln!(io::stdout(), "{stories}")
}
