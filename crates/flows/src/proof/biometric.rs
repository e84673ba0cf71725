//! A face or a finger, compared by a registered matcher ([`crate::matcher`]). It counts beside a bound
//! device that took part a moment ago (law L5): the engine sees to that, here only the order is kept.
//!
//! ```text
//!  begin    capture kept (transient, sealed) ── signed request ──> browser ──> matcher
//!  returned statement put beside the capture  <── browser, from the matcher's page, without cookies
//!  collect  the browser that began: statement verified, gate, verdict, one plan
//! ```
//!
//! The transient store may lose a capture, which costs another one. What makes a statement count once
//! is `ConsumeOnce` in the plan that accepts it.

use std::time::Duration;

use identity_core::authenticator::{AttemptGate, FactorCategory};
use identity_core::event::LoginRefusalReason;
use identity_core::evidence::{BiometricMatch, KeyProtection};
use identity_core::id::DeviceId;
use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{AuthenticationEvidence, AuthenticatorId, Timestamp};
use jose::digest::{base64url, base64url_decode, sha256};
use jose::{
    CLOCK_SKEW, ExpectedStatement, MATCH_STATEMENT_TYPE, SigningAlgorithm, TokenKind, TokenType,
    sign, verify_statement,
};
use serde::{Deserialize, Serialize};
use storage::{Change, Credential, Enrolment, Slot, ThrottleKey};

use super::{Attempt, Checked, Occasion, Refused, Stopped, disable, evidence_of, gate_under, take};
use crate::challenge::Asked;
use crate::interaction::Interaction;
use crate::login::{BiometricRefusal, LoginError, LoginRefusal};
use crate::matcher::statement::{Bound, CaptureRequest, MatchStatement, Verdict, verdict};
use crate::matcher::{Matcher, Modality, TemplateReference};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sealed::{self, SealedFact};
use crate::session::{Consumed, LiveSession, SessionHandle};

/// From our page to the matcher's and back.
pub const LIFE: Duration = Duration::from_mins(5);
/// What a matcher signs has about a thousand characters.
const LONGEST_STATEMENT: usize = 3 * 1024;
/// Captures that end without a comparison count as no failure: they are limited all the same (edge
/// case 4).
pub const CAPTURES_PER_HOUR: u64 = 20;
const WINDOW: Duration = Duration::from_hours(1);
const CAPTURE: &str = "capture";
/// Where the browser goes on when it comes back.
const ATTEMPT: &str = "capture attempt";
/// What an accepted statement is remembered under.
const PURPOSE: &str = "biometric match";

/// 256 random bits: the challenge, by which the capture is also found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CaptureId([u8; 32]);

impl CaptureId {
    pub fn parse(text: &str) -> Option<Self> {
        base64url_decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl std::fmt::Display for CaptureId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

/// A comparison that was asked for, as it rests: sealed.
#[derive(Serialize, Deserialize)]
struct Capture {
    asked: Asked,
    authenticator: AuthenticatorId,
    bound: Bound,
    device: DeviceAtHand,
    began_at: Timestamp,
    /// What came back, and when it reached us (edge case 23).
    statement: Option<(String, Timestamp)>,
}

impl SealedFact for Capture {
    const KIND: TokenKind = TokenKind::Challenge;
}

impl Capture {
    fn expires_at(&self) -> Timestamp {
        self.began_at.plus(LIFE)
    }
}

/// The device whose key was used a moment ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceAtHand {
    device: DeviceId,
}

/// L5: a comparison belongs to a bound device. `window`: how far apart the two may lie.
pub fn device_at_hand(
    evidence: &[AuthenticationEvidence],
    window: Duration,
    now: Timestamp,
) -> Option<DeviceAtHand> {
    let used = evidence.iter().filter(|used| {
        used.kind.category() == FactorCategory::Possession
            && used.key != KeyProtection::NoKey
            && now.since(used.at) <= window
    });
    let newest = used.filter(|used| used.device.is_some()).max_by_key(|used| used.at)?;
    Some(DeviceAtHand { device: newest.device? })
}

/// Whether somebody would compare it: a template whose matcher is not registered is no way to anything.
pub(crate) fn is_possible(provider: &Provider, enrolment: &Enrolment, now: Timestamp) -> bool {
    match Modality::of_kind(enrolment.authenticator.kind) {
        Some(modality) => matcher_of(provider, enrolment, modality, now).is_some(),
        None => true,
    }
}

fn matcher_of<'p>(
    provider: &'p Provider,
    enrolment: &Enrolment,
    modality: Modality,
    now: Timestamp,
) -> Option<(TemplateReference, &'p Matcher)> {
    let Credential::Biometric { reference } = &enrolment.credential else { return None };
    let reference = TemplateReference::parse(reference)?;
    let matcher = provider.settings.matchers.in_force(&reference, modality, now)?;
    Some((reference, matcher))
}

