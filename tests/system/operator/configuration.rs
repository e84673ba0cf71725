//! Reading the configuration: everything that is wrong, told together, without quoting it.

use testkit::Program;

const EXAMPLE_KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../keys.example");

#[test]
fn all_faults_are_reported_together_and_no_value_is_quoted() {
    let program = Program::new();
    assert!(program.done(&["config", "check"]).contains("can be used"));
    program.write(
        "vneid.toml",
        "issuer = \"ftp://canary-issuer\"\nlisten = \"canary-listen\"\ncolour = \"canary-colour\"\n\
         [storage]\nsqlite = 5\nredis = \"canary-redis\"\n[limits]\nconnections = 0\n[keys]\n\
         key_encryption_key = \"canary-key\"\nindex_key_file = \"no-such-file\"\n",
    );
    let complaint = program.refused(&["config", "check"]);
    for place in [
        "issuer",
        "listen",
        "colour",
        "storage.sqlite",
        "storage.redis",
        "limits.connections",
        "keys.key_encryption_key",
        "keys.index_key_file",
        "keys.personal_data_key",
        "keys.pairwise_key",
    ] {
        let told = complaint.lines().any(|line| line.trim_start().starts_with(place));
        assert!(told, "{place} is not in:\n{complaint}");
    }
    assert!(!complaint.contains("canary"), "{complaint}");
    assert!(program.refused(&["serve"]).contains("limits.connections"), "serve reads the same");
}

#[test]
fn the_schema_names_every_setting_with_its_variable() {
    let program = Program::new();
    let schema: serde_json::Value =
        serde_json::from_str(&program.done(&["config", "schema"])).unwrap();
    let text = schema.to_string();
    for name in ["VNEID_ISSUER", "VNEID_STORAGE_SQLITE", "VNEID_KEYS_PAIRWISE_KEY_FILE"] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn the_example_keys_serve_development_and_are_refused_in_production() {
    let program = Program::new();
    let text = |issuer: &str, environment: &str| {
        format!(
            "issuer = \"{issuer}\"\nenvironment = \"{environment}\"\n\
             [storage]\nsqlite = \"vneid.db\"\n[keys]\n\
             key_encryption_key_file = \"{EXAMPLE_KEYS}/key-encryption.key\"\n\
             personal_data_key_file = \"{EXAMPLE_KEYS}/personal-data.key\"\n\
             index_key_file = \"{EXAMPLE_KEYS}/index.key\"\n\
             pairwise_key_file = \"{EXAMPLE_KEYS}/pairwise.key\"\n"
        )
    };
    program.write("vneid.toml", &text("http://localhost:8080", "development"));
    program.done(&["config", "check"]);
    program.write("vneid.toml", &text("https://id.example.vn", "production"));
    let complaint = program.refused(&["serve"]);
    for key in ["key_encryption_key", "personal_data_key", "index_key", "pairwise_key"] {
        assert!(complaint.contains(&format!("keys.{key}_file")), "{key}: {complaint}");
    }
}

#[test]
fn production_migrates_only_when_told_to() {
    let program = Program::new();
    let text = program.configuration(program.port).replace("development", "production");
    let text = text.replace("http://localhost", "https://id.example.vn");
    program.write("vneid.toml", &text);
    assert!(program.refused(&["migrate", "--check"]).contains("0001"));
    assert!(program.refused(&["serve"]).contains("vneid migrate"));
    assert!(program.done(&["migrate"]).contains("0001"));
    assert!(program.done(&["migrate", "--check"]).contains("up to date"));
    assert!(program.done(&["migrate"]).contains("up to date"));
}
