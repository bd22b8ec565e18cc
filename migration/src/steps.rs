//! The steps, in order.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The number of the newest step, and so the version of the schema it leads to.
pub const NEWEST: u32 = 20;

/// Each step's number and name. The history before v11 was the legacy program's alone: the
/// first step makes what it had become.
pub(crate) const STEPS: [(u32, &str); 10] = [
    (11, "base"),
    (12, "longtail"),
    (13, "longtail_links"),
    (14, "vectors"),
    (15, "enrichment_cache"),
    (16, "three_tiers"),
    (17, "campaign_keys"),
    (18, "session_documents"),
    (19, "dead_letter_places"),
    (20, "provider_pace"),
];

/// The same steps for sea-orm-migration, which records their names in `seaql_migrations`.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(crate::m0011_base::Migration),
            Box::new(crate::m0012_longtail::Migration),
            Box::new(crate::m0013_longtail_links::Migration),
            Box::new(crate::m0014_vectors::Migration),
            Box::new(crate::m0015_enrichment_cache::Migration),
            Box::new(crate::m0016_three_tiers::Migration),
            Box::new(crate::m0017_campaign_keys::Migration),
            Box::new(crate::m0018_session_documents::Migration),
            Box::new(crate::m0019_dead_letter_places::Migration),
            Box::new(crate::m0020_provider_pace::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_lists_agree() {
        let listed: Vec<String> =
            STEPS.iter().map(|(number, name)| format!("m{number:04}_{name}")).collect();
        let known: Vec<String> =
            Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
        assert_eq!(listed, known);
        assert_eq!(STEPS.last().map(|(number, _)| *number), Some(NEWEST));
    }
}
