#![doc = include_str!("../README.md")]

mod changes;
mod connect;
mod credentials;
mod dead_letters;
mod error;
mod inventory;
mod overview;
mod read;
mod rows;
mod runs;
mod sessions;
mod totals;
mod write;

pub use changes::{AddressChange, AsnChange, Changes, SessionChange};
pub use connect::{Store, Target};
pub use dead_letters::DeadLetter;
pub use error::StoreError;
pub use overview::{Gap, Overview, Place};
pub use read::{AddressRow, KnownSession};
pub use runs::{RunEnd, RunRecord};
pub use write::Writing;
