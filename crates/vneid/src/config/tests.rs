use std::path::Path;

use protocol::Environment;

use super::{Config, ConfigError, KeyEncryption, Messages, Storage, schema};

const KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn whole(extra: &str) -> String {
    format!(
        "issuer = \"https://eid.example.vn\"\n{extra}\n[storage]\nsqlite = \"vneid.db\"\n[keys]\n\
         key_encryption_key = \"{KEY}\"\npersonal_data_key = \"{KEY}\"\nindex_key = \"{KEY}\"\n\
         pairwise_key = \"{KEY}\"\n"
    )
}

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Config::read(text, Path::new("/etc/vneid"), &variables)
}

fn faults(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    match read(text, variables) {
        Ok(_) => Vec::new(),
        Err(ConfigError(faults)) => {
            faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect()
        }
    }
}

#[test]
fn a_whole_file_is_read_and_its_paths_are_relative_to_it() {
    let config = read(&whole(""), &[]).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert!(
        matches!(config.storage, Storage::Sqlite(path) if path == Path::new("/etc/vneid/vneid.db"))
    );
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
}

#[test]
fn the_environment_lies_over_the_file() {
    let variables = [
        ("VNEID_LISTEN", "0.0.0.0:443"),
        ("VNEID_STORAGE_SQLITE", "other.db"),
        ("VNEID_CONFIG", "ignored"),
        ("PATH", "ignored"),
    ];
    let config = read(&whole(""), &variables).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:443");
    assert!(matches!(config.storage, Storage::Sqlite(path) if path == Path::new("other.db")));
}

#[test]
fn a_key_file_in_the_environment_replaces_the_value_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pairwise.key");
    std::fs::write(&path, format!("{}\n", "22".repeat(32))).unwrap();
    let variables = [("VNEID_KEYS_PAIRWISE_KEY_FILE", path.to_str().unwrap())];
    let config = read(&whole(""), &variables).unwrap();
    assert_eq!(config.keys.pairwise.expose(), &[0x22; 32]);
}

#[test]
fn all_faults_are_reported_together_and_none_quotes_a_value() {
    let text = "issuer = \"http://eid.example.vn\"\nlisten = \"somewhere\"\ncolour = \"red\"\n\
                [keys]\nindex_key = \"s3cret\"\npairwise_key_file = \"/nowhere\"\n";
    let found = faults(text, &[("VNEID_COLOUR", "blue"), ("VNEID_LOG_FORMAT", "xml")]);
    for place in [
        "issuer:",
        "listen:",
        "colour:",
        "storage.sqlite:",
        "keys.key_encryption_key_file:",
        "keys.personal_data_key_file:",
        "keys.index_key:",
        "keys.pairwise_key_file:",
        "VNEID_COLOUR:",
        "VNEID_LOG_FORMAT:",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(place)), "{place} {found:?}");
    }
    assert_eq!(found.len(), 10, "{found:?}");
    assert!(found.iter().all(|fault| !fault.contains("s3cret")));
}

#[test]
fn what_is_for_development_is_refused_in_production() {
    // op-traps 26
    let example = include_str!("../../../../keys.example/index.key").trim();
    let cases = [
        whole("test_authentication.accounts = [\"012345678901\"]"),
        whole("outbound.allow = [\"localhost:8081\"]"),
        whole("messages.outbox = true"),
        whole("").replace("sqlite = \"vneid.db\"", "ephemeral = true"),
        whole("").replace(&format!("index_key = \"{KEY}\""), &format!("index_key = \"{example}\"")),
    ];
    for text in cases {
        let found = faults(&text, &[]);
        assert!(matches!(&found[..], [one] if one.contains("for development only")), "{found:?}");
        assert!(faults(&text, &[("VNEID_ENVIRONMENT", "development")]).is_empty(), "{text}");
    }
}

#[test]
fn how_a_process_is_watched_has_defaults_and_bounds() {
    let production = read(&whole(""), &[]).unwrap().observing;
    assert_eq!((production.operations, production.drain.as_secs()), (None, 5));
    assert!(production.relying_party_labels && production.traces.is_none());
    let development = [("VNEID_ENVIRONMENT", "development"), ("VNEID_TRACING_SAMPLE_RATIO", "0.1")];
    let asked = "operations.listen = \"127.0.0.1:9090\"\nmetrics.relying_party_labels = false\n\
                 tracing.otlp_endpoint = \"http://127.0.0.1:4318\"";
    let development = read(&whole(asked), &development).unwrap().observing;
    assert_eq!(development.drain.as_secs(), 0);
    assert!(development.operations.is_some() && !development.relying_party_labels);
    assert!((development.traces.unwrap().ratio - 0.1).abs() < f64::EPSILON);
    for bad in [
        "operations.listen = \"9090\"",
        "tracing.sample_ratio = 1.5",
        "tracing.otlp_endpoint = \"collector:4318\"",
    ] {
        assert_eq!(faults(&whole(bad), &[]).len(), 1, "{bad}");
    }
}