/// Begins a comparison. The answer is where the browser goes: to the matcher, with our signed request.
/// `return_to` is the path it comes back to.
pub async fn begin(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    modality: Modality,
    return_to: &str,
    now: Timestamp,
) -> Result<String, LoginError> {
    let refused = |refusal| LoginError::Refused(LoginRefusal::Biometric(refusal));
    let rule = &provider.policy(now)?.biometrics;
    let found = live.usable(modality.kind(), now);
    let enrolment = found.ok_or_else(|| refused(BiometricRefusal::NotPossible))?;
    let (reference, matcher) = matcher_of(provider, enrolment, modality, now)
        .ok_or_else(|| refused(BiometricRefusal::NotPossible))?;
    let device = device_at_hand(&live.session.evidence, rule.device_window, now)
        .ok_or_else(|| refused(BiometricRefusal::NoDevice))?;
    // Nobody holds their face to a camera for nothing; what counts is the gate at the end.
    match enrolment.failures.gate_under(&rule.attempts(modality.kind()), now) {
        AttemptGate::Open => {}
        AttemptGate::Wait(delay) => return Err(LoginError::Refused(LoginRefusal::Wait(delay))),
        AttemptGate::Exhausted => {
            disable(provider, Some(enrolment), now).await?;
            return Err(LoginError::Refused(LoginRefusal::Exhausted));
        }
    }
    let person = live.subject.id.to_string();
    let begun = provider.transient.count("captures of person", &person, WINDOW, now).await?;
    if begun > CAPTURES_PER_HOUR {
        return Err(refused(BiometricRefusal::TooMany));
    }
    let id = CaptureId(random_bytes(provider.entropy.as_ref()));
    let bound = Bound {
        challenge: id.to_string(),
        reference: reference.to_string(),
        device: device.device.to_string(),
        transaction: base64url(&interaction.fingerprint()?.0),
        modality,
    };
    let request = signed_request(provider, matcher, bound.clone(), return_to, now)?;
    let capture = Capture {
        asked: Asked::during(interaction, Some(live.session.id))?,
        authenticator: enrolment.authenticator.id,
        bound,
        device,
        began_at: now,
        statement: None,
    };
    keep(provider, id, &capture, interaction, now).await?;
    let mut address = url::Url::parse(&matcher.capture)
        .map_err(|_| Fault::Key("a matcher has no address".to_owned()))?;
    address
        .query_pairs_mut()
        .append_pair("request", &request)
        .append_pair("state", &id.to_string());
    Ok(address.into())
}

async fn keep(
    provider: &Provider,
    id: CaptureId,
    capture: &Capture,
    interaction: &Interaction,
    now: Timestamp,
) -> Result<(), Fault> {
    let (id, until) = (id.to_string(), capture.expires_at());
    let sealed = sealed::seal(provider, capture, now)?;
    let slot = Slot { purpose: CAPTURE, id: &id };
    provider.transient.put(slot, sealed.as_bytes(), until, now).await?;
    let attempt = interaction.seal(provider, now)?;
    let slot = Slot { purpose: ATTEMPT, id: &id };
    Ok(provider.transient.put(slot, attempt.as_bytes(), until, now).await?)
}

fn signed_request(
    provider: &Provider,
    matcher: &Matcher,
    bound: Bound,
    return_to: &str,
    now: Timestamp,
) -> Result<String, Fault> {
    let issuer = provider.settings.issuer.as_str();
    let request = CaptureRequest {
        iss: issuer.to_owned(),
        aud: matcher.id.clone(),
        iat: now.unix_seconds(),
        exp: now.plus(LIFE).unix_seconds(),
        return_to: format!("{issuer}{return_to}"),
        bound,
    };
    let ring = provider.keys.ring();
    let key_fault = |cause: &dyn std::fmt::Display| Fault::Key(cause.to_string());
    let key = ring.signer(SigningAlgorithm::Es256, now).map_err(|cause| key_fault(&cause))?;
    sign(&request, TokenType::MatchRequest, key).map_err(|cause| key_fault(&cause))
}

