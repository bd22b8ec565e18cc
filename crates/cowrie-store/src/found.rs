//! Rows that questions give, field by field in the order of their columns.

/// Makes a struct of these fields something that a question gives.
macro_rules! found {
    ($name:ident { $($field:ident),+ }) => {
        impl cowrie_sql::Found for $name {
            fn read(row: &cowrie_sql::Row<'_>) -> Result<Self, cowrie_sql::Cause> {
                let mut places = 0..;
                let mut place = || places.next().unwrap_or_default();
                Ok(Self { $($field: row.get(place())?),+ })
            }
        }
    };
}

pub(crate) use found;
