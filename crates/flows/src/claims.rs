//! Which claims a request asks for, and what we know of a person to answer with.

use std::collections::BTreeSet;

use assurance::Evaluation;
use identity_core::contact::Verification;
use identity_core::relying_party::GrantType;
use identity_core::subject::{Profile, Sex};
use identity_core::{IdentityNumber, RelyingParty, Subject};
use protocol::authorize::Prompt;
use protocol::claims_request::without_language;
use protocol::standard_claims::{self, claims_of};
use protocol::{AuthorizationRequest, ClaimRequest};
use serde_json::{Map, Value, json};

use crate::verified::VerifiedAsked;

/// What one request asks for, within what its client is registered for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub scopes: BTreeSet<String>,
    /// Claims to be served by userinfo.
    pub userinfo: BTreeSet<String>,
    /// Claims to be written into the ID token.
    pub id_token: BTreeSet<String>,
    /// Asked for one by one and not essential: the person may leave them out.
    pub voluntary: BTreeSet<String>,
    /// Claims asked for together with how they were verified.
    pub verified: VerifiedAsked,
    /// Authentication context classes asked for, best first.
    pub acr: Vec<String>,
}

impl Asked {
    pub fn by(request: &AuthorizationRequest, party: &RelyingParty) -> Self {
        let scopes = granted_scopes(request, party);
        let allowed = |claim: &str| {
            standard_claims::scope_of(claim).is_some_and(|scope| party.scopes.contains(scope))
        };
        let by_scope: BTreeSet<String> = scopes
            .iter()
            .filter_map(|scope| claims_of(scope))
            .flatten()
            .map(|claim| (*claim).to_owned())
            .collect();
        let named =
            |claims: &std::collections::BTreeMap<String, ClaimRequest>| -> BTreeSet<String> {
                let names = claims.keys().map(|name| without_language(name));
                names.filter(|name| allowed(name)).map(str::to_owned).collect()
            };
        let essential = |name: &String| {
            let is = |claims: &std::collections::BTreeMap<String, ClaimRequest>| {
                claims.iter().any(|(key, claim)| without_language(key) == name && claim.essential)
            };
            is(&request.claims.userinfo) || is(&request.claims.id_token)
        };
        let (mut userinfo, id_token) =
            (named(&request.claims.userinfo), named(&request.claims.id_token));
        let verified = VerifiedAsked::by(&request.claims, allowed);
        let (with_proof, needed_with_proof) = (verified.names(), verified.essential());
        let voluntary = userinfo
            .iter()
            .chain(&id_token)
            .chain(&with_proof)
            .filter(|name| !by_scope.contains(*name) && !essential(name))
            .filter(|name| !needed_with_proof.contains(*name))
            .cloned()
            .collect();
        userinfo.extend(by_scope);
        Self { scopes, userinfo, id_token, voluntary, verified, acr: asked_acr(request) }
    }

    /// Every claim, wherever it is to be served.
    pub fn claims(&self) -> BTreeSet<String> {
        let plain = self.userinfo.union(&self.id_token).cloned();
        plain.chain(self.verified.names()).collect()
    }
}

/// Scopes that are not understood or not registered are ignored (OpenID Connect Core §3.1.2.1), and
/// `offline_access` counts only when the person is asked (§11, OC-17).
fn granted_scopes(request: &AuthorizationRequest, party: &RelyingParty) -> BTreeSet<String> {
    let offline =
        request.prompt.contains(Prompt::Consent) && party.may_use(GrantType::RefreshToken);
    request
        .scope
        .iter()
        .map(protocol::Scope::as_str)
        .filter(|scope| party.scopes.contains(*scope) && claims_of(scope).is_some())
        .filter(|scope| *scope != "offline_access" || offline)
        .map(str::to_owned)
        .collect()
}

fn asked_acr(request: &AuthorizationRequest) -> Vec<String> {
    let mut asked = crate::authorize::demanded_acr(request);
    asked.extend(
        request
            .acr_values
            .iter()
            .filter(|value| !asked.contains(value))
            .cloned()
            .collect::<Vec<_>>(),
    );
    asked
}

/// The person's claims among `wanted`. What we do not know is left out, never empty (op-traps 5).
pub fn of_person(
    subject: &Subject,
    evaluation: &Evaluation,
    wanted: &BTreeSet<String>,
) -> Map<String, Value> {
    let profile = &subject.profile;
    wanted
        .iter()
        .filter_map(|claim| {
            let value = match claim.as_str() {
                standard_claims::VN_ACCOUNT_LEVEL => {
                    Some(json!(evaluation.vector.levels.vn_account.number()))
                }
                standard_claims::VN_AUTHENTICATION_LEVEL => {
                    Some(json!(evaluation.vector.levels.vn_authentication.number()))
                }
                name => of_profile(profile, name),
            };
            value.map(|value| (claim.clone(), value))
        })
        .collect()
}

fn of_profile(profile: &Profile, claim: &str) -> Option<Value> {
    let name = &profile.name;
    match claim {
        "name" => Some(json!(name.as_str())),
        "family_name" => Some(json!(name.family())),
        "middle_name" => name.middle().map(|middle| json!(middle)),
        "given_name" => name.given().map(|given| json!(given)),
        "gender" => profile.sex.map(|sex| match sex {
            Sex::Male => json!("male"),
            Sex::Female => json!("female"),
        }),
        "birthdate" => Some(json!(profile.birth_date)),
        "zoneinfo" => Some(json!("Asia/Ho_Chi_Minh")),
        "locale" => Some(json!("vi-VN")),
        "updated_at" => Some(json!(profile.updated_at.unix_seconds())),
        "phone_number" => profile.phone.as_ref().map(|phone| json!(phone.value)),
        "phone_number_verified" => {
            profile.phone.as_ref().map(|phone| json!(phone.verification == Verification::Verified))
        }
        "email" => profile.email.as_ref().map(|email| json!(email.value)),
        "email_verified" => {
            profile.email.as_ref().map(|email| json!(email.verification == Verification::Verified))
        }
        "address" => profile.address.as_ref().map(|address| json!(address)),
        standard_claims::VN_PERSONAL_NUMBER => Some(json!(profile.number.as_str())),
        standard_claims::VN_ACCOUNT_TYPE => Some(json!(match profile.number {
            IdentityNumber::Citizen(_) => "citizen",
            IdentityNumber::Foreigner(_) => "foreigner",
        })),
        standard_claims::VN_LEGACY_NUMBER => {
            profile.legacy_number.as_ref().map(|number| json!(number))
        }
        standard_claims::VN_NATIONALITY => Some(json!(profile.nationality)),
        _ => None,
    }
}
