//! Loads Cowrie log files into sessions, events, files, inventories and snapshots.

fn main() {}