/// A statement came back, perhaps; nothing is known of who brought it, and nothing is checked yet. The
/// answer is the sealed attempt in which it is collected. `None`: nobody waits for it.
pub async fn returned(
    provider: &Provider,
    id: CaptureId,
    statement: &str,
    now: Timestamp,
) -> Result<Option<String>, Fault> {
    let text = id.to_string();
    let slot = Slot { purpose: CAPTURE, id: &text };
    let Some(read) = provider.transient.get(slot, now).await? else { return Ok(None) };
    let Some(capture) = opened(provider, &read, now) else { return Ok(None) };
    if statement.len() > LONGEST_STATEMENT {
        return Ok(None);
    }
    // The first one counts: a capture ends in one statement.
    if capture.statement.is_none() {
        let capture = Capture { statement: Some((statement.to_owned(), now)), ..capture };
        let sealed = sealed::seal(provider, &capture, now)?;
        let until = capture.expires_at();
        provider.transient.replace_if(slot, &read, sealed.as_bytes(), until, now).await?;
    }
    let slot = Slot { purpose: ATTEMPT, id: &text };
    let attempt = provider.transient.get(slot, now).await?;
    Ok(attempt.and_then(|sealed| String::from_utf8(sealed).ok()))
}

fn opened(provider: &Provider, read: &[u8], now: Timestamp) -> Option<Capture> {
    let sealed = std::str::from_utf8(read).ok()?;
    sealed::open::<Capture>(provider, sealed, now).filter(|capture| now < capture.expires_at())
}

/// Judges what came back, for the person whose session this is, in the browser that began.
pub async fn collect(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    id: CaptureId,
    occasion: Occasion<'_>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let attempt = Attempt::beside(live, occasion, now);
    take(provider, &attempt, check(provider, interaction, live, id, now)).await
}

async fn check(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    id: CaptureId,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let stale = || Stopped::Closed(LoginRefusal::Biometric(BiometricRefusal::Stale));
    let text = id.to_string();
    let slot = Slot { purpose: CAPTURE, id: &text };
    let read = provider.transient.get(slot, now).await?.ok_or_else(stale)?;
    let asked = Asked::during(interaction, Some(live.session.id))?;
    let capture = opened(provider, &read, now).filter(|capture| capture.asked == asked);
    let capture = capture.ok_or_else(stale)?;
    let (statement, at) = capture.statement.clone().ok_or_else(stale)?;
    let usable = |known: &&Enrolment| {
        known.authenticator.id == capture.authenticator && known.authenticator.usable(now)
    };
    let enrolment = live.enrolments.iter().find(usable).ok_or_else(stale)?;
    let came = Came { capture: &capture, statement: &statement, at };
    let checked = judge(provider, live, enrolment, &came, now).await;
    // However it ended: a statement is heard once. `ConsumeOnce` holds where this is lost.
    if !matches!(checked, Err(Stopped::Closed(_) | Stopped::Fault(_))) {
        provider.transient.remove(slot).await?;
    }
    let found = checked?;
    let digest = SecretDigest(sha256(&id.0));
    Ok(Checked {
        subject: live.subject.clone(),
        evidence: AuthenticationEvidence {
            at,
            device: Some(capture.device.device),
            biometric: Some(found),
            ..evidence_of(provider, enrolment, now)
        },
        consumed: Some(Consumed::once(digest)),
        effects: vec![Change::ConsumeOnce {
            purpose: PURPOSE,
            digest,
            expires_at: capture.began_at.plus(LIFE),
        }],
        enrolment: enrolment.clone(),
    })
}

/// A statement, unverified, and the capture it came for.
struct Came<'a> {
    capture: &'a Capture,
    statement: &'a str,
    at: Timestamp,
}

