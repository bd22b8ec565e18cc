//! Whole loads, inside this process: the laws that the tables of both engines must hold.

mod dump;
mod laws;
mod plans;
mod site;
mod snapshots;
mod truth;
