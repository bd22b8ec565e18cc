#![doc = include_str!("../README.md")]

mod breaker;
mod law;
mod ledger;
mod limited;
mod limits;
mod memory;
mod moment;
mod queue;
mod report;
mod verdict;

pub use breaker::BreakerState;
pub use law::{CLOCK_TOLERANCE, DayCount, KEPT_DAYS, State, grant};
pub use ledger::{Grant, Ledger, LedgerError, Terms, Usage};
pub use limited::Limited;
pub use limits::{BreakerLimits, Limits, spacing};
pub use memory::MemoryLedger;
pub use report::LimitReport;
