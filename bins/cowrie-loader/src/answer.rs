//! Parts of answers for people.

use std::fmt::Write as _;

use cowrie_cli::safe;
use cowrie_cli::table::thousands;

/// A fact on a line of its own.
pub(crate) fn fact(text: &mut String, name: &str, value: &str) {
    // Writing into a string cannot fail.
    writeln!(text, "{name:<12} {}", safe::terminal(value)).unwrap_or_default();
}

/// A count on a line of its own; nothing when there is nothing to count.
pub(crate) fn count(text: &mut String, name: &str, number: u64) {
    if number > 0 {
        // Writing into a string cannot fail.
        writeln!(text, "  {name:<24}{:>13}", thousands(number)).unwrap_or_default();
    }
}
