//! Files whose content went away.

use cowrie_schema::ingest_gaps;
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};

use crate::error::LedgerError;

/// A file whose content went away, so that events may be lost.
pub type Gap = ingest_gaps::Model;

/// The gaps that were noticed, the first one first; those of one sensor, or all.
///
/// # Errors
///
/// When the database fails.
pub async fn gaps(db: &DatabaseConnection, sensor: Option<&str>) -> Result<Vec<Gap>, LedgerError> {
    let mut query = ingest_gaps::Entity::find();
    if let Some(sensor) = sensor {
        query = query.filter(ingest_gaps::Column::Sensor.eq(sensor));
    }
    let query = query.order_by_asc(ingest_gaps::Column::NoticedAt);
    let query = query.order_by_asc(ingest_gaps::Column::GapId);
    query.all(db).await.map_err(LedgerError::new("read the gaps"))
}
