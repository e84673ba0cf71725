//! Things that are written in two places and must say the same.

use std::collections::BTreeSet;

use protocol::endpoints;

use super::text;

/// Words that follow `before` in `text`, as far as they are names.
fn names_after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = String> + 'a {
    text.split(before).skip(1).map(|rest| {
        rest.chars().take_while(|&c| c.is_ascii_alphanumeric() || c == '_' || c == '-').collect()
    })
}

/// Headers that carry what only a proxy may say.
const NOBODYS: [&str; 22] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-client-cert",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "client-cert",
    "client-cert-chain",
    "ssl-client-cert",
    "x-ssl-client-cert",
    "x-ssl-client-verify",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-request-id",
    "traceparent",
];

#[test]
fn both_proxies_take_the_same_headers_out() {
    // BCP-23, ATK-025, ATK-060
    let nginx = text("deploy/nginx/headers.conf").to_ascii_lowercase();
    let haproxy = text("deploy/haproxy/haproxy.cfg");
    let deleted: Vec<(String, bool)> = haproxy
        .lines()
        .filter_map(|line| line.trim().strip_prefix("http-request del-header "))
        .map(|rule| match rule.strip_suffix(" -m beg") {
            Some(prefix) => (prefix.to_owned(), true),
            None => (rule.to_owned(), false),
        })
        .collect();
    let haproxy_deletes =
        |header: &str| {
            deleted.iter().any(|(name, begins)| {
                if *begins { header.starts_with(name.as_str()) } else { header == name }
            })
        };
    for header in NOBODYS {
        assert!(nginx.contains(&format!("proxy_set_header {header} \"\";")), "nginx: {header}");
        assert!(haproxy_deletes(header), "haproxy: {header}");
    }
    for header in names_after(&nginx, "proxy_set_header ") {
        let forwarded = ["connection", "host"].contains(&header.as_str());
        assert!(forwarded || haproxy_deletes(&header), "nginx clears {header}, haproxy does not");
    }
}

#[test]
fn both_proxies_send_introspection_to_its_own_nodes() {
    let nginx = text("deploy/nginx/vneid.conf");
    let place = nginx.split(&format!("location = {} {{", endpoints::INTROSPECT)).nth(1);
    let place = place.and_then(|rest| rest.split('}').next()).expect("a location");
    assert!(place.contains("proxy_pass http://vneid_introspection;"), "{place}");
    let rule = format!("use_backend introspection if {{ path {} }}", endpoints::INTROSPECT);
    assert!(text("deploy/haproxy/haproxy.cfg").contains(&rule));
}

#[test]
fn no_proxy_writes_queries_into_its_log() {
    let nginx = text("deploy/nginx/vneid.conf");
    let format = nginx.split("log_format").nth(1).and_then(|rest| rest.split(';').next());
    let format = format.expect("a log format");
    for whole in ["$request\"", "$request_uri", "$args", "$query_string", "$http_referer"] {
        assert!(!format.contains(whole), "{whole}");
    }
    assert!(!nginx.contains("error_log /var/log/nginx/vneid-error.log error"));
    let haproxy = text("deploy/haproxy/haproxy.cfg");
    let format = haproxy.lines().find(|line| line.trim().starts_with("log-format"));
    let format = format.expect("a log format");
    assert!(!haproxy.contains("option httplog"));
    for whole in ["%r", "%HU", "%HQ", "%[capture.req.uri"] {
        let quoted = format.split('%').any(|part| format!("%{part}").starts_with(whole));
        assert!(!quoted, "{whole} in {format}");
    }
}

#[test]
fn every_table_has_its_grants_decided() {
    let schema = super::super::files(".sql")
        .into_iter()
        .filter(|path| path.starts_with("crates/storage-postgres/migrations"))
        .map(|path| super::super::read(&path))
        .collect::<String>()
        .replace("CREATE UNLOGGED TABLE ", "CREATE TABLE ");
    let own = |line: &&str| line.starts_with("CREATE TABLE ") && !line.contains("PARTITION OF");
    let schema = schema.lines().filter(own).collect::<Vec<_>>().join("\n");
    let tables: BTreeSet<String> = names_after(&schema, "CREATE TABLE ").collect();
    assert!(tables.contains("events"), "{tables:?}");
    let grants = text("deploy/postgres/grants.sql");
    let granted: BTreeSet<String> = grants
        .lines()
        .filter_map(|line| line.strip_prefix("GRANT "))
        .filter(|line| !line.contains(" ON FUNCTION "))
        .filter_map(|line| line.split(" ON ").nth(1)?.split(" TO ").next())
        .flat_map(|tables| tables.split(", ").map(str::to_owned))
        .filter(|table| table != "_sqlx_migrations")
        .collect();
    assert_eq!(granted, tables);
}

#[test]
fn each_unit_hands_over_exactly_the_files_that_its_configuration_names() {
    let named = |configuration: &str| -> BTreeSet<String> {
        let text = text(configuration);
        let files = text.lines().filter(|line| line.contains("_file = "));
        files.filter_map(|line| line.split('"').nth(1).map(str::to_owned)).collect()
    };
    for (unit, configuration) in [
        ("vneid@.service", "authorization"),
        ("vneid@.service", "introspection"),
        ("vneid-migrate.service", "migrate"),
    ] {
        let handed: BTreeSet<String> = text(&format!("deploy/systemd/{unit}"))
            .replace("%i", configuration)
            .lines()
            .filter_map(|line| line.strip_prefix("LoadCredential=")?.split(':').next())
            .filter(|name| !["vneid.toml", "pg_service.conf"].contains(name))
            .map(str::to_owned)
            .collect();
        assert_eq!(
            named(&format!("deploy/config/{configuration}.toml")),
            handed,
            "{configuration}"
        );
    }
}

#[test]
fn health_is_asked_where_it_is_answered() {
    let operations = "9090";
    for (path, line) in [
        ("deploy/container/Containerfile", "VNEID_OPERATIONS_LISTEN=0.0.0.0:9090"),
        ("deploy/container/Containerfile", "http://127.0.0.1:9090/readyz"),
        ("deploy/config/authorization.toml", "listen = \"127.0.0.1:9090\""),
        ("deploy/haproxy/haproxy.cfg", "check port 9090 "),
        ("deploy/haproxy/haproxy.cfg", "option httpchk GET /readyz"),
        ("deploy/helm/vneid/templates/deployments.yaml", "containerPort: 9090"),
        ("deploy/helm/vneid/templates/deployments.yaml", "value: \"0.0.0.0:9090\""),
        ("deploy/helm/vneid/templates/network.yaml", "port: 9090"),
        ("deploy/helm/vneid/templates/services.yaml", "port: 9090"),
    ] {
        assert!(line.contains(operations) || line.contains("/readyz"));
        assert!(text(path).contains(line), "{path}: {line}");
    }
}
