//! `--format csv` and `--output`: tables for spreadsheets, and files that are whole or not there.

use std::fs;

use cowrie_tests::{Engine, Program, Site, sample};

async fn site_with_letters() -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("=cmd(),x.json", "=garbage\n\n{}\n");
    site.bulk(&["cowrie.json", "=cmd(),x.json", "--quiet"]).ended().await.expect(3);
    site
}

#[tokio::test]
async fn tables_are_csv_with_a_header_that_stays() {
    let site = site_with_letters().await;
    let db = site.db();
    for (program, words, header) in [
        (
            Program::Loader,
            &["dead-letters", "list"][..],
            "id,reason,detail,source,offset,length,created_at,resolved,resolution,sensor,beside_at",
        ),
        (
            Program::Loader,
            &["gaps"],
            "what,sensor,source,kind,last_offset,last_event_at,next_event_at,noticed_at,ingest_id,\
             from,to,seconds",
        ),
        (Program::Db, &["status"], "step,name,applied"),
        (Program::Db, &["check"], "difference"),
        (Program::Db, &["migrate", "--dry-run"], "step,name"),
        (Program::Db, &["migrate"], "step,name,seconds"),
    ] {
        let arguments = [words, &["--db", &db, "--format", "csv"]].concat();
        let ended = site.program(program, &arguments).ended().await.expect(0);
        assert_eq!(ended.stdout.lines().next(), Some(header), "{words:?}");
        let n_commas = header.matches(',').count();
        for line in ended.stdout.lines().filter(|line| !line.contains('"')) {
            assert_eq!(line.matches(',').count(), n_commas, "{line}");
        }
    }
}

#[tokio::test]
async fn cells_of_strangers_are_no_formulas() {
    let site = site_with_letters().await;
    let db = site.db();
    let list = ["dead-letters", "list", "--db", &db, "--format", "csv"];
    let ended = site.program(Program::Loader, &list).ended().await.expect(0);
    assert_eq!(ended.stdout.lines().count(), 3, "{ended:#?}");
    assert!(ended.stdout.contains(",\"'=cmd(),x.json\",0,"), "{ended:#?}");
    let gaps = ["gaps", "--db", &db, "--format", "csv"];
    let ended = site.program(Program::Loader, &gaps).ended().await.expect(0);
    assert!(ended.stdout.contains("\nsilent_now,"), "{ended:#?}");
}

#[tokio::test]
async fn what_is_no_table_is_refused_before_anything_is_done() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    for words in [
        &["bulk", "cowrie.json"][..],
        &["delta", "cowrie.json"],
        &["verify", "cowrie.json"],
        &["explain", "{}"],
        &["dead-letters", "show", "1"],
        &["dead-letters", "replay", "1"],
        &["dead-letters", "purge", "--older-than", "90d"],
    ] {
        let arguments = [words, &["--format", "csv"]].concat();
        let ended = site.program(Program::Loader, &arguments).ended().await.expect(2);
        let ended = ended.says(&["`--format csv` is for tables", "write `--format json`"]);
        assert_eq!(ended.stdout, "");
        assert!(fs::read_dir(site.path("")).unwrap().count() == 1, "{words:?} left something");
    }
}

#[tokio::test]
async fn results_go_into_a_file_that_is_whole() {
    let site = site_with_letters().await;
    let db = site.db();
    let names = || {
        let entries = fs::read_dir(site.path("")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.contains("sqlite") && !name.contains(".json"));
        names.sort();
        names
    };
    let status = ["status", "--db", &db];
    let printed = site.program(Program::Db, &status).ended().await.expect(0).stdout;
    for file in ["-", "a.txt"] {
        let arguments = [&status[..], &["--output", file]].concat();
        let ended = site.program(Program::Db, &arguments).ended().await.expect(0);
        assert_eq!(ended.stdout, if file == "-" { printed.as_str() } else { "" });
    }
    assert_eq!(fs::read_to_string(site.path("a.txt")).unwrap(), printed);
    let again = ["status", "--db", &db, "--format", "json", "-o", "a.txt"];
    let ended = site.program(Program::Db, &again).ended().await.expect(2);
    ended.says(&["`--output a.txt` exists", "`--overwrite`"]);
    assert_eq!(fs::read_to_string(site.path("a.txt")).unwrap(), printed);
    let over = [&again[..], &["--overwrite"]].concat();
    site.program(Program::Db, &over).ended().await.expect(0);
    assert!(fs::read_to_string(site.path("a.txt")).unwrap().contains("cowrie-db.status/1"));
    // An error leaves the file as it was, and nothing beside it.
    let fails = ["dead-letters", "show", "4711", "--db", &db, "-o", "a.txt", "--overwrite"];
    site.program(Program::Loader, &fails).ended().await.expect(2);
    let fails = ["explain", "", "-o", "b.txt"];
    site.program(Program::Loader, &fails).ended().await;
    assert_eq!(names(), ["a.txt"]);
    // A check that is not met has a result.
    site.write("more.json", sample("s-ipv6/cowrie.json"));
    let unmet = ["verify", "more.json", "--db", &db, "-o", "unmet.txt"];
    site.program(Program::Loader, &unmet).ended().await.expect(1);
    assert_eq!(names(), ["a.txt", "unmet.txt"]);
    let raw = ["dead-letters", "show", "1", "--raw", "--db", &db, "-o", "raw"];
    site.program(Program::Loader, &raw).ended().await.expect(0);
    assert!(!fs::read(site.path("raw")).unwrap().is_empty());
    for (words, part) in [
        (&["-o", "none/a.txt"][..], "failed to write beside `--output none/a.txt`"),
        (&["-o", "."], "is a folder"),
        (&["--overwrite"], "`--overwrite` says nothing without `--output FILE`"),
    ] {
        let arguments = [&status[..], words].concat();
        site.program(Program::Db, &arguments).ended().await.expect(2).says(&[part]);
    }
    site.program(Program::Db, &[&status[..], &["-o", "/dev/null"]].concat())
        .ended()
        .await
        .expect(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}
