//! One command at a time.

use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use testkit::Program;

use super::{create_citizen, register_client};

const NUMBER: &str = "067190000001";

#[test]
fn a_relying_party_is_registered_listed_suspended_and_reinstated() {
    let program = Program::new();
    let secret = register_client(&program, "portal", "");
    assert!(secret.starts_with("vcs_") && secret.len() > 40, "{secret}");
    let status = || {
        let list = program.done(&["client", "list"]);
        assert!(!list.contains(&secret), "only its digest is kept");
        list.lines().find(|line| line.starts_with("portal")).expect("it is listed").to_owned()
    };
    assert!(status().contains("active"), "{}", status());
    program.done(&["client", "disable", "portal", "--reason", "breach"]);
    assert!(status().contains("suspended: breach"), "{}", status());
    program.done(&["client", "enable", "portal"]);
    assert!(!status().contains("suspended"), "{}", status());
    assert!(program.refused(&["client", "disable", "nobody"]).contains("no client nobody"));
    assert!(program.refused(&["client", "register", "no-such-file"]).contains("no-such-file"));
}

#[test]
fn an_account_is_created_shown_masked_locked_and_unlocked() {
    let program = Program::new();
    create_citizen(&program, NUMBER);
    let shown = program.done(&["citizen", "show", NUMBER]);
    assert!(shown.contains("activated"), "{shown}");
    assert!(shown.contains("Nguyễn Thị Vận Hành"), "{shown}");
    assert!(!shown.contains(NUMBER), "the number is masked: {shown}");
    assert!(shown.contains("password"), "{shown}");

    program.done(&["citizen", "lock", NUMBER, "--reason", "suspected-misuse"]);
    assert!(program.done(&["citizen", "show", NUMBER]).contains("locked"));
    assert!(!program.run(&["citizen", "lock", NUMBER, "--reason", "holder-request"]).success);
    program.done(&["citizen", "unlock", NUMBER]);
    let shown = program.done(&["citizen", "show", NUMBER]);
    assert!(shown.contains("activated") && !shown.contains("locked"), "{shown}");

    let again = program.refused(&["citizen", "create", "citizen.toml"]);
    assert!(again.contains("already belongs"), "{again}");
    assert!(program.refused(&["citizen", "show", "067190009999"]).contains("no such account"));
    program.write("password", "ngắn thôi");
    let short = program.refused(&["citizen", "create", "citizen.toml"]);
    assert!(short.contains("the password is shorter"), "{short}");
}

#[test]
fn keys_are_listed_rotated_and_disowned() {
    let program = Program::new();
    let keys = || -> Vec<Vec<String>> {
        let list = program.done(&["keys", "list"]);
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        list.lines().skip(1).filter(|line| !line.is_empty()).map(words).collect()
    };
    let first = keys();
    assert_eq!(first.len(), 4, "one of each kind: {first:?}");
    assert!(first.iter().all(|key| key[2] == "active"), "{first:?}");

    let made = program.done(&["keys", "rotate"]);
    assert_eq!(made.lines().filter(|line| line.starts_with("made ")).count(), 4, "{made}");
    assert_eq!(keys().len(), 8);
    assert!(program.done(&["keys", "rotate"]).contains("has its successor already"));

    let leaked = &first[0][0];
    let said = program.done(&["keys", "compromise", leaked]);
    assert!(said.contains("no longer believed"), "{said}");
    let stage = keys().into_iter().find(|key| key[0] == *leaked).expect("still listed");
    assert_eq!(stage[2], "compromised");
    assert!(program.refused(&["keys", "compromise", leaked]).contains("already"));
    assert!(program.refused(&["keys", "compromise", "nokey"]).contains("no key nokey"));
}

#[test]
fn policies_are_checked_and_explained() {
    let program = Program::new();
    let said = program.done(&["policy", "check"]);
    assert!(said.contains("in force now"), "{said}");
    assert!(said.contains("marriage-registration"), "{said}");

    let explain = |more: &[&str]| {
        let question = ["policy", "explain", "--procedure", "marriage-registration"];
        program.done(&[&question[..], more].concat())
    };
    let permitted = explain(&["--proven", "password,totp"]);
    let locked_out = explain(&["--proven", "password", "--account-level", "1"]);
    assert_ne!(permitted, locked_out);
    assert!(
        program.refused(&["policy", "explain", "--procedure", "nonsense"]).contains("nonsense")
    );

    std::fs::create_dir(program.path("policies")).unwrap();
    program.write("policies/2026-01-01.toml", "version = \"x\"\nnonsense = true\n");
    let complaint = program.refused(&["policy", "check", "policies"]);
    assert!(complaint.contains("2026-01-01.toml"), "{complaint}");
}

#[tokio::test]
async fn a_ledger_that_was_tampered_with_does_not_verify() {
    let program = Program::new();
    let process = program.serve().await;
    create_citizen(&program, NUMBER);
    register_client(&program, "portal", "");
    assert!(process.interrupt().await, "stopping seals what is not sealed yet");
    let said = program.done(&["ledger", "verify"]);
    assert!(said.contains("as it was sealed"), "{said}");
    let kept = program.done(&["ledger", "verify", "--export"]);
    program.write("kept.jws", &kept);
    program.done(&["ledger", "verify", "--checkpoint", "kept.jws"]);

    let pristine = std::fs::read(program.path("vneid.db")).unwrap();
    let newest = "(SELECT max(sequence) FROM events WHERE kind = 'account_created')";
    let oldest = "(SELECT min(sequence) FROM events)";
    for (what, sql) in [
        (
            "altered",
            format!(
                "UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), 'created', 'removed') AS BLOB) WHERE sequence = {newest}"
            ),
        ),
        ("removed", format!("DELETE FROM events WHERE sequence = {oldest}")),
        ("moved", format!("UPDATE events SET sequence = -1 WHERE sequence = {newest}")),
        ("checkpoint altered", "UPDATE checkpoints SET root = zeroblob(32)".to_owned()),
        (
            "checkpoint forged",
            "UPDATE checkpoints SET signature = replace(signature, '.', '.A')".to_owned(),
        ),
        (
            "rolled back",
            format!("DELETE FROM checkpoints; DELETE FROM events WHERE sequence >= {newest}"),
        ),
    ] {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(program.path("vneid.db"));
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql))).await.unwrap();
        connection.close().await.unwrap();
        let ran = program.run(&["ledger", "verify", "--checkpoint", "kept.jws"]);
        assert!(!ran.success, "{what}: {}", ran.stdout);
        assert!(ran.stderr.starts_with("error: "), "{what}: {}", ran.stderr);
        for log in ["vneid.db-wal", "vneid.db-shm"] {
            let _ = std::fs::remove_file(program.path(log));
        }
        std::fs::write(program.path("vneid.db"), &pristine).unwrap();
        program.done(&["ledger", "verify", "--checkpoint", "kept.jws"]);
    }
}
