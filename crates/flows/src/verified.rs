//! How a person's data were verified, for relying parties that ask (OpenID Connect for Identity Assurance
//! 1.0). Computed from the recorded proofings, never from what was asked.

use std::collections::BTreeSet;

use assurance::{Evaluation, VnAccountLevel};
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPieceKind};
use identity_core::grant::VerifiedWishes;
use identity_core::{Subject, Timestamp};
use protocol::standard_claims::{self, VERIFIABLE};
use protocol::verified_claims::{VERIFIED_CLAIMS, Verification, VerifiedClaimsRequest};
use serde_json::{Map, Value, json};

use crate::claims::of_person;

/// What a request asks for in both places, within what its client is registered for.
#[derive(Clone, Debug, Default)]
pub struct VerifiedAsked {
    pub userinfo: Vec<VerifiedClaimsRequest>,
    pub id_token: Vec<VerifiedClaimsRequest>,
}

impl VerifiedAsked {
    pub fn by(request: &protocol::ClaimsRequest, allowed: impl Fn(&str) -> bool) -> Self {
        let may = |name: &str| VERIFIABLE.contains(&name) && allowed(name);
        let within = |requests: &[VerifiedClaimsRequest]| {
            requests.iter().cloned().filter_map(|request| request.only(may)).collect()
        };
        Self {
            userinfo: within(&request.verified_userinfo),
            id_token: within(&request.verified_id_token),
        }
    }

    /// Everything the person is asked about: the claims, and that it is told how they were verified.
    pub fn names(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> =
            self.requests().flat_map(VerifiedClaimsRequest::names).collect();
        if !names.is_empty() {
            names.insert(VERIFIED_CLAIMS.to_owned());
        }
        names
    }

    pub fn essential(&self) -> BTreeSet<String> {
        let essential = |request: &VerifiedClaimsRequest| -> Vec<String> {
            let wished = request.claims.iter().filter(|(_, claim)| claim.essential);
            wished
                .map(|(name, _)| protocol::claims_request::without_language(name).to_owned())
                .collect()
        };
        let mut names: BTreeSet<String> = self.requests().flat_map(essential).collect();
        if !names.is_empty() {
            names.insert(VERIFIED_CLAIMS.to_owned());
        }
        names
    }

    /// What was agreed to, for the grant.
    pub fn agreed(&self, claims: &BTreeSet<String>) -> VerifiedWishes {
        if !claims.contains(VERIFIED_CLAIMS) {
            return VerifiedWishes::default();
        }
        let within = |requests: &[VerifiedClaimsRequest]| {
            let kept = requests.iter().cloned();
            let kept: Vec<_> =
                kept.filter_map(|request| request.only(|name| claims.contains(name))).collect();
            (!kept.is_empty()).then(|| serde_json::to_string(&kept).ok()).flatten()
        };
        VerifiedWishes { userinfo: within(&self.userinfo), id_token: within(&self.id_token) }
    }

    fn requests(&self) -> impl Iterator<Item = &VerifiedClaimsRequest> {
        self.userinfo.iter().chain(&self.id_token)
    }
}

/// The names a grant's wishes stand on: each must still be agreed to.
pub fn names_of(wishes: &VerifiedWishes) -> BTreeSet<String> {
    let read = |text: &Option<String>| text.as_deref().map(requests).unwrap_or_default();
    let (userinfo, id_token) = (read(&wishes.userinfo), read(&wishes.id_token));
    VerifiedAsked { userinfo, id_token }.names()
}

/// The claim's value; `None` leaves it out. For each request the newest verification that meets it.
pub fn answer(
    wishes: &str,
    subject: &Subject,
    evaluation: &Evaluation,
    now: Timestamp,
) -> Option<Value> {
    let verifications = verifications(subject, evaluation, now);
    let mut answers: Vec<Value> = requests(wishes)
        .iter()
        .filter_map(|request| {
            let person: Map<String, Value> = of_person(subject, evaluation, &request.names());
            verifications.iter().find_map(|known| request.answer(known, &person))
        })
        .collect();
    match answers.len() {
        0 => None,
        1 => answers.pop(),
        _ => Some(Value::Array(answers)),
    }
}

fn requests(wishes: &str) -> Vec<VerifiedClaimsRequest> {
    serde_json::from_str(wishes).unwrap_or_default()
}

/// Newest first. None while the account has no level: then nothing is vouched for.
fn verifications(subject: &Subject, evaluation: &Evaluation, now: Timestamp) -> Vec<Verification> {
    let account = evaluation.vector.levels.vn_account;
    let mut proofings: Vec<&Proofing> =
        subject.proofings.iter().filter(|proofing| proofing.at <= now).collect();
    proofings.sort_by_key(|proofing| std::cmp::Reverse(proofing.at));
    if account == VnAccountLevel::None {
        return Vec::new();
    }
    let known = |proofing: &Proofing| Verification {
        known: verification(proofing, account),
        age_seconds: now.since(proofing.at).as_secs(),
    };
    proofings.into_iter().map(known).collect()
}

/// In the terms of the specification's schema. Who performed it, and under which number, stays with us: such
/// a reference would tell two relying parties that they speak of one person (ATK-083). So does a document's end,
/// which tells a birthday.
fn verification(proofing: &Proofing, account: VnAccountLevel) -> Value {
    let reached = match proofing.pathway {
        ProofingPathway::RemoteFaceCapture => VnAccountLevel::One,
        ProofingPathway::InPersonBiometric | ProofingPathway::ThroughRepresentative => {
            VnAccountLevel::Two
        }
    };
    let time = proofing.at.to_rfc3339();
    let checks: Vec<Value> = check_methods(proofing.pathway)
        .iter()
        .map(|method| json!({ "check_method": method, "time": time }))
        .collect();
    let evidence: Vec<Value> = proofing
        .pieces
        .iter()
        .map(|piece| {
            let issuer = json!({ "country_code": "VNM" });
            let details = json!({ "type": document_type(piece.kind), "issuer": issuer });
            json!({ "type": "document", "check_details": checks, "document_details": details })
        })
        .collect();
    json!({
        "trust_framework": standard_claims::TRUST_FRAMEWORK,
        "assurance_level": account.min(reached).number().to_string(),
        "time": time,
        "evidence": evidence,
    })
}

/// As registered beside the specification: documents in person or as data, and the body.
const fn check_methods(pathway: ProofingPathway) -> &'static [&'static str] {
    match pathway {
        ProofingPathway::RemoteFaceCapture => &["data", "bvr"],
        ProofingPathway::InPersonBiometric => &["vpip", "bvp"],
        ProofingPathway::ThroughRepresentative => &["data"],
    }
}

const fn document_type(kind: ProofingPieceKind) -> &'static str {
    match kind {
        ProofingPieceKind::IdentityCard => "idcard",
        ProofingPieceKind::ResidenceCard => "residence_permit",
        ProofingPieceKind::Passport => "passport",
        ProofingPieceKind::BirthCertificate => "birth_certificate",
    }
}
