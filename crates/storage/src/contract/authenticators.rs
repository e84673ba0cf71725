//! Secrets, single-use steps and failures.

use std::sync::Arc;

use identity_core::authenticator::{AttemptGate, AuthenticatorStatus, FailureCount};
use identity_core::id::DeviceId;
use identity_core::secret::{SecretBytes, SecretDigest};
use identity_core::{AuthenticatorId, AuthenticatorKind, LoginName, SubjectId};

use super::sample::{ENTROPY, NOW, authenticator, bind, create, lan, password, seconds, totp};
use super::{done, lost, winners};
use crate::{
    AppDevice, Change, Contest, Credential, Enrolment, Label, PasskeyCredential, Replacement,
    Store, ThrottleKey,
};

/// A person with one TOTP authenticator.
async fn enrolled(store: &dyn Store) -> Enrolment {
    let lan = lan();
    let enrolment = totp(lan.id, b"12345678901234567890");
    done(store, &[create(&lan), bind(&enrolment)]).await;
    enrolment
}

async fn only(store: &dyn Store, subject: SubjectId) -> Enrolment {
    let mut enrolments = store.enrolments(subject).await.unwrap();
    assert_eq!(enrolments.len(), 1);
    enrolments.remove(0)
}

/// Everything of a credential, for comparing.
fn secret(enrolment: &Enrolment) -> Vec<u8> {
    enrolment.credential.to_plaintext(enrolment.label.as_ref()).unwrap()
}

pub async fn enrolments_read_back_with_their_secrets(store: Arc<dyn Store>) {
    let lan = lan();
    let first = password(lan.id, "$argon2id$v=19$…");
    let mut second = totp(lan.id, &[0, 255, 7]);
    second.authenticator.bound_at = seconds(1);
    second.last_step = Some(59_666_666);
    second.failures = FailureCount { consecutive: 3, last_at: Some(seconds(2)) };
    done(&*store, &[create(&lan), bind(&second), bind(&first)]).await;

    let stored = store.enrolments(lan.id).await.unwrap();
    assert_eq!(stored.len(), 2);
    for (stored, written) in stored.iter().zip([&first, &second]) {
        assert_eq!(stored.authenticator, written.authenticator);
        assert_eq!(secret(stored), secret(written));
        assert_eq!(stored.version, 0);
        assert_eq!(stored.last_step, written.last_step);
        assert_eq!(stored.failures, written.failures);
    }
    assert!(store.enrolments(SubjectId::random(&ENTROPY)).await.unwrap().is_empty());
}

pub async fn every_status_reads_back_and_removed_ones_are_gone(store: Arc<dyn Store>) {
    let enrolment = enrolled(&*store).await;
    let (id, subject) = (enrolment.authenticator.id, enrolment.authenticator.subject);
    for status in [
        AuthenticatorStatus::Pending,
        AuthenticatorStatus::Suspended { since: NOW },
        AuthenticatorStatus::Disabled { since: seconds(5) },
        AuthenticatorStatus::Active,
    ] {
        done(&*store, &[Change::SetAuthenticatorStatus { authenticator: id, status }]).await;
        assert_eq!(only(&*store, subject).await.authenticator.status, status);
    }
    let status = AuthenticatorStatus::Removed { since: seconds(9) };
    done(&*store, &[Change::SetAuthenticatorStatus { authenticator: id, status }]).await;
    assert!(store.enrolments(subject).await.unwrap().is_empty());
}

pub async fn a_replaced_credential_is_the_only_one(store: Arc<dyn Store>) {
    let lan = lan();
    let enrolment = password(lan.id, "old");
    done(&*store, &[create(&lan), bind(&enrolment)]).await;
    let change = Change::ReplaceCredential {
        authenticator: enrolment.authenticator.id,
        version: 0,
        next: Replacement {
            credential: Credential::Password(SecretBytes::new(b"new".to_vec())),
            label: None,
            password_length: Some(21),
        },
    };
    done(&*store, &[change]).await;

    let stored = only(&*store, lan.id).await;
    assert_eq!(secret(&stored), b"pnew");
    assert_eq!(stored.version, 1);
    assert_eq!(stored.authenticator.password_length, Some(21));
}

