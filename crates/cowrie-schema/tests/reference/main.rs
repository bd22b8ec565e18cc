//! Keeps `docs/schema.md` what the entities say.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is missing fails the test")]

mod document;
mod sources;

use std::fs;
use std::path::Path;

/// With `UPDATE_DOCS=1` in the environment the document is written instead of compared.
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.md");
    let expected = document::text();
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        fs::write(&path, &expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/schema.md is not what the entities say; \
         run `UPDATE_DOCS=1 cargo test -p cowrie-schema --test reference`"
    );
}
