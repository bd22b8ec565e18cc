//! Whole commands and whole loads, on SQLite and on PostgreSQL.
//!
//! This library is what the tests beside it stand on: the built programs, a place of its own for
//! each test, a finished run with all that it said, the tables that resulted, and the questions of
//! `docs/queries.md` to ask of them.
//!
//! **Invariant:** the programs are those of the sources at hand. Cargo builds no programs of other
//! packages for a test, so the first test of a process asks cargo for them; see [`Program`].
//!
//! **Invariant:** a run sees nothing of the machine but its site: no settings of the user, no
//! variables, no configuration file, and standard input is empty unless the test gives some.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod asking;
mod ended;
mod logs;
mod program;
mod queries;
mod site;
mod tables;

pub use asking::{Asked, Row, scans_sessions};
pub use ended::Ended;
pub use logs::{enlarged, log, sample};
pub use program::Program;
pub use queries::{Kind, Misplaced, Parameter, QUERIES, Question, SHAPES, questions};
pub use site::{Run, Site};
pub use tables::{Contents, Digests, Tables, assert_same};

pub use cowrie_testdb::Engine;
