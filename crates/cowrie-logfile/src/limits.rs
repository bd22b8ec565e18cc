//! How much one log may cost.

use std::num::NonZeroUsize;

/// How much one log may cost. The caller starts from [`Limits::STANDARD`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The longest record that is given out whole, in bytes.
    pub max_record_bytes: usize,
    /// The most bytes a compressed log may inflate to; `None` for no such limit.
    pub max_inflated_bytes: Option<u64>,
    /// How many times its compressed size a log may inflate to.
    /// Asked only once [`Limits::RATIO_FREE_BYTES`] have been inflated, because small files of
    /// one repeated line are honest and compress well.
    pub max_inflation_ratio: u64,
    /// How many threads may inflate one bzip2 log; `None` for as many as there are cores, at
    /// most eight.
    pub inflate_threads: Option<NonZeroUsize>,
}

impl Limits {
    /// What suits a honeypot's logs: records of 16 MiB, a ratio of 1000, no fixed size.
    pub const STANDARD: Self = Self {
        max_record_bytes: 16 * 1024 * 1024,
        max_inflated_bytes: None,
        max_inflation_ratio: 1000,
        inflate_threads: None,
    };

    /// How many bytes any log may inflate to before its ratio is looked at.
    pub const RATIO_FREE_BYTES: u64 = 64 * 1024 * 1024;
}
