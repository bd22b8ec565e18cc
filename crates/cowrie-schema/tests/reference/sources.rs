//! What the entities' source files say in their comments.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The comments of one entity.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    /// The sentence about the table.
    pub(crate) table: String,
    /// The sentences about each column.
    pub(crate) columns: BTreeMap<String, String>,
}

/// Reads the comments of the entity for `table`.
pub(crate) fn comments(table: &str) -> Comments {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(format!("{table}.rs"));
    read(&fs::read_to_string(path).expect("each table has a file named after it"))
}

/// A comment belongs to the field that follows it, attributes in between not counted.
fn read(source: &str) -> Comments {
    let mut comments = Comments::default();
    let mut pending = String::new();
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("//!") {
            join(&mut comments.table, text);
        } else if let Some(text) = line.strip_prefix("///") {
            join(&mut pending, text);
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|l| l.split_once(": ")) {
            comments.columns.insert(name.to_owned(), std::mem::take(&mut pending));
        } else if line.starts_with("pub struct") {
            pending.clear();
        }
    }
    comments
}

fn join(whole: &mut String, text: &str) {
    if !whole.is_empty() {
        whole.push(' ');
    }
    whole.push_str(text.trim());
}

#[test]
fn comments_are_found_behind_attributes() {
    let comments = read(
        "//! Things,\n//! one per row.\n\n/// One thing.\n#[derive(Clone)]\npub struct Model {\n    \
         /// Its name,\n    /// in two lines.\n    #[sea_orm(primary_key)]\n    pub name: String,\n}",
    );
    assert_eq!(comments.table, "Things, one per row.");
    assert_eq!(comments.columns["name"], "Its name, in two lines.");
}
