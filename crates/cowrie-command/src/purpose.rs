//! What programs are for, by name.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Something a program does; many programs do several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// Runs programs in a language of its own.
    Interpreter,
    /// Fetches what it is given the address of.
    Fetch,
    /// Fetches or sends files, or opens connections.
    Transfer,
    /// Changes accounts, passwords or scheduled work.
    Accounts,
    /// Destroys data or traces whatever its arguments.
    Destroy,
    /// Stops processes or the machine.
    StopProcesses,
    /// Changes who may do what with a file.
    Permissions,
    /// Installs or builds software.
    Install,
    /// Writes, moves or removes files.
    ChangeFiles,
    /// Shows, copies or searches the content of files.
    ReadFiles,
    /// Tells something of the machine, its files or its network.
    LookAround,
}

const PROGRAMS: [(Purpose, &str); 11] = [
    (Purpose::Interpreter, "perl python python2 python3 php ruby lua node java tclsh"),
    (
        Purpose::Fetch,
        "wget curl tftp ftpget ftp fetch axel aria2c lwp-download scp sftp rsync git lynx",
    ),
    (
        Purpose::Transfer,
        "wget curl tftp ftpget ftpput ftp sftp scp rsync fetch axel aria2c lwp-download lynx nc ncat \
         netcat socat telnet ssh git smbclient rz sz",
    ),
    (
        Purpose::Accounts,
        "crontab at chpasswd passwd useradd adduser usermod userdel deluser groupadd addgroup gpasswd \
         visudo ssh-copy-id chsh",
    ),
    (
        Purpose::Destroy,
        "shred wipe wipefs srm fdisk parted mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs",
    ),
    (Purpose::StopProcesses, "kill killall pkill reboot shutdown halt poweroff init telinit"),
    (Purpose::Permissions, "chmod chown chattr lockr setcap"),
    (
        Purpose::Install,
        "apt apt-get aptitude yum dnf apk opkg pacman zypper dpkg rpm pip pip3 npm gem snap cargo gcc cc \
         make",
    ),
    (
        Purpose::ChangeFiles,
        "rm cp mv mkdir rmdir touch ln dd tee tar unzip gunzip gzip bzip2 xz mknod truncate unlink \
         install umount ar",
    ),
    (
        Purpose::ReadFiles,
        "cat tac head tail more less cp mv tar zip grep egrep awk sed cut strings base64 xxd od ls find \
         locate dd sort stat",
    ),
    (
        Purpose::LookAround,
        "uname id whoami who w last lastlog ps top htop free df du lscpu lspci lsusb lsblk lsmod lshw \
         nproc cat ls dir ifconfig ip netstat ss arp route hostname hostnamectl uptime env printenv \
         locate find which whereis type dmidecode nvidia-smi getconf arch dmesg stat file readlink pwd \
         date groups getent lsof history finger ping traceroute nslookup dig host cpuinfo sysctl ulimit \
         lsb_release more less strings blkid pgrep tty sensors mount",
    ),
];

static BY_NAME: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let mut by_name = HashMap::new();
    for (purpose, names) in PROGRAMS {
        for name in names.split(' ') {
            *by_name.entry(name).or_default() |= purpose.bit();
        }
    }
    by_name
});

impl Purpose {
    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// All purposes of one program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purposes(u16);

impl Purposes {
    /// The purposes of the program of this name, without path; none when it is unknown.
    pub(crate) fn of(name: &str) -> Self {
        Self(BY_NAME.get(name).copied().unwrap_or_default())
    }

    pub(crate) fn include(self, purpose: Purpose) -> bool {
        self.0 & purpose.bit() != 0
    }
}

/// Miners, their pools and families, and scanners, in order.
const MINERS_AND_SCANNERS: [&str; 30] = [
    "bfgminer",
    "c3pool",
    "ccminer",
    "cgminer",
    "cpuminer",
    "ethminer",
    "hashvault",
    "hydra",
    "kdevtmpfsi",
    "kinsing",
    "lolminer",
    "masscan",
    "medusa",
    "minerd",
    "minergate",
    "minexmr",
    "monero",
    "nanopool",
    "nbminer",
    "nmap",
    "perfctl",
    "pnscan",
    "redtail",
    "stratum",
    "supportxmr",
    "sysrv",
    "xmrig",
    "xmrigdaemon",
    "zgrab",
    "zmap",
];

/// Whether a word of letters and digits names a miner or a scanner, whatever its case.
pub(crate) fn is_miner_or_scanner(word: &str) -> bool {
    let lowered = |byte: &u8| byte.to_ascii_lowercase();
    MINERS_AND_SCANNERS
        .binary_search_by(|known| known.bytes().cmp(word.as_bytes().iter().map(lowered)))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_programs_by_name() {
        assert!(Purposes::of("cat").include(Purpose::ReadFiles));
        assert!(Purposes::of("cat").include(Purpose::LookAround));
        assert!(!Purposes::of("cat").include(Purpose::Fetch));
        assert!(!Purposes::of("").include(Purpose::Fetch));
    }

    #[test]
    fn knows_miners_and_scanners_in_any_case() {
        assert!(MINERS_AND_SCANNERS.is_sorted());
        assert!(MINERS_AND_SCANNERS.iter().all(|name| is_miner_or_scanner(name)));
        assert!(is_miner_or_scanner("XMRig") && !is_miner_or_scanner("miner"));
    }
}
