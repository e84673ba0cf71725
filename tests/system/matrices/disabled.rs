//! Every thing that can be switched off × everything it was good for (ATK-139, scorecard 11).

use std::time::Duration;

use flows::admin::{lock_citizen, record_death, register_client, set_client_status};
use identity_core::account::{Lock, LockReason, LockedBy};
use identity_core::authenticator::{AuthenticatorKind, AuthenticatorStatus};
use identity_core::key::KeyPurpose;
use identity_core::relying_party::{ConsentRule, RelyingPartyStatus};
use identity_core::{EventKind, RelyingParty, SecurityEvent};
use storage::Change;
use testkit::{Browser, Citizen, Client, Server, Tokens};

use super::{OFFLINE, next_code};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Disabled {
    Nothing,
    PersonLocked,
    PersonDead,
    ClientSuspended,
    AgreementEnded,
    SessionEnded,
    ConsentWithdrawn,
    GrantRevoked,
    SealingKeyCompromised,
    SigningKeyCompromised,
    PasswordRemoved,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Use {
    /// A code of the same session, not redeemed yet.
    Code,
    /// A refresh token that may outlive the session.
    Refresh,
    Userinfo,
    Introspection,
    /// An access token that ends with its session.
    OnlineIntrospection,
    SilentAuthorization,
}

const EVERY: [Disabled; 11] = [
    Disabled::Nothing,
    Disabled::PersonLocked,
    Disabled::PersonDead,
    Disabled::ClientSuspended,
    Disabled::AgreementEnded,
    Disabled::SessionEnded,
    Disabled::ConsentWithdrawn,
    Disabled::GrantRevoked,
    Disabled::SealingKeyCompromised,
    Disabled::SigningKeyCompromised,
    Disabled::PasswordRemoved,
];

const USES: [Use; 6] = [
    Use::Code,
    Use::Refresh,
    Use::Userinfo,
    Use::Introspection,
    Use::OnlineIntrospection,
    Use::SilentAuthorization,
];

/// What is *not* taken along when something is switched off; everything else must be.
fn survives(disabled: Disabled, purpose: Use) -> bool {
    match (disabled, purpose) {
        // Nothing in this matrix but ID tokens is signed.
        (Disabled::Nothing | Disabled::SigningKeyCompromised, _)
        // `offline_access` is the permission to outlive the session.
        | (Disabled::SessionEnded, Use::Refresh | Use::Userinfo | Use::Introspection)
        // Revoking one family says nothing about others of the same person.
        | (
            Disabled::GrantRevoked,
            Use::Code | Use::OnlineIntrospection | Use::SilentAuthorization,
        )
        // Sessions are not sealed.
        | (Disabled::SealingKeyCompromised, Use::SilentAuthorization) => true,
        _ => false,
    }
}

/// A person with everything a relying party can get.
struct World {
    server: Server,
    citizen: Citizen,
    client: Client,
    browser: Browser,
    offline: Tokens,
    online: Tokens,
    code: String,
}

#[tokio::test]
async fn what_is_switched_off_is_good_for_nothing_any_more() {
    // ATK-139, ATK-131, scorecard 11
    let mut wrong = Vec::new();
    for disabled in EVERY {
        let mut world = World::new().await;
        world.disable(disabled).await;
        for purpose in USES {
            let worked = world.works(purpose).await;
            if worked != survives(disabled, purpose) {
                wrong.push(format!("{disabled:?} × {purpose:?}: worked = {worked}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_was_switched_off_and_on_again_does_not_bring_old_tokens_back() {
    // A token that was taken back never comes to life again.
    let mut world = World::new().await;
    world.disable(Disabled::ClientSuspended).await;
    world.server.clock.advance(Duration::from_secs(1));
    let (provider, now) = (&world.server.provider, world.server.now());
    let id = &world.client.party.client_id;
    set_client_status(provider, id, RelyingPartyStatus::Active, now).await.unwrap();
    assert!(!world.works(Use::Introspection).await);
    assert!(!world.works(Use::Userinfo).await);
    assert!(world.works(Use::SilentAuthorization).await, "but it may begin anew");
}

#[tokio::test]
async fn a_compromised_signing_key_leaves_the_key_set_at_once() {
    // ATK-131
    let mut world = World::new().await;
    let hint = world.online.id_token().to_owned();
    let asks = [("id_token_hint", hint.as_str()), ("prompt", "none")];
    let page = world.browser.visit(&world.client.authorize(&asks)).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    world.disable(Disabled::SigningKeyCompromised).await;
    let kid = testkit::jwt::header_of(&hint)["kid"].as_str().unwrap().to_owned();
    let published = world.server.get_json("/jwks").await;
    let keys = published["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key["kid"] != kid.as_str()), "{published}");
    let page = world.browser.visit(&world.client.authorize(&asks)).await;
    assert!(page.redirected("code").is_none(), "what it signed is a hint no more");
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().create().await;
        let client = server.client("portal").asks_consent().create().await;
        let mut browser = server.browser();
        let page = browser.log_in(&server, &client.authorize(&OFFLINE), &citizen).await;
        let page = browser.press(&page, "approve", &[]).await;
        let offline = client.redeem(&server, &page.redirected("code").expect("a code")).await;
        assert_eq!(offline.status, 200, "{offline:?}");
        let code = next_code(&mut browser, &client, &[]).await;
        let online = client.redeem(&server, &code).await;
        let code = next_code(&mut browser, &client, &[]).await;
        Self { server, citizen, client, browser, offline, online, code }
    }

    async fn disable(&mut self, what: Disabled) {
        let (provider, now) = (&self.server.provider, self.server.now());
        let (subject, id) = (self.citizen.id, &self.client.party.client_id);
        match what {
            Disabled::Nothing => {}
            Disabled::PersonLocked => {
                let reason = LockReason::AuthorityRequest;
                let lock = Lock { reason, by: LockedBy::Operator, since: now };
                lock_citizen(provider, subject, lock, now).await.unwrap();
            }
            Disabled::PersonDead => {
                record_death(provider, subject, "registry".to_owned(), now).await.unwrap();
            }
            Disabled::ClientSuspended => {
                let reason = "breach".to_owned();
                let suspended = RelyingPartyStatus::Suspended { since: now, reason };
                set_client_status(provider, id, suspended, now).await.unwrap();
            }
            Disabled::AgreementEnded => self.end_agreement().await,
            Disabled::SessionEnded => {
                let page = self.browser.visit("/logout").await;
                self.browser.press(&page, "logout-yes", &[]).await;
            }
            Disabled::ConsentWithdrawn => {
                let path = "/home/consents";
                let page = self.browser.log_in(&self.server, path, &self.citizen).await;
                let (_, after) = page.body.split_once("id=\"withdraw-").expect("a consent");
                let button = format!("withdraw-{}", after.split('"').next().unwrap());
                let page = self.browser.press(&page, &button, &[]).await;
                assert_eq!(page.status, 200, "{}", page.describe());
            }
            Disabled::GrantRevoked => {
                let token = self.offline.refresh_token().to_owned();
                let answer = self.client.post(&self.server, "/revoke", &[("token", &token)]).await;
                assert_eq!(answer.status, 200);
            }
            Disabled::SealingKeyCompromised => self.compromise(KeyPurpose::Seal).await,
            Disabled::SigningKeyCompromised => self.compromise(KeyPurpose::SignEs256).await,
            Disabled::PasswordRemoved => self.remove_password().await,
        }
    }

    /// The agreement's last day was yesterday.
    async fn end_agreement(&self) {
        let mut party: RelyingParty = self.client.party.clone();
        party.agreement.ends_on = Some("2026-11-22".parse().unwrap());
        register_client(&self.server.provider, party, self.server.now()).await.unwrap();
    }

    async fn compromise(&self, purpose: KeyPurpose) {
        let (server, now) = (&self.server, self.server.now());
        let records = server.keeper().records().await.unwrap();
        for key in records.iter().filter(|key| key.purpose == purpose) {
            server.keeper().compromise(&server.provider, &key.kid, now).await.unwrap();
        }
    }

    /// As an operator's console will do it: status and event in one plan.
    async fn remove_password(&self) {
        let (provider, now) = (&self.server.provider, self.server.now());
        let enrolments = provider.store.enrolments(self.citizen.id).await.unwrap();
        let password = enrolments
            .into_iter()
            .map(|enrolment| enrolment.authenticator)
            .find(|authenticator| authenticator.kind == AuthenticatorKind::Password)
            .unwrap();
        let (authenticator, kind) = (password.id, password.kind);
        let event = EventKind::AuthenticatorRemoved { authenticator, kind };
        let event = SecurityEvent::new(event, now, provider.entropy.as_ref());
        let plan = [
            Change::SetAuthenticatorStatus {
                authenticator,
                status: AuthenticatorStatus::Removed { since: now },
            },
            Change::Append(Box::new(event.about(self.citizen.id))),
        ];
        provider.commit_uncontested(&plan, now).await.unwrap();
    }

    async fn works(&mut self, purpose: Use) -> bool {
        let (server, client) = (&self.server, &self.client);
        match purpose {
            Use::Code => client.redeem(server, &self.code).await.status == 200,
            Use::Refresh => {
                client.refresh(server, self.offline.refresh_token()).await.status == 200
            }
            Use::Userinfo => {
                server.userinfo_response(self.offline.access_token()).await.status() == 200
            }
            Use::Introspection => {
                client.introspect(server, self.offline.access_token()).await["active"] == true
            }
            Use::OnlineIntrospection => {
                client.introspect(server, self.online.access_token()).await["active"] == true
            }
            Use::SilentAuthorization => {
                let page = self.browser.visit(&client.authorize(&[("prompt", "none")])).await;
                page.redirected("code").is_some()
            }
        }
    }
}

#[tokio::test]
async fn a_guardian_who_is_needed_is_needed_for_everything() {
    // A person who is not of age was of age when the tokens were made: the registry corrects itself.
    let mut world = World::new().await;
    let provider = &world.server.provider;
    let found = provider.store.subject(world.citizen.id).await.unwrap().unwrap();
    let mut subject = found.subject;
    subject.profile.birth_date = "2013-05-17".parse().unwrap();
    let plan = [Change::ReplaceSubject { subject: Box::new(subject), version: found.version }];
    provider.commit_uncontested(&plan, world.server.now()).await.unwrap();
    for purpose in [Use::Code, Use::Refresh, Use::SilentAuthorization] {
        assert!(!world.works(purpose).await, "{purpose:?}");
    }
    assert_eq!(world.client.party.consent, ConsentRule::AskCitizen);
}
