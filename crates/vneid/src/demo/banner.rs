//! Where to go and how to log in.

use std::net::SocketAddr;
use std::path::Path;

use flows::totp;

use super::clients::{TEST_CLIENTS, test_secret};
use super::{Ports, citizens};
use crate::cli::CliError;
use crate::cli::text::table;

pub fn banner(
    ports: Ports,
    operations: Option<SocketAddr>,
    data: Option<&Path>,
) -> Result<String, CliError> {
    let mut rows = Vec::new();
    for citizen in citizens::all()? {
        let secret = match citizen.totp_secret() {
            Some(secret) => totp::invitation(&secret, &citizen.key, "vneid demo")?.secret,
            None => "-".to_owned(),
        };
        rows.push([citizen.key, citizen.record.number, citizen.password, secret, citizen.shows]);
    }
    let people = table(["name", "number", "password", "authenticator secret", "shows"], &rows);
    let clients: Vec<_> = TEST_CLIENTS
        .into_iter()
        .map(|client| [client.to_owned(), test_secret(client).expose_secret().to_owned()])
        .collect();
    let clients = table(["client", "secret"], &clients);
    let kept = match data {
        Some(data) => format!(
            "Data and keys are in {0}; other commands work on them with --config {0}/vneid.toml",
            data.display()
        ),
        None => "Nothing is kept: data and keys end with this process".to_owned(),
    };
    Ok(format!(
        "\nvneid demo\n\n  \
         open        {portal}        a public service portal: sign in there\n  \
         provider    {issuer}        citizens' own page: {issuer}/home\n  \
         metadata    {issuer}/.well-known/openid-configuration\n  \
         operations  {operations}        /readyz /metrics /indicators\n\n\
         All of these people are made up. The code of an app: vneid demo totp <name>\n\n\
         {people}\n\
         For the OpenID conformance suite (profile oidc-basic):\n\n{clients}\n\
         {kept}\n\
         Ctrl-C stops everything.\n\n",
        portal = ports.portal_url(),
        issuer = ports.issuer(),
        operations = operations.map_or("-".to_owned(), |address| format!("http://{address}")),
    ))
}
