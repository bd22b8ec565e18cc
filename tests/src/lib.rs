//! Whole commands and whole loads, on SQLite and on PostgreSQL.