pub async fn every_credential_reads_back_with_its_label(store: Arc<dyn Store>) {
    let lan = lan();
    let passkey = Credential::Passkey(Box::new(PasskeyCredential {
        credential_id: vec![0, 255, 7],
        public: "{\"counter\":0}".to_owned(),
        aaguid: [3; 16],
        backup_eligible: true,
        backed_up: false,
        user_handle: Some(lan.id.uuid().as_bytes().to_vec()),
        attested: false,
    }));
    let device = Credential::AppDevice(Box::new(AppDevice {
        device: DeviceId::generate(NOW, &ENTROPY),
        public_key: vec![4; 65],
        attestation: Some("statement".to_owned()),
    }));
    let face = Credential::Biometric { reference: "matcher-1/42".to_owned() };
    let codes = Credential::RecoveryCodes(vec![SecretDigest([1; 32]), SecretDigest([2; 32])]);
    let password = Credential::Password(SecretBytes::new(b"$argon2id$".to_vec()));
    let written = [
        (AuthenticatorKind::Password, password),
        (AuthenticatorKind::Totp, Credential::Totp(SecretBytes::new(vec![0, 255]))),
        (AuthenticatorKind::Passkey, passkey),
        (AuthenticatorKind::RecoveryCode, codes),
        (AuthenticatorKind::App, device),
        (AuthenticatorKind::SmsCode, Credential::MessageCode),
        (AuthenticatorKind::Face, face),
    ]
    .map(|(kind, credential)| Enrolment {
        label: Label::parse("Điện thoại của Lan"),
        ..Enrolment::new(authenticator(lan.id, kind), credential)
    });
    done(&*store, &[create(&lan)]).await;
    for enrolment in &written {
        done(&*store, &[bind(enrolment)]).await;
    }
    let stored = store.enrolments(lan.id).await.unwrap();
    assert_eq!(stored.len(), written.len());
    for written in &written {
        let same = |stored: &&Enrolment| stored.authenticator == written.authenticator;
        let stored = stored.iter().find(same).unwrap();
        assert_eq!(stored.label, written.label);
        assert_eq!(secret(stored), secret(written));
    }
}

/// Uses up one of two codes, as it was seen at `version`.
fn use_code(authenticator: AuthenticatorId, version: u64, left: u8) -> Change {
    let left = Credential::RecoveryCodes(vec![SecretDigest([left; 32])]);
    let next = Replacement { credential: left, label: None, password_length: None };
    Change::ReplaceCredential { authenticator, version, next }
}

async fn with_codes(store: &dyn Store) -> Enrolment {
    let lan = lan();
    let codes = Credential::RecoveryCodes(vec![SecretDigest([1; 32]), SecretDigest([2; 32])]);
    let enrolment = Enrolment::new(authenticator(lan.id, AuthenticatorKind::RecoveryCode), codes);
    done(store, &[create(&lan), bind(&enrolment)]).await;
    enrolment
}

pub async fn only_the_current_version_of_a_credential_can_be_replaced(store: Arc<dyn Store>) {
    let authenticator = with_codes(&*store).await.authenticator.id;
    lost(&*store, &[use_code(authenticator, 1, 1)], Contest::AuthenticatorMoved).await;
    done(&*store, &[use_code(authenticator, 0, 1)]).await;
    lost(&*store, &[use_code(authenticator, 0, 2)], Contest::AuthenticatorMoved).await;
    // A status is part of what was seen: what was suspended meanwhile is not used up any more.
    let status = AuthenticatorStatus::Suspended { since: NOW };
    done(&*store, &[Change::SetAuthenticatorStatus { authenticator, status }]).await;
    lost(&*store, &[use_code(authenticator, 1, 2)], Contest::AuthenticatorMoved).await;
    let nobodys = AuthenticatorId::generate(NOW, &ENTROPY);
    lost(&*store, &[use_code(nobodys, 0, 1)], Contest::AuthenticatorMoved).await;
}

pub async fn of_parallel_uses_of_one_recovery_code_one_wins(store: Arc<dyn Store>) {
    let authenticator = with_codes(&*store).await.authenticator.id;
    let plans = (0..64).map(|_| vec![use_code(authenticator, 0, 1)]).collect();
    assert_eq!(winners(&store, plans, Contest::AuthenticatorMoved).await, 1);
}

fn consume(purpose: &'static str, byte: u8) -> [Change; 1] {
    let digest = SecretDigest([byte; 32]);
    [Change::ConsumeOnce { purpose, digest, expires_at: seconds(300) }]
}

