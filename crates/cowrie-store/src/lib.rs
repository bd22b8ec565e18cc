#![doc = include_str!("../README.md")]

mod changes;
mod connect;
mod credentials;
mod cursors;
mod dead_letters;
mod error;
mod found;
mod inventory;
mod read;
mod sessions;
mod totals;
mod write;

pub use changes::{AddressChange, AsnChange, Changes, SessionChange};
pub use connect::{Store, Target};
pub use cursors::{Cursor, CursorMemory, LostLog};
pub use dead_letters::{DeadLetter, Resolution, Settled, TORN};
pub use error::StoreError;
pub use read::{AddressRow, KnownSession, Reading};
pub use write::Writing;
