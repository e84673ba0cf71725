//! What a relying party's registration must be before anybody is sent there.

use identity_core::RelyingParty;
use identity_core::relying_party::{ClientAuthentication, GrantType, SubjectType};
use jose::Jwks;
use protocol::authorization_details::TYPES;
use protocol::redirect_uri::ApplicationType;
use protocol::standard_claims::claims_of;
use protocol::{Environment, RegisteredRedirectUri, Scope};

/// Least security level of a connected information system (Decree 69/2024 art. 18.2).
const LEAST_SYSTEM_LEVEL: u8 = 3;

/// Returns the registration unchanged, or every fault in one sentence each.
pub fn check(party: RelyingParty, environment: Environment) -> Result<RelyingParty, String> {
    let mut faults = Vec::new();
    redirect_uris(&party, environment, &mut faults);
    authentication(&party, &mut faults);
    scopes(&party, &mut faults);
    authorization_details(&party, &mut faults);
    if party.agreement.system_security_level < LEAST_SYSTEM_LEVEL {
        faults.push("the agreement's system_security_level is below 3".to_owned());
    }
    if let SubjectType::Pairwise { sector } = &party.subject_type
        && (sector.is_empty() || !sector.is_ascii() || sector.contains('\0'))
    {
        faults.push("subject_type.sector is not a host name".to_owned());
    }
    if faults.is_empty() { Ok(party) } else { Err(faults.join("; ")) }
}

fn redirect_uris(party: &RelyingParty, environment: Environment, faults: &mut Vec<String>) {
    let application = if party.authentication.is_public() {
        ApplicationType::Native
    } else {
        ApplicationType::Web
    };
    for uri in &party.redirect_uris {
        if let Err(fault) = RegisteredRedirectUri::parse(uri, application, environment) {
            faults.push(format!("redirect_uris: {uri}: {fault}"));
        }
    }
    if party.may_use(GrantType::AuthorizationCode) && party.redirect_uris.is_empty() {
        faults.push("redirect_uris is empty, but authorization_code is registered".to_owned());
    }
    let others = party.post_logout_redirect_uris.iter().chain(&party.backchannel_logout_uri);
    for uri in others {
        if let Err(fault) = RegisteredRedirectUri::parse(uri, application, environment) {
            faults.push(format!("{uri}: {fault}"));
        }
    }
}

fn authentication(party: &RelyingParty, faults: &mut Vec<String>) {
    match &party.authentication {
        ClientAuthentication::None => {
            if party.may_use(GrantType::ClientCredentials) {
                faults.push("a public client cannot use client_credentials".to_owned());
            }
        }
        ClientAuthentication::ClientSecretBasic { secrets }
        | ClientAuthentication::ClientSecretPost { secrets } => {
            if secrets.is_empty() {
                faults.push("authentication.secrets is empty".to_owned());
            }
        }
        ClientAuthentication::PrivateKeyJwt { jwks } => {
            if let Err(fault) = Jwks::parse(&jwks.to_string()) {
                faults.push(format!("authentication.jwks: {fault}"));
            }
        }
    }
}

fn scopes(party: &RelyingParty, faults: &mut Vec<String>) {
    for scope in &party.scopes {
        if scope.parse::<Scope>().is_err() {
            faults.push(format!("scopes: {scope}: not a scope"));
        }
    }
    let speaks_of_people = party.scopes.iter().any(|scope| claims_of(scope).is_some());
    if party.may_use(GrantType::AuthorizationCode) && !speaks_of_people {
        faults.push("scopes lacks openid".to_owned());
    }
}

/// A type that nobody can use is a slip of the pen (RFC 9396 §10).
fn authorization_details(party: &RelyingParty, faults: &mut Vec<String>) {
    for name in &party.authorization_details_types {
        if !TYPES.contains(&name.as_str()) {
            faults.push(format!("authorization_details_types: {name}: there is no such type"));
        }
    }
}