async fn judge(
    provider: &Provider,
    live: &LiveSession,
    enrolment: &Enrolment,
    came: &Came<'_>,
    now: Timestamp,
) -> Result<BiometricMatch, Stopped> {
    let refused = |reason, answer| {
        let answer = LoginRefusal::Biometric(answer);
        Stopped::from(Refused::new(Some(&live.subject), Some(enrolment), reason, answer))
    };
    let not_accepted =
        || refused(LoginRefusalReason::StatementRefused, BiometricRefusal::NotAccepted);
    let modality = came.capture.bound.modality;
    let (_, matcher) =
        matcher_of(provider, enrolment, modality, came.at).ok_or_else(not_accepted)?;
    let (statement, stated_at) = verified(provider, matcher, came).ok_or_else(not_accepted)?;
    let rule = &provider.policy(now)?.biometrics;
    let worth = verdict(&matcher.id, &statement, stated_at, rule);
    if worth == Verdict::NotCompared {
        return Err(refused(LoginRefusalReason::NotCompared, BiometricRefusal::NotCompared));
    }
    let key = ThrottleKey::Authenticator(enrolment.authenticator.id);
    gate_under(provider, &rule.attempts(modality.kind()), &key, Some(enrolment), now).await?;
    match worth {
        Verdict::Match(found) => Ok(*found),
        Verdict::NoMatch => Err(refused(LoginRefusalReason::NoMatch, BiometricRefusal::NoMatch)),
        Verdict::Attack => {
            Err(refused(LoginRefusalReason::PresentationAttack, BiometricRefusal::NoMatch))
        }
        Verdict::NotCompared => {
            Err(refused(LoginRefusalReason::NotCompared, BiometricRefusal::NotCompared))
        }
    }
}

/// The statement, if this matcher signed it about exactly what was asked, after it was asked.
fn verified(
    provider: &Provider,
    matcher: &Matcher,
    &Came { capture, statement, at }: &Came<'_>,
) -> Option<(MatchStatement, Timestamp)> {
    let expected = ExpectedStatement {
        typ: MATCH_STATEMENT_TYPE,
        issuer: &matcher.id,
        audience: provider.settings.issuer.as_str(),
        max_age: LIFE,
        now: at,
    };
    let verified = verify_statement::<MatchStatement>(statement, &expected, &matcher.keys)
        .inspect_err(|refusal| tracing::info!(%refusal, "statement of a matcher refused"))
        .ok()?;
    let about = verified.claims.bound == capture.bound;
    let afterwards = capture.began_at <= verified.issued_at.plus(CLOCK_SKEW);
    if !(about && afterwards) {
        tracing::info!(about, afterwards, "statement of a matcher is not about this");
        return None;
    }
    Some((verified.claims, verified.issued_at))
}

#[cfg(test)]
mod tests {
    use identity_core::evidence::{Intent, PhishingResistance, Presentation};
    use identity_core::{AuthenticatorKind, EvidenceId, SubjectId};
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn used(kind: AuthenticatorKind, device: u128, at: Timestamp) -> AuthenticationEvidence {
        AuthenticationEvidence {
            id: EvidenceId::from_uuid(Uuid::from_u128(1)),
            subject: SubjectId::from_uuid(Uuid::from_u128(2)),
            authenticator: AuthenticatorId::from_uuid(Uuid::from_u128(3)),
            kind,
            at,
            verified_by_device: None,
            intent: Intent::Shown,
            phishing: PhishingResistance::None,
            key: KeyProtection::Software,
            password_length: None,
            device: (device != 0).then(|| DeviceId::from_uuid(Uuid::from_u128(device))),
            transaction: None,
            biometric: None,
            presentation: Presentation::Direct,
            device_proof: None,
            chip: None,
            binding: None,
        }
    }

    #[test]
    fn the_device_at_hand_is_the_one_used_last_and_not_long_ago() {
        // L5
        let window = Duration::from_mins(2);
        let app = |device, seconds| {
            used(AuthenticatorKind::App, device, NOW.minus(Duration::from_secs(seconds)))
        };
        let found = |evidence: &[AuthenticationEvidence]| {
            device_at_hand(evidence, window, NOW).map(|found| found.device.uuid().as_u128())
        };
        assert_eq!(found(&[app(1, 120), app(2, 60)]), Some(2));
        assert_eq!(found(&[app(1, 120)]), Some(1));
        assert_eq!(found(&[app(1, 121)]), None);
        assert_eq!(found(&[used(AuthenticatorKind::Passkey, 0, NOW)]), None, "bound to no device");
        assert_eq!(found(&[used(AuthenticatorKind::Face, 1, NOW)]), None, "not a device itself");
        let keyless = AuthenticationEvidence { key: KeyProtection::NoKey, ..app(1, 0) };
        assert_eq!(found(&[keyless]), None);
    }
}
