//! The demo's relying parties, registered anew at each start.

use std::collections::BTreeSet;

use flows::admin::register_client;
use identity_core::relying_party::{
    AccessTokenFormat, Agreement, ClientAuthentication, ClientProfile, ConsentRule, GrantType,
    IdTokenAlgorithm, LocalizedText, RelyingPartyStatus, SubjectType,
};
use identity_core::secret::SecretDigest;
use identity_core::{CalendarDate, ClientId, RelyingParty};
use protocol::SecretString;

use super::Ports;
use crate::cli::CliError;
use crate::client_file::{digest, fresh_secret};
use crate::compose::Node;

pub const PORTAL: &str = "demo-portal";
pub const CASE_SYSTEM: &str = "demo-case-system";
/// For examiners: the OpenID Foundation's suite wants two clients, and one that posts its secret.
pub const TEST_CLIENTS: [&str; 3] = ["conformance-1", "conformance-2", "conformance-post"];

/// Where the OpenID Foundation's conformance suite waits, on one's own machine and in public.
const SUITES: [&str; 2] =
    ["https://localhost.emobix.co.uk:8443", "https://www.certification.openid.net"];

/// Made at each start and told to the relying parties in this process only.
pub struct Secrets {
    pub portal: SecretString,
    pub case_system: SecretString,
}

/// Known to everybody: the examiner's clients protect nothing but demo data.
pub fn test_secret(client: &str) -> SecretString {
    SecretString::new(format!("secret-of-{client}-for-tests-only"))
}

pub async fn register(node: &Node, ports: Ports) -> Result<Secrets, CliError> {
    let entropy = node.provider.entropy.as_ref();
    let secrets = Secrets { portal: fresh_secret(entropy), case_system: fresh_secret(entropy) };
    let mut parties =
        vec![portal(ports, digest(&secrets.portal))?, case_system(digest(&secrets.case_system))?];
    for client in TEST_CLIENTS {
        parties.push(test_client(client)?);
    }
    for party in parties {
        register_client(&node.provider, party, node.clock.now()).await?;
    }
    Ok(secrets)
}

fn portal(ports: Ports, secret: SecretDigest) -> Result<RelyingParty, CliError> {
    let url = ports.portal_url();
    let name = text("Cổng Dịch vụ công quốc gia (DEMO)", "National Public Service Portal (DEMO)");
    let purpose = text(
        "Đăng nhập, điền sẵn hồ sơ và nộp thủ tục hành chính trực tuyến",
        "Sign in, fill in forms and file administrative procedures online",
    );
    Ok(RelyingParty {
        authentication: ClientAuthentication::ClientSecretBasic { secrets: vec![secret] },
        redirect_uris: vec![format!("{url}/callback")],
        post_logout_redirect_uris: vec![format!("{url}/")],
        backchannel_logout_uri: Some(format!("{url}/backchannel-logout")),
        scopes: words(["openid", "profile", "phone", "vn_identity"]),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
        audiences: BTreeSet::from([client_id(CASE_SYSTEM)?]),
        ..bare(PORTAL, name, purpose)?
    })
}

fn case_system(secret: SecretDigest) -> Result<RelyingParty, CliError> {
    let name = text("Hệ thống một cửa (DEMO)", "Case system (DEMO)");
    let purpose = text("Tiếp nhận hồ sơ", "Take in filings");
    Ok(RelyingParty {
        authentication: ClientAuthentication::ClientSecretBasic { secrets: vec![secret] },
        ..bare(CASE_SYSTEM, name, purpose)?
    })
}

fn test_client(client: &str) -> Result<RelyingParty, CliError> {
    let name = text("Kiểm thử OpenID", "OpenID conformance test");
    let purpose = text("Kiểm thử giao thức", "Test the protocol");
    let secrets = vec![digest(&test_secret(client))];
    let at = |path: &str| SUITES.map(|suite| format!("{suite}/test/a/vneid/{path}")).to_vec();
    Ok(RelyingParty {
        profile: ClientProfile::OidcBasic,
        authentication: if client.ends_with("-post") {
            ClientAuthentication::ClientSecretPost { secrets }
        } else {
            ClientAuthentication::ClientSecretBasic { secrets }
        },
        redirect_uris: at("callback"),
        post_logout_redirect_uris: at("post_logout_redirect"),
        backchannel_logout_uri: None,
        scopes: words(["openid", "profile", "email", "phone", "address", "offline_access"]),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        id_token_algorithm: IdTokenAlgorithm::Rs256,
        ..bare(client, name, purpose)?
    })
}

/// What all of them share: in force, strict, pairwise, and nothing it may do yet.
fn bare(
    client: &str,
    name: LocalizedText,
    purpose: LocalizedText,
) -> Result<RelyingParty, CliError> {
    let signed_on = CalendarDate::new(2026, 1, 1);
    Ok(RelyingParty {
        client_id: client_id(client)?,
        name,
        legal_entity: "Cơ quan mẫu (DEMO)".to_owned(),
        agreement: Agreement {
            number: "DEMO/2026".to_owned(),
            purpose,
            signed_on: signed_on.map_err(|error| CliError::Refused(error.to_string()))?,
            ends_on: None,
            system_security_level: 3,
        },
        status: RelyingPartyStatus::Active,
        profile: ClientProfile::Strict,
        authentication: ClientAuthentication::None,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        scopes: BTreeSet::new(),
        grant_types: BTreeSet::new(),
        subject_type: SubjectType::Pairwise { sector: format!("{client}.example.vn") },
        id_token_algorithm: IdTokenAlgorithm::Es256,
        access_token_format: AccessTokenFormat::Sealed,
        audiences: BTreeSet::new(),
        requirement: None,
        consent: ConsentRule::AskCitizen,
        authorization_details_types: BTreeSet::new(),
    })
}

fn client_id(text: &str) -> Result<ClientId, CliError> {
    ClientId::parse(text).map_err(|error| CliError::Refused(error.to_string()))
}

fn text(vi: &str, en: &str) -> LocalizedText {
    LocalizedText { vi: vi.to_owned(), en: en.to_owned() }
}

fn words<const N: usize>(words: [&str; N]) -> BTreeSet<String> {
    words.map(str::to_owned).into()
}
