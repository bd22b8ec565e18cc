#![doc = include_str!("../README.md")]

mod construct;
mod lexer;
mod statement;

pub use construct::substitutions;
pub use lexer::{Operator, Piece, Pieces, pieces, statements};
pub use statement::{Redirect, Statement, Word, Words, is_shell, unquote};
