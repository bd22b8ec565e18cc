//! In which order the files of one role are asked.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use cowrie_enrichment::VINTAGE_TOLERANCE;

use crate::database_file::{DatabaseFile, Role};

/// The files of one role.
#[derive(Debug)]
pub(crate) struct Ranking {
    /// Position and build time of each file, the youngest first.
    youngest_first: Vec<(usize, DateTime<Utc>)>,
    /// The same, the oldest first.
    oldest_first: Vec<(usize, DateTime<Utc>)>,
}

impl Ranking {
    /// Ranks the files that serve the role.
    ///
    /// Build times count by their day: City and Country of one release are built hours apart, and
    /// City knows more. On the same day the layout decides, then the later build, then the path.
    pub(crate) fn new(files: &[DatabaseFile], role: Role) -> Self {
        let mut ranked: Vec<_> = files
            .iter()
            .enumerate()
            .filter_map(|(position, file)| {
                let (layout, vintage) = file.usable().filter(|(layout, _)| layout.serves(role))?;
                Some((vintage.date_naive(), layout, Reverse(vintage), position))
            })
            .collect();
        ranked.sort_unstable();
        let oldest_first = ranked.iter().map(|(.., vintage, at)| (*at, vintage.0)).collect();
        ranked.sort_unstable_by_key(|(day, layout, vintage, at)| {
            (Reverse(*day), *layout, *vintage, *at)
        });
        let youngest_first = ranked.iter().map(|(.., vintage, at)| (*at, vintage.0)).collect();
        Self { youngest_first, oldest_first }
    }

    /// Positions and build times of the files, the best one for an attack at `at` first.
    ///
    /// The youngest file that is not younger than the attack plus the tolerance, then older and
    /// older ones, then those that are too young, the oldest of them first.
    pub(crate) fn order(&self, at: DateTime<Utc>) -> impl Iterator<Item = (usize, DateTime<Utc>)> {
        let limit = at.checked_add_signed(VINTAGE_TOLERANCE).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let in_time = self.youngest_first.iter().filter(move |(_, vintage)| *vintage <= limit);
        let too_young = self.oldest_first.iter().filter(move |(_, vintage)| *vintage > limit);
        in_time.chain(too_young).copied()
    }

    /// Whether no file serves the role.
    pub(crate) fn is_empty(&self) -> bool {
        self.youngest_first.is_empty()
    }
}
