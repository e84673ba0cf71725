//! Making tokens out of facts.

use std::collections::BTreeSet;
use std::time::Duration;

use assurance::{Acr, Evaluation};
use identity_core::access_token::RefreshAbout;
use identity_core::grant::{Generation, GrantTerms};
use identity_core::id::TokenId;
use identity_core::relying_party::{AccessTokenFormat, IdTokenAlgorithm};
use identity_core::{
    AccessToken, ClientId, RefreshToken, RelyingParty, Subject, Timestamp, TokenPerson,
};
use jose::{
    AccessTokenClaims, ExtraClaims, IdTokenClaims, SignError, SigningAlgorithm, TokenType, at_hash,
    sign,
};
use protocol::authorization_details::to_json;
use protocol::verified_claims::VERIFIED_CLAIMS;
use protocol::{Scope, ScopeSet};
use serde_json::{Value, json};

use crate::claims;
use crate::identifier::{session_identifier, subject_identifier};
use crate::judgement::Rejudged;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sealed;
use crate::verified;

/// ID tokens are read at once; five minutes forgive slow networks.
const ID_TOKEN_LIFE: Duration = Duration::from_mins(5);

/// A person's authorization as it stands at this moment.
pub struct Standing<'a> {
    pub party: &'a RelyingParty,
    pub terms: &'a GrantTerms,
    pub subject: &'a Subject,
    pub judged: &'a Rejudged,
    pub now: Timestamp,
}

/// An access token and how long it lives.
pub struct Issued {
    pub token: String,
    pub life: Duration,
}

impl Standing<'_> {
    /// The access token, narrowed to `scopes`.
    pub fn access_token(
        &self,
        provider: &Provider,
        scopes: &BTreeSet<String>,
    ) -> Result<Issued, Fault> {
        let narrowed: BTreeSet<String> = scopes
            .iter()
            .filter_map(|scope| protocol::standard_claims::claims_of(scope))
            .flatten()
            .map(|claim| (*claim).to_owned())
            .collect();
        let full = *scopes == self.terms.scopes;
        let userinfo_claims = &self.terms.userinfo_claims;
        let person = TokenPerson {
            grant: self.terms.grant,
            session: self.terms.session,
            subject_identifier: self.subject_identifier(provider),
            state: self.subject.state(),
            evidence: self.terms.evidence.clone(),
            userinfo_claims: if full {
                userinfo_claims.clone()
            } else {
                userinfo_claims.intersection(&narrowed).cloned().collect()
            },
            // Asked for beside the scopes, so not for a token that was narrowed to some of them.
            verified: self.terms.verified.userinfo.clone().filter(|_| full),
            transaction: self.terms.transaction.as_ref().map(|granted| granted.details.clone()),
        };
        access_token(provider, self.party, scopes, Some((person, self)), self.now)
    }

    pub fn refresh_token(
        &self,
        provider: &Provider,
        generation: Generation,
    ) -> Result<String, Fault> {
        let token = RefreshToken {
            grant: self.terms.grant,
            client: self.party.client_id.clone(),
            generation,
            issued_at: self.now,
            about: Some(RefreshAbout {
                subject: self.terms.subject,
                session: (!self.terms.outlives_session()).then_some(self.terms.session),
            }),
        };
        sealed::seal(provider, &token, self.now)
    }

    /// The ID token; `nonce` only at redemption, never on refresh (OpenID Connect Core §12.2).
    pub fn id_token(
        &self,
        provider: &Provider,
        access_token: &str,
        nonce: Option<String>,
    ) -> Result<String, Fault> {
        let algorithm = signing_algorithm(self.party.id_token_algorithm);
        let mut extra = ExtraClaims::default();
        let wanted = &self.terms.id_token_claims;
        for (name, value) in claims::of_person(self.subject, &self.judged.present, wanted) {
            // Reserved names speak for the token, not the person; they were never asked for.
            let _ = extra.insert(&name, value);
        }
        let verified = self.terms.verified.id_token.as_deref();
        let verified = verified.and_then(|wishes| {
            verified::answer(wishes, self.subject, &self.judged.present, self.now)
        });
        if let Some(verified) = verified {
            let _ = extra.insert(VERIFIED_CLAIMS, verified);
        }
        let auth_time = self.judged.login.auth_time.unwrap_or(self.terms.authorized_at);
        let id_token = IdTokenClaims {
            iss: provider.settings.issuer.as_str().to_owned(),
            sub: self.subject_identifier(provider),
            aud: self.party.client_id.to_string(),
            exp: self.now.plus(ID_TOKEN_LIFE).unix_seconds(),
            iat: self.now.unix_seconds(),
            auth_time: auth_time.unix_seconds(),
            nonce,
            acr: self.acr(),
            amr: amr(&self.judged.login),
            at_hash: Some(at_hash(algorithm, access_token)),
            azp: None,
            sid: Some(session_identifier(&provider.settings, self.party, self.terms.session)),
            assurance: Some(json!(self.judged.present.vector)),
            authorization_details: self.authorization_details(),
            extra,
        };
        let ring = provider.keys.ring();
        let key = ring.signer(algorithm, self.now).map_err(key_fault)?;
        sign(&id_token, TokenType::IdToken, key).map_err(key_fault)
    }

    /// The transaction as it was granted, the same from code to last refresh: what was agreed to is neither
    /// widened nor spent by us (RFC 9396 §7, RFC 6749 §6). That it is carried out once is the relying
    /// party's to see to, by its reference.
    pub fn authorization_details(&self) -> Option<Value> {
        self.terms.transaction.as_ref().map(|granted| to_json(&granted.details))
    }

    /// In the first ladder the client asked in and that is met; otherwise in the Vietnamese one.
    pub fn acr(&self) -> Option<String> {
        acr(&self.judged.login, &self.terms.asked_acr)
    }

    fn subject_identifier(&self, provider: &Provider) -> String {
        subject_identifier(&provider.settings, self.party, self.subject.id)
    }
}

