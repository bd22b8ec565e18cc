//! What every program makes of its own definitions: the manual page and the completions.

use std::process::Stdio;

use cowrie_tests::{Engine, Program, Site};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// What looks at it, where that is installed.
const CHECKS: [(&str, &str, &[&str]); 6] = [
    ("complete-bash", "bash", &["-n", "/dev/stdin"]),
    ("complete-zsh", "zsh", &["-n", "/dev/stdin"]),
    ("complete-fish", "fish", &["--no-execute", "/dev/stdin"]),
    ("complete-powershell", "pwsh", &["-NoProfile", "-Command", "-"]),
    ("man", "mandoc", &["-Tlint", "-Werror"]),
    ("man", "groff", &["-man", "-ww", "-z"]),
];

async fn generated(site: &Site, program: Program, what: &str) -> String {
    let ended = site.program(program, &["--generate", what]).ended().await.expect(0);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[tokio::test]
async fn every_program_describes_itself() {
    let site = Site::new(Engine::Sqlite).await;
    for program in Program::ALL {
        for (what, tool, arguments) in CHECKS {
            let text = generated(&site, program, what).await;
            let name = program.name();
            let roff_name = name.replace('-', "\\-");
            assert!(text.contains(name) || text.contains(&roff_name), "{what}");
            for hidden in ["log-filter", "clicolor-force", "skip-enrich", "db-path"] {
                let escaped = hidden.replace('-', "\\-");
                assert!(!text.contains(hidden) && !text.contains(&escaped), "{what}: {hidden}");
            }
            check(&text, tool, arguments).await;
        }
    }
    assert!(!site.has_database());
}

/// The tool must have nothing to say; one that is not installed says nothing.
async fn check(text: &str, tool: &str, arguments: &[&str]) {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    assert!(output.status.success() && said.concat().is_empty(), "{tool}: {said:#?}\n{text}");
}

#[tokio::test]
async fn the_manual_names_every_command_and_says_shared_flags_once() {
    let site = Site::new(Engine::Sqlite).await;
    let page = generated(&site, Program::Loader, "man").await.replace("\\-", "-");
    for command in ["bulk", "delta", "verify", "gaps", "explain", "dead-letters replay"] {
        assert!(page.contains(&format!(".SS \"cowrie-loader {command}\"\n")), "{command}: {page}");
    }
    for shared in ["--db", "--config", "--format", "--output", "--color", "--quiet"] {
        let heading = format!("\\fB{shared}\\fR");
        let options = page.lines().filter(|line| line.contains(&heading)).count();
        assert_eq!(options, 1, "{shared}: {page}");
    }
    for part in [".SH EXAMPLES\n", ".SH \"EXIT STATUS\"\n", "\\fB143\\fR", "\\fBNO_COLOR\\fR"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// A shell that completes asks for what stands here.
#[tokio::test]
async fn bash_completes_commands_and_flags() {
    let site = Site::new(Engine::Sqlite).await;
    let script = generated(&site, Program::Loader, "complete-bash").await;
    for (line, expected) in [
        ("cowrie-loader de", "dead-letters delta"),
        ("cowrie-loader bulk --format ", "csv human json"),
        ("cowrie-loader bulk --mm", "--mmdb-dir"),
        ("cowrie-loader dead-letters r", "replay"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let last = words.len() - 1;
        let previous = words[last - 1];
        let ask = format!(
            "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={last}\n_cowrie__loader cowrie-loader '{}' \
             '{previous}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\" | sort | paste -sd' '",
            words.iter().fold(String::new(), |all, word| all + &format!("'{word}' ")),
            words[last],
        );
        let output = Command::new("bash").args(["-c", &ask]).output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.trim(), expected, "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
