//! Settings of real sensors stay out of the repository, also when git was made to take them.
//!
//! Secrets, keys, large files and half-done merges are what `cargo xtask ci secrets` looks for.

use crate::tidy::checkout::Checkout;

/// Real settings name real hosts; only the example belongs into the repository.
const PRIVATE: &str = "sensors.toml";

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let private = checkout.tracked.iter().filter(|path| is_private(path));
    private.map(|path| format!("{path}:1: it is private, and git follows it")).collect()
}

fn is_private(path: &str) -> bool {
    path.rsplit('/').next() == Some(PRIVATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_example_is_public() {
        assert!(is_private("sensors.toml") && is_private("config/sensors.toml"));
        assert!(!is_private("config/sensors.example.toml") && !is_private("sensors.toml/a"));
    }
}
