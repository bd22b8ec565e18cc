#![doc = include_str!("../README.md")]

mod batch;
mod batches;
mod enrich;
mod heal;
mod input;
mod letters;
mod load;
mod merge;
mod place;
mod plan;
mod reader;
mod replay;
mod summary;
mod tally;
mod verify;

pub use enrich::NetNew;
pub use input::{From, Input};
pub use load::{LoadError, LoadOptions, Observer, TRANSACTION_EVENTS, load};
pub use plan::{Plan, PlanOptions, plan_new, plan_whole};
pub use reader::ReadOptions;
pub use replay::{NotEvents, Replay, Revived, events_of_letter, events_of_log};
pub use summary::{FileProblem, Progress, Summary};
pub use verify::{Lack, Missing, Verified, VerifyOptions, What, verify};
