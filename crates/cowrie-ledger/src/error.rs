//! What can go wrong.

/// A statement that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing}")]
pub struct LedgerError {
    doing: &'static str,
    source: sea_orm::DbErr,
}

impl LedgerError {
    pub(crate) fn new(doing: &'static str) -> impl Fn(sea_orm::DbErr) -> Self {
        move |source| Self { doing, source }
    }
}
