//! Whole commands and whole loads, on SQLite and on PostgreSQL.
//!
//! This library is what the tests beside it stand on: the built programs, a place of its own for
//! each test, a finished run with all that it said, and the tables that resulted.
//!
//! **Invariant:** the programs are those of the sources at hand. Cargo builds no programs of other
//! packages for a test, so the first test of a process asks cargo for them; see [`Program`].
//!
//! **Invariant:** a run sees nothing of the machine but its site: no settings of the user, no
//! variables, no configuration file, and standard input is empty unless the test gives some.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod ended;
mod logs;
mod program;
mod site;
mod tables;

pub use ended::Ended;
pub use logs::{enlarged, log, sample};
pub use program::Program;
pub use site::{Run, Site};
pub use tables::{Contents, Digests, Tables, assert_same};

pub use cowrie_testdb::Engine;
