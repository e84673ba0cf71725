//! What the provider says about itself (OpenID Connect Discovery §3, RFC 8414 §2).

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Host, Url};

use crate::authorization_details::TYPES;
use crate::authorize::{Prompt, ResponseMode};
use crate::redirect_uri::is_dns_host;
use crate::standard_claims::{ALWAYS, ID_TOKEN, SCOPES, TRUST_FRAMEWORK, VERIFIABLE};
use crate::verified_claims::{CHECK_METHODS, DOCUMENTS, VERIFIED_CLAIMS};
use crate::{Environment, endpoints};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IssuerError {
    #[error("the issuer is not a URL in its normal form")]
    NotNormal,
    #[error("the issuer must use https; development may use http on this machine")]
    Scheme,
    #[error("the issuer must have no user information, query, fragment or trailing slash")]
    Extra,
}

/// The provider's name, the same byte for byte wherever it appears (DI-01, ISS-02).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// Comes from configuration, never from a request.
    pub fn parse(text: &str, environment: Environment) -> Result<Self, IssuerError> {
        let extra = text.contains(['?', '#', '@']) || text.ends_with('/');
        if extra {
            return Err(IssuerError::Extra);
        }
        let url = Url::parse(text).map_err(|_| IssuerError::NotNormal)?;
        if url.as_str().trim_end_matches('/') != text
            || !url.host().is_some_and(|host| is_dns_host(&host))
            || text.contains(['%', ';', '"', '\''])
        {
            return Err(IssuerError::NotNormal);
        }
        match (url.scheme(), environment) {
            ("https", _) => Ok(Self(text.to_owned())),
            ("http", Environment::Development) if is_this_machine(&url) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(IssuerError::Scheme),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of one of the [`endpoints`].
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// RFC 8414 §3 puts the well-known part between host and path, unlike OpenID Connect (DI-03).
    pub fn oauth_metadata_url(&self) -> String {
        let path = self.path();
        let origin = self.0.strip_suffix(path).unwrap_or(&self.0);
        format!("{origin}{}{path}", endpoints::OAUTH_AUTHORIZATION_SERVER)
    }

    /// What stands after the host: empty, or `/` and more.
    pub fn path(&self) -> &str {
        let after_scheme = self.0.split_once("://").map_or("", |(_, rest)| rest);
        after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or_default()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Issuer({})", self.0)
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What differs between installations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataOptions {
    /// Signature algorithms of ID tokens; RS256 must be among them (DI-01).
    pub id_token_signing_algorithms: Vec<String>,
    /// Signature algorithms accepted in client assertions; `none` never (DI-03).
    pub client_assertion_algorithms: Vec<String>,
    /// The levels a client may ask for, from the assurance policy.
    pub acr_values: Vec<String>,
    pub ui_locales: Vec<String>,
    /// Where portal engineers read on.
    pub service_documentation: Option<String>,
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self {
            id_token_signing_algorithms: strings(["RS256", "ES256", "EdDSA"]),
            client_assertion_algorithms: strings(["RS256", "ES256", "EdDSA"]),
            acr_values: Vec::new(),
            ui_locales: strings(["vi", "en"]),
            service_documentation: None,
        }
    }
}

/// One document for both well-known places (DI-04, op-traps 13). Empty lists are left out: a reader
/// may not be given one (op-traps 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the document has these members")]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub grant_types_supported: Vec<String>,
    pub subject_types_supported: Vec<String>,
    pub id_token_signing_alg_values_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub prompt_values_supported: Vec<String>,
    pub display_values_supported: Vec<String>,
    pub claim_types_supported: Vec<String>,
    pub claims_supported: Vec<String>,
    pub ui_locales_supported: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    /// Said aloud because silence means true (OpenID Connect Discovery §3).
    pub request_uri_parameter_supported: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    /// RFC 9396 §10
    pub authorization_details_types_supported: Vec<String>,
    // OpenID Connect for Identity Assurance 1.0
    pub verified_claims_supported: bool,
    pub trust_frameworks_supported: Vec<String>,
    pub claims_in_verified_claims_supported: Vec<String>,
    pub evidence_supported: Vec<String>,
    pub documents_supported: Vec<String>,
    pub documents_check_methods_supported: Vec<String>,
}

impl ProviderMetadata {
    pub fn for_issuer(issuer: &Issuer, options: MetadataOptions) -> Self {
        let algorithms = options.client_assertion_algorithms;
        let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
        let any_client = || strings(confidential.into_iter().chain(["none"]));
        Self {
            issuer: issuer.as_str().to_owned(),
            authorization_endpoint: issuer.endpoint(endpoints::AUTHORIZE),
            token_endpoint: issuer.endpoint(endpoints::TOKEN),
            userinfo_endpoint: issuer.endpoint(endpoints::USERINFO),
            jwks_uri: issuer.endpoint(endpoints::JWKS),
            introspection_endpoint: issuer.endpoint(endpoints::INTROSPECT),
            revocation_endpoint: issuer.endpoint(endpoints::REVOKE),
            end_session_endpoint: issuer.endpoint(endpoints::LOGOUT),
            service_documentation: options.service_documentation,
            scopes_supported: strings(SCOPES.map(|known| known.scope)),
            response_types_supported: strings(["code"]),
            response_modes_supported: strings(ResponseMode::ALL.map(ResponseMode::as_str)),
            grant_types_supported: strings([
                "authorization_code",
                "refresh_token",
                "client_credentials",
            ]),
            subject_types_supported: strings(["pairwise", "public"]),
            id_token_signing_alg_values_supported: options.id_token_signing_algorithms,
            code_challenge_methods_supported: strings(["S256"]),
            prompt_values_supported: strings(Prompt::ALL.map(Prompt::as_str)),
            display_values_supported: strings(["page"]),
            claim_types_supported: strings(["normal"]),
            claims_supported: claims_supported(),
            ui_locales_supported: options.ui_locales,
            acr_values_supported: options.acr_values,
            token_endpoint_auth_methods_supported: any_client(),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint_auth_methods_supported: strings(confidential),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: any_client(),
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            authorization_details_types_supported: strings(TYPES),
            verified_claims_supported: true,
            trust_frameworks_supported: strings([TRUST_FRAMEWORK]),
            claims_in_verified_claims_supported: strings(VERIFIABLE),
            evidence_supported: strings(["document"]),
            documents_supported: strings(DOCUMENTS),
            documents_check_methods_supported: strings(CHECK_METHODS),
        }
    }
}

fn claims_supported() -> Vec<String> {
    let by_scope = SCOPES.iter().flat_map(|known| known.claims.iter().copied());
    strings(ALWAYS.into_iter().chain(ID_TOKEN).chain([VERIFIED_CLAIMS]).chain(by_scope))
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Environment::{Development, Production};

    #[test]
    fn an_issuer_is_plain_https_outside_development() {
        // DI-01, op-traps 25
        for good in ["https://id.vn", "https://id.vn:8443", "https://id.vn/eid/v1"] {
            assert_eq!(Issuer::parse(good, Production).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "id.vn",
            "http://id.vn",
            "http://localhost",
            "https://id.vn/",
            "https://id.vn?x",
            "https://id.vn#",
            "https://u@id.vn",
            "https://ID.vn",
            "https://id.vn:443",
            "https:id.vn",
            "https://id.vn/a/../b",
            "https://id.vn/a b",
            "https://id.vn/%2e",
            "https://id.vn;x",
            "https://id.vn.",
            " https://id.vn",
            "ftp://id.vn",
        ] {
            assert!(Issuer::parse(bad, Production).is_err(), "{bad}");
        }
        for good in ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80801"] {
            assert_eq!(
                Issuer::parse(good, Development).is_ok(),
                good != "http://[::1]:80801",
                "{good}"
            );
        }
        assert_eq!(Issuer::parse("http://id.vn", Development), Err(IssuerError::Scheme));
    }

    #[test]
    fn the_oauth_document_stands_before_the_path() {
        // DI-03
        let url = |text| Issuer::parse(text, Production).unwrap().oauth_metadata_url();
        let well_known = "https://id.vn/.well-known/oauth-authorization-server";
        assert_eq!(url("https://id.vn"), well_known);
        assert_eq!(url("https://id.vn/eid"), format!("{well_known}/eid"));
    }

    #[test]
    fn the_document_says_what_clients_check() {
        // DI-01 to DI-04, ISS-02, BCP-07, op-traps 7, 11, 13, 25
        let issuer = Issuer::parse("https://id.vn/eid", Production).unwrap();
        let metadata = ProviderMetadata::for_issuer(&issuer, MetadataOptions::default());
        let json = serde_json::to_value(&metadata).unwrap();
        assert_eq!(json["issuer"], "https://id.vn/eid");
        assert_eq!(json["token_endpoint"], "https://id.vn/eid/token");
        assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(json["request_uri_parameter_supported"], false);
        assert_eq!(json["request_parameter_supported"], false);
        assert_eq!(json["authorization_response_iss_parameter_supported"], true);
        assert!(json.get("acr_values_supported").is_none());
        let object = json.as_object().unwrap();
        assert!(!object.contains_key("request_object_signing_alg_values_supported"));
        for (name, value) in object {
            assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{name}");
            assert!(!value.is_null(), "{name}");
            if name.ends_with("_signing_alg_values_supported") {
                assert!(!value.as_array().unwrap().contains(&"none".into()), "{name}");
            }
        }
        let algorithms = json["id_token_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&"RS256".into()));
        assert_eq!(serde_json::from_value::<ProviderMetadata>(json).unwrap(), metadata);
    }
}
