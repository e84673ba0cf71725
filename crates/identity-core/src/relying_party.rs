//! Who may ask us about people, and under which agreement (Decree 69/2024 art. 18).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::ClientId;
use crate::secret::SecretDigest;
use crate::time::{CalendarDate, Timestamp};

/// One registered client of one legal entity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    pub client_id: ClientId,
    /// Shown to citizens.
    pub name: LocalizedText,
    pub legal_entity: String,
    pub agreement: Agreement,
    pub status: RelyingPartyStatus,
    pub profile: ClientProfile,
    pub authentication: ClientAuthentication,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// Scopes it may ask for.
    pub scopes: BTreeSet<String>,
    pub grant_types: BTreeSet<GrantType>,
    pub subject_type: SubjectType,
    #[serde(default)]
    pub id_token_algorithm: IdTokenAlgorithm,
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// Audience of its access tokens besides itself: the clients that may introspect them.
    #[serde(default)]
    pub audiences: BTreeSet<ClientId>,
    /// Name of the requirement in the policy that every login at it must meet.
    #[serde(default)]
    pub requirement: Option<String>,
    #[serde(default)]
    pub consent: ConsentRule,
    /// Types it may use in `authorization_details` (RFC 9396 §10). Left out when empty, so that nodes of the
    /// release before still read the registration.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub authorization_details_types: BTreeSet<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalizedText {
    pub vi: String,
    pub en: String,
}

/// The written agreement (art. 18.3) with its purpose as shown to citizens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    pub number: String,
    pub purpose: LocalizedText,
    pub signed_on: CalendarDate,
    pub ends_on: Option<CalendarDate>,
    /// Security level of its information system (cấp độ an toàn), at least 3 (art. 18.2).
    pub system_security_level: u8,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RelyingPartyStatus {
    Active,
    Suspended { since: Timestamp, reason: String },
}

/// How strictly the protocol is held to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientProfile {
    /// The default: PKCE required.
    Strict,
    /// OpenID Connect Basic OP as certified: PKCE optional, but enforced once used.
    OidcBasic,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// Public client (RFC 6749 §2.1).
    None,
    ClientSecretBasic {
        secrets: Vec<SecretDigest>,
    },
    ClientSecretPost {
        secrets: Vec<SecretDigest>,
    },
    /// Public keys as a JWK set (RFC 7523).
    PrivateKeyJwt {
        jwks: serde_json::Value,
    },
}

impl ClientAuthentication {
    pub fn is_public(&self) -> bool {
        matches!(self, Self::None)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SubjectType {
    /// One subject identifier per sector (OpenID Connect Core §8.1): the default.
    Pairwise { sector: String },
    /// The same identifier everywhere: only by registration.
    Public,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum IdTokenAlgorithm {
    #[default]
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    #[default]
    Sealed,
    /// RFC 9068, for a relying party that must verify offline.
    Jwt,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    #[default]
    AskCitizen,
    /// The law already orders the release; recorded, not asked.
    OrderedByLaw,
}

impl RelyingParty {
    /// Active, with an agreement in force. Checked wherever something new is issued (ATK-139).
    pub fn in_force(&self, now: Timestamp) -> bool {
        let today = now.day_in_viet_nam();
        self.status == RelyingPartyStatus::Active
            && self.agreement.signed_on <= today
            && self.agreement.ends_on.is_none_or(|end| today < end)
    }

    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Sealed tokens can be taken back at once and may live longer than JWTs, which cannot.
    pub fn access_token_life(&self) -> Duration {
        match self.access_token_format {
            AccessTokenFormat::Sealed => ACCESS_TOKEN_LIFE,
            AccessTokenFormat::Jwt => Duration::from_mins(5),
        }
    }

    /// Whether it may introspect tokens whose audience is `audience` (RFC 7662 §4).
    pub fn is_audience_of(&self, audience: &BTreeSet<ClientId>) -> bool {
        audience.contains(&self.client_id)
    }
}

/// The longest life of any access token: also how long the security state remembers.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_mins(15);
