//! `rediss://`: with the right certificates, and with none else.

use std::path::Path;
use std::process::Command;

use crate::{ClientCertificate, RedisBell, RedisLocation, RedisSettings, Tls};
use identity_core::secret::SecretBytes;
use storage::contract::sample::NOW;
use storage::{Bell as _, StoreError};

use test_servers::{Redis, free_port};

use super::server::{claim, open, opened};

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output()
        .expect("this test needs openssl");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `ca.pem`, and `server` and `node` signed by it.
fn authority(directory: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(directory, &format!("req -x509 {key} -subj /CN=ca -keyout ca.key -out ca.pem"));
    for name in ["server", "node"] {
        let files = format!("-keyout {name}.key -out {name}.pem -CA ca.pem -CAkey ca.key");
        let names =
            "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
        openssl(directory, &format!("req -x509 {key} -subj /CN={name} {names} {files}"));
    }
}

fn read(directory: &Path, name: &str) -> Vec<u8> {
    std::fs::read(directory.join(name)).unwrap()
}

#[tokio::test]
async fn redis_is_reached_over_tls_and_both_sides_are_who_they_say() {
    let files = tempfile::tempdir().unwrap();
    let files = files.path();
    authority(files);
    let port = free_port();
    let path = |name: &str| files.join(name).display().to_string();
    let (certificate, key, ca) = (path("server.pem"), path("server.key"), path("ca.pem"));
    let port_text = port.to_string();
    let arguments = [
        ["--tls-port", &port_text],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &ca],
    ];
    let _server = Redis::start_with(arguments.as_flattened());
    let location = RedisLocation::single(&format!("rediss://127.0.0.1:{port}")).unwrap();
    let mut settings = RedisSettings::new(location);
    let node = ClientCertificate {
        chain: read(files, "node.pem"),
        key: SecretBytes::new(read(files, "node.key")),
    };
    settings.tls = Tls { authorities: Some(read(files, "ca.pem")), client: Some(node) };

    let store = opened(settings.clone()).await;
    assert!(store.claim_once(claim("a", NOW), NOW).await.unwrap());
    let bell = RedisBell::open(settings.clone()).unwrap();
    bell.rung().await;

    let without_ours = Tls { client: None, ..settings.tls.clone() };
    let without_theirs = Tls { authorities: None, ..settings.tls.clone() };
    for tls in [without_ours, without_theirs] {
        let stranger = open(RedisSettings { tls, ..settings.clone() });
        let refused = stranger.claim_once(claim("b", NOW), NOW).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
}

#[test]
fn what_is_no_certificate_is_told_before_anything_is_dialled() {
    let location = RedisLocation::single("rediss://127.0.0.1").unwrap();
    let mut settings = RedisSettings::new(location);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    settings.tls.authorities = Some(broken.as_bytes().to_vec());
    assert!(RedisBell::open(settings).is_err());
}
