//! A scale test as a data file: what is loaded, and what it may cost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::corpus::Size;

/// One scale test.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Names its report and its folder.
    pub name: String,
    /// What is loaded.
    pub corpus: Size,
    /// How often a load is killed before it may end.
    pub kills: u32,
    /// What the load is compared with.
    pub compare: Compare,
    /// What each figure must be, by its name, in which `*` stands for any word.
    pub budget: BTreeMap<String, Bound>,
}

/// What a load is compared with.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// With PostgreSQL's `COPY` of the same lines.
    pub copy: bool,
    /// With the load into tables without foreign keys.
    pub without_foreign_keys: bool,
    /// With loads of corpora with so many sessions.
    pub growth: Vec<u32>,
}

/// What a figure must be.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// No less than this.
    pub at_least: Option<f64>,
    /// No more than this.
    pub at_most: Option<f64>,
}

impl Bound {
    /// Whether a figure is as it must be.
    pub fn holds(&self, figure: f64) -> bool {
        self.at_least.is_none_or(|least| figure >= least)
            && self.at_most.is_none_or(|most| figure <= most)
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => write!(f, "anything"),
        }
    }
}

impl Workload {
    /// Reads a workload.
    ///
    /// # Errors
    ///
    /// When the file is not there, or says something that no workload says.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("failed to read the workload `{}`", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("failed to understand the workload `{}`", path.display()))
    }
}