/// A token for the client itself (RFC 6749 §4.4).
pub fn client_token(
    provider: &Provider,
    party: &RelyingParty,
    scopes: &BTreeSet<String>,
    now: Timestamp,
) -> Result<Issued, Fault> {
    access_token(provider, party, scopes, None, now)
}

pub fn acr(evaluation: &Evaluation, asked: &[String]) -> Option<String> {
    let asked: Vec<Acr> = asked.iter().filter_map(|text| Acr::parse(text)).collect();
    let vector = &evaluation.vector;
    vector.acr_among(&asked).or_else(|| vector.acr()).map(|acr| acr.as_str().to_owned())
}

pub fn amr(evaluation: &Evaluation) -> Vec<String> {
    evaluation.amr.iter().map(|method| method.as_str().to_owned()).collect()
}

pub fn scope_set(scopes: &BTreeSet<String>) -> ScopeSet {
    scopes.iter().filter_map(|scope| scope.parse::<Scope>().ok()).collect()
}

pub(crate) const fn signing_algorithm(registered: IdTokenAlgorithm) -> SigningAlgorithm {
    match registered {
        IdTokenAlgorithm::Es256 => SigningAlgorithm::Es256,
        IdTokenAlgorithm::Rs256 => SigningAlgorithm::Rs256,
        IdTokenAlgorithm::EdDsa => SigningAlgorithm::EdDsa,
    }
}

fn access_token(
    provider: &Provider,
    party: &RelyingParty,
    scopes: &BTreeSet<String>,
    person: Option<(TokenPerson, &Standing<'_>)>,
    now: Timestamp,
) -> Result<Issued, Fault> {
    let life = party.access_token_life();
    let token = TokenId::generate(now, provider.entropy.as_ref());
    let mut audience: BTreeSet<ClientId> = party.audiences.clone();
    audience.insert(party.client_id.clone());
    let (person, standing) = person.unzip();
    let facts = AccessToken {
        token,
        client: party.client_id.clone(),
        audience,
        scopes: scopes.clone(),
        issued_at: now,
        expires_at: now.plus(life),
        person,
    };
    let sealed = sealed::seal(provider, &facts, now)?;
    let token = match party.access_token_format {
        AccessTokenFormat::Sealed => sealed,
        AccessTokenFormat::Jwt => jwt(provider, party, &facts, standing, sealed)?,
    };
    Ok(Issued { token, life })
}

/// RFC 9068: for a relying party that verifies offline. The sealed facts travel inside it, for our
/// own endpoints.
fn jwt(
    provider: &Provider,
    party: &RelyingParty,
    facts: &AccessToken,
    standing: Option<&Standing<'_>>,
    sealed: String,
) -> Result<String, Fault> {
    let subject = facts.person.as_ref().map(|person| person.subject_identifier.clone());
    let claims = AccessTokenClaims {
        iss: provider.settings.issuer.as_str().to_owned(),
        exp: facts.expires_at.unix_seconds(),
        aud: facts.audience.iter().map(ToString::to_string).collect(),
        // BCP-24: a client's own token can never be taken for a person's.
        sub: subject.unwrap_or_else(|| format!("client:{}", party.client_id)),
        client_id: party.client_id.to_string(),
        iat: facts.issued_at.unix_seconds(),
        jti: facts.token.to_string(),
        scope: scope_set(&facts.scopes).to_string(),
        auth_time: standing
            .and_then(|standing| standing.judged.login.auth_time)
            .map(Timestamp::unix_seconds),
        acr: standing.and_then(Standing::acr),
        amr: standing.map(|standing| amr(&standing.judged.login)).unwrap_or_default(),
        authorization_details: standing.and_then(Standing::authorization_details),
        facts: sealed,
    };
    let ring = provider.keys.ring();
    let algorithm = signing_algorithm(party.id_token_algorithm);
    let key = ring.signer(algorithm, facts.issued_at).map_err(key_fault)?;
    sign(&claims, TokenType::AccessToken, key).map_err(key_fault)
}

pub(crate) fn key_fault(cause: SignError) -> Fault {
    match cause {
        SignError::Device(error) => Fault::KeyDevice(error),
        SignError::NoActiveKey(_) | SignError::Claims(_) | SignError::Signature => {
            Fault::Key(cause.to_string())
        }
    }
}
