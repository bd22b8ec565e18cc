//! Reads commands from standard input, one per line, and prints the SSH keys that each plants.
//!
//! `cat commands.txt | cargo run -p cowrie-ssh-keys --example planted`

use std::io::{self, BufRead as _, Write as _};

use cowrie_ssh_keys::planted_keys;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        for planted in planted_keys(&line?) {
            let (key, method) = (&planted.key, planted.method.name());
            writeln!(out, "{} {} {}", key.fingerprint(), key.key_type(), key.bits())?;
            writeln!(out, "    {method}, {}", planted.pattern.name())?;
            let (comment, path) = (&planted.comment, &planted.target_path);
            writeln!(out, "    comment {comment:?}, path {path:?}")?;
        }
    }
    Ok(())
}
