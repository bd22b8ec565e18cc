//! Makes, upgrades, checks and rolls back the schema of a Cowrie Processor database.

fn main() {}
