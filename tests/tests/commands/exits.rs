//! How runs end: each number of `docs/exit-codes.md`, of each program that can end with it.

use std::net::TcpListener;

use cowrie_tests::{Engine, Program, Site, sample};
use rustix::process::{Pid, Signal, kill_process};

async fn site_with_logs() -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("garbage.json", "{}\n");
    site.bulk(&["cowrie.json"]).ended().await.expect(0);
    site
}

#[tokio::test]
async fn every_program_ends_with_the_documented_number() {
    let site = site_with_logs().await;
    site.write("more.json", sample("s-ipv6/cowrie.json"));
    site.tables().await.execute("ALTER TABLE files ADD COLUMN extra text").await;
    // Bound and given back, so that nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("postgresql://loader@127.0.0.1:{port}/cowrie");
    let db = site.db();
    let (loader, schema) = (Program::Loader, Program::Db);
    for (code, program, words) in [
        (0, loader, &["--help"][..]),
        (0, loader, &["--version"]),
        (0, loader, &["bulk", "cowrie.json", "--db", &db]),
        (0, loader, &["delta", "cowrie.json", "--db", &db]),
        (0, loader, &["verify", "cowrie.json", "--db", &db]),
        (0, loader, &["gaps", "--db", &db]),
        (0, loader, &["explain", "{}"]),
        (0, loader, &["dead-letters", "list", "--db", &db]),
        (0, schema, &["--help"]),
        (0, schema, &["migrate", "--db", &db]),
        (0, schema, &["status", "--db", &db]),
        (1, loader, &["verify", "more.json", "--db", &db]),
        (1, schema, &["check", "--db", &db]),
        (2, loader, &[]),
        (2, loader, &["bulk", "none.json", "--db", &db]),
        (2, loader, &["dead-letters", "show", "4711", "--db", &db]),
        (2, loader, &["verify", "cowrie.json", "--db", "none.sqlite"]),
        (2, schema, &[]),
        (2, schema, &["migrate", "--to", "4711", "--db", &db]),
        (2, schema, &["status", "--db", "none.sqlite"]),
        (3, loader, &["bulk", "cowrie.json", "garbage.json", "--db", &db]),
        (4, loader, &["bulk", "cowrie.json", "--db", &nobody]),
        (4, loader, &["verify", "cowrie.json", "--db", &nobody]),
        (4, loader, &["gaps", "--db", &nobody]),
        (4, schema, &["status", "--db", &nobody]),
        (4, schema, &["migrate", "--db", "cowrie.json"]),
    ] {
        let ended = site.program(program, words).ended().await;
        assert_eq!(ended.code, Some(code), "{} {words:?}: {ended:#?}", program.name());
    }
}

/// A reader of standard input waits for more than there is.
#[tokio::test]
async fn a_signal_has_its_own_number() {
    let site = site_with_logs().await;
    let db = site.db();
    for (code, signal) in [(130, Signal::INT), (143, Signal::TERM)] {
        for words in [&["bulk", "-", "--db", &db][..], &["explain", "-"]] {
            let mut child = site.program(Program::Loader, words).start();
            // Waiting would close it, and what is read would end.
            let _input = child.stdin.take();
            let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
            wait_until_it_listens(pid).await;
            kill_process(pid, signal).unwrap();
            let ended = tokio::time::timeout(std::time::Duration::from_secs(30), child.wait());
            assert_eq!(ended.await.unwrap().unwrap().code(), Some(code), "{words:?}");
        }
    }
}

/// Until SIGINT and SIGTERM are caught, they end a program in the way of the system.
async fn wait_until_it_listens(pid: Pid) {
    let status = format!("/proc/{}/status", pid.as_raw_nonzero());
    let both = (1_u64 << 1) | (1 << 14);
    loop {
        let text = std::fs::read_to_string(&status).unwrap();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        if u64::from_str_radix(caught.trim(), 16).unwrap() & both == both {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