pub async fn what_counts_once_is_consumed_once_per_purpose(store: Arc<dyn Store>) {
    done(&*store, &consume("passkey", 1)).await;
    lost(&*store, &consume("passkey", 1), Contest::AlreadyConsumed).await;
    done(&*store, &consume("passkey", 2)).await;
    done(&*store, &consume("message code", 1)).await;
    // Whoever says another expiry means the same thing.
    let digest = SecretDigest([1; 32]);
    let later =
        Change::ConsumeOnce { purpose: "passkey", digest, expires_at: seconds(30 * 60 * 60) };
    lost(&*store, &[later], Contest::AlreadyConsumed).await;
}

pub async fn of_parallel_consumptions_one_wins(store: Arc<dyn Store>) {
    let plans = (0..64).map(|_| consume("passkey", 1).to_vec()).collect();
    assert_eq!(winners(&store, plans, Contest::AlreadyConsumed).await, 1);
}

pub async fn a_totp_step_is_accepted_once_and_never_an_earlier_one(store: Arc<dyn Store>) {
    // ATK-103, RFC 6238 §5.2
    let enrolment = enrolled(&*store).await;
    let authenticator = enrolment.authenticator.id;
    let consume = |step| [Change::ConsumeTotpStep { authenticator, step }];
    done(&*store, &consume(100)).await;
    lost(&*store, &consume(100), Contest::StepUsed).await;
    lost(&*store, &consume(99), Contest::StepUsed).await;
    done(&*store, &consume(101)).await;
    assert_eq!(only(&*store, enrolment.authenticator.subject).await.last_step, Some(101));
}

pub async fn of_parallel_uses_of_one_totp_step_one_wins(store: Arc<dyn Store>) {
    // ATK-103
    let authenticator = enrolled(&*store).await.authenticator.id;
    let plans =
        (0..64).map(|_| vec![Change::ConsumeTotpStep { authenticator, step: 100 }]).collect();
    assert_eq!(winners(&store, plans, Contest::StepUsed).await, 1);
}

pub async fn parallel_guesses_cannot_share_a_free_one(store: Arc<dyn Store>) {
    // ATK-099
    let enrolment = enrolled(&*store).await;
    let key = ThrottleKey::Authenticator(enrolment.authenticator.id);
    assert_eq!(opened(&store, &key, 50).await, 5);
    let stored = only(&*store, enrolment.authenticator.subject).await;
    assert_eq!(stored.failures, FailureCount { consecutive: 5, last_at: Some(NOW) });

    assert_eq!(store.reserve_attempt(&key, seconds(30)).await.unwrap(), AttemptGate::Open);
    let AttemptGate::Wait(delay) = store.reserve_attempt(&key, seconds(30)).await.unwrap() else {
        unreachable!("the sixth failure must make the seventh attempt wait");
    };
    assert_eq!(delay.as_secs(), 60);

    done(&*store, &[Change::ResetFailures(key.clone())]).await;
    assert_eq!(store.reserve_attempt(&key, seconds(30)).await.unwrap(), AttemptGate::Open);
}

pub async fn names_nobody_bears_are_throttled_like_real_ones(store: Arc<dyn Store>) {
    // ATK-098, ATK-099
    let unknown = |typed| ThrottleKey::UnknownName(LoginName::parse(typed).unwrap());
    let key = unknown("001199000001");
    assert_eq!(opened(&store, &key, 50).await, 5);
    let other = unknown("001199000002");
    assert_eq!(store.reserve_attempt(&other, NOW).await.unwrap(), AttemptGate::Open);

    done(&*store, &[Change::ResetFailures(key.clone())]).await;
    assert_eq!(store.reserve_attempt(&key, NOW).await.unwrap(), AttemptGate::Open);
}

pub async fn nothing_opens_what_does_not_exist(store: Arc<dyn Store>) {
    let authenticator = AuthenticatorId::generate(NOW, &ENTROPY);
    let key = ThrottleKey::Authenticator(authenticator);
    assert_eq!(store.reserve_attempt(&key, NOW).await.unwrap(), AttemptGate::Exhausted);
    lost(&*store, &[Change::ConsumeTotpStep { authenticator, step: 1 }], Contest::StepUsed).await;
    let status = AuthenticatorStatus::Active;
    assert!(
        store.commit(&[Change::SetAuthenticatorStatus { authenticator, status }]).await.is_err()
    );
}

/// How many of `count` simultaneous attempts were let through.
async fn opened(store: &Arc<dyn Store>, key: &ThrottleKey, count: usize) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (store, key) = (Arc::clone(store), key.clone());
        tasks.spawn(async move { store.reserve_attempt(&key, NOW).await.unwrap() });
    }
    let gates = tasks.join_all().await;
    gates.iter().filter(|gate| **gate == AttemptGate::Open).count()
}