#[test]
fn messages_leave_by_a_gateway_that_is_told_a_secret_over_tls() {
    let gateway =
        |url: &str, secret: &str| whole(&format!("messages.gateway = \"{url}\"\n{secret}"));
    let secret = "messages.gateway_secret = \"s3cret\"";
    let read = read(&gateway("https://sms.example/send", secret), &[]).unwrap();
    assert!(matches!(read.messages, Messages::Gateway { url, .. } if url.path() == "/send"));
    for (url, rest) in [
        ("http://sms.example/", secret),
        ("sms.example", secret),
        ("https://sms.example/", ""),
        ("https://sms.example/", "messages.gateway_secret = \"two words\""),
        (
            "https://sms.example/",
            &format!("{secret}\nmessages.sim_signal = \"http://sms.example/\""),
        ),
    ] {
        let found = faults(&gateway(url, rest), &[]);
        assert_eq!(found.len(), 1, "{url} {rest}: {found:?}");
        assert!(!found[0].contains("s3cret"));
    }
    let both = gateway("https://sms.example/", &format!("{secret}\nmessages.outbox = true"));
    assert_eq!(faults(&both, &[("VNEID_ENVIRONMENT", "development")]).len(), 1);
    assert_eq!(faults(&whole(secret), &[]), ["messages.gateway: is missing"]);
    let alone = whole("messages.sim_signal = \"https://sms.example/sim\"");
    assert_eq!(faults(&alone, &[]), ["messages.gateway: is missing"]);
}

#[test]
fn contradictions_are_faults() {
    let both = whole("").replace("[keys]", "[keys]\nindex_key_file = \"index.key\"");
    assert_eq!(faults(&both, &[]), ["keys.index_key: is given by value and by file"]);
    let half = whole("tls.certificate = \"cert.pem\"");
    assert_eq!(faults(&half, &[]), ["tls.key: is missing"]);
    let twice =
        whole("environment = \"development\"").replace("[keys]", "ephemeral = true\n[keys]");
    assert!(faults(&twice, &[])[0].contains("only one can be given"));
}

#[test]
fn a_syntax_error_names_its_line_and_quotes_nothing() {
    let found = faults("issuer = \"x\"\nkeys.index_key = \"s3cret", &[]);
    assert!(found.iter().any(|fault| fault.starts_with("line 2:")), "{found:?}");
    assert!(found.iter().all(|fault| !fault.contains("s3cret")));
}

#[test]
fn the_schema_names_every_setting_and_its_variable() {
    let schema = schema::json_schema();
    let key = &schema["properties"]["keys"]["properties"]["index_key_file"];
    assert!(key["description"].as_str().unwrap().contains("VNEID_KEYS_INDEX_KEY_FILE"));
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn the_example_configuration_is_one() {
    let text = include_str!("../../../../keys.example/vneid.toml");
    let base = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../keys.example"));
    assert!(Config::read(text, base, &[]).is_ok());
}

const HSM: &str = "[hsm]\nmodule = \"/usr/lib/hsm.so\"\ntoken_label = \"vneid\"\n";

#[test]
fn the_key_that_wraps_the_ring_is_here_or_in_the_token() {
    let line = format!("key_encryption_key = \"{KEY}\"\n");
    let in_token = format!(
        "{}{HSM}pin = \"1234\"\nkey_encryption_key_label = \"kek\"\n",
        whole("").replace(&line, &line.replace("key_enc", "previous_key_enc"))
    );
    let config = read(&in_token, &[]).unwrap();
    let current = &config.keys.key_encryption;
    assert!(matches!(current, KeyEncryption::InToken { label } if label == "kek"));
    assert!(matches!(config.keys.previous_key_encryption, Some(KeyEncryption::Key(_))));
    let hsm = config.hsm.unwrap();
    assert_eq!((hsm.sessions, hsm.signing, hsm.pin.expose()), (4, false, &b"1234"[..]));

    let both = [("VNEID_KEYS_KEY_ENCRYPTION_KEY", KEY)];
    assert!(faults(&in_token, &both)[0].contains("exclude each other"));
    let tokenless = in_token.replace("module = \"/usr/lib/hsm.so\"\n", "");
    assert!(faults(&tokenless, &[]).contains(&"hsm.module: is missing".to_owned()));
    let pinless = in_token.replace("pin = \"1234\"\n", "");
    assert_eq!(faults(&pinless, &[]), ["hsm.pin_file: is missing"]);
}
