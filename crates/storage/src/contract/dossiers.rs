//! What is read in one journey is what its parts would say one by one.

use std::sync::Arc;

use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::{ClientId, EventKind, Session, SubjectId};

use super::sample::{
    NOW, append, bind, client, create, event, grant, handle, insert, lan, open, password, person,
    session, texts, totp,
};
use super::{done, lost, winners};
use crate::record::{Dossier, DossierOf};
use crate::{Change, Contest, Enrolment, Store};

fn consent(subject: SubjectId, at: &ClientId) -> Consent {
    Consent {
        subject,
        client: at.clone(),
        scopes: texts(["openid"]),
        claims: texts(["name"]),
        declined: texts([]),
        purpose: "Nộp hồ sơ".to_owned(),
        given_at: NOW,
        withdrawn_at: None,
    }
}

/// Somebody with two ways to log in, a session, a consent and a grant; and a neighbour with as much.
async fn settled(store: &dyn Store) -> (Session, ClientId) {
    let portal = client("portal");
    let (lan, neighbour) = (lan(), person("Trần Văn An", "001090000001", "0901000001"));
    let (session_of_lan, next_door) = (session(lan.id), session(neighbour.id));
    for (session, person) in [(&session_of_lan, &lan), (&next_door, &neighbour)] {
        let plan = [
            create(person),
            bind(&password(person.id, "$argon2id$lan")),
            bind(&totp(person.id, b"twenty bytes of a key")),
            open(session),
            Change::SaveConsent(Box::new(consent(person.id, &portal))),
            insert(&grant(session, "portal", ["openid"])),
        ];
        done(store, &plan).await;
    }
    (session_of_lan, portal)
}

fn authenticators(enrolments: &[Enrolment]) -> Vec<identity_core::Authenticator> {
    enrolments.iter().map(|enrolment| enrolment.authenticator.clone()).collect()
}

async fn says_what_its_parts_say(store: &dyn Store, dossier: &Dossier, session: &Session) {
    let subject = store.subject(session.subject).await.unwrap().unwrap();
    assert_eq!(dossier.subject.subject, subject.subject);
    assert_eq!(dossier.subject.version, subject.version);
    let enrolments = store.enrolments(session.subject).await.unwrap();
    assert_eq!(enrolments.len(), 2);
    assert_eq!(authenticators(&dossier.enrolments), authenticators(&enrolments));
    assert_eq!(dossier.session, store.session(session.id).await.unwrap());
    let portal = client("portal");
    assert_eq!(dossier.consent, store.consent(session.subject, &portal).await.unwrap());
    assert!(dossier.consent.is_some());
}

pub async fn a_dossier_holds_what_its_parts_would_say(store: Arc<dyn Store>) {
    let (session, portal) = settled(&*store).await;
    let grant = grant(&session, "portal", ["openid", "profile"]);
    done(&*store, &[insert(&grant)]).await;
    let of = DossierOf {
        subject: session.subject,
        session: Some(session.id),
        client: Some(&portal),
        grant: Some(grant.terms.grant),
    };
    let dossier = store.dossier(&of).await.unwrap().unwrap();
    says_what_its_parts_say(&*store, &dossier, &session).await;
    assert_eq!(dossier.grant, Some(Grant::Active(grant)));

    let alone = DossierOf { subject: of.subject, session: None, client: None, grant: None };
    let alone = store.dossier(&alone).await.unwrap().unwrap();
    assert_eq!((alone.session, alone.consent, alone.grant), (None, None, None));
    assert_eq!(alone.enrolments.len(), 2);

    let stranger = DossierOf { subject: lan().id, ..of };
    assert!(store.dossier(&stranger).await.unwrap().is_none());
}

pub async fn a_dossier_of_a_handle_is_that_of_its_session(store: Arc<dyn Store>) {
    let (session, portal) = settled(&*store).await;
    let found = store.dossier_by_handle(&session.handle, Some(&portal)).await.unwrap().unwrap();
    says_what_its_parts_say(&*store, &found, &session).await;
    assert_eq!(found.session.as_ref(), Some(&session));
    let found = store.dossier_by_handle(&session.handle, None).await.unwrap().unwrap();
    assert_eq!(found.consent, None);
    assert!(store.dossier_by_handle(&handle(), Some(&portal)).await.unwrap().is_none());
}

/// The shape of the plan of every login by single sign-on.
pub async fn a_code_redeemed_with_its_event_is_redeemed_once(store: Arc<dyn Store>) {
    // RFC 6749 §4.1.2; ATK-001
    let (session, _) = settled(&*store).await;
    let grant = grant(&session, "portal", ["openid", "profile"]);
    let issued = || {
        let kind = EventKind::GrantRefreshed { grant: grant.terms.grant };
        append(&event(kind, NOW).about(session.subject))
    };
    let plans = (0..32).map(|_| vec![insert(&grant), issued()]).collect();
    assert_eq!(winners(&store, plans, Contest::GrantExists).await, 1);
    lost(&*store, &[insert(&grant), issued()], Contest::GrantExists).await;
    let found = store.grant(grant.terms.grant).await.unwrap();
    assert_eq!(found, Some(Grant::Active(grant.clone())));
    let events = store.history_of(session.subject, None, 100).await.unwrap();
    let about_it =
        |kind: &EventKind| *kind == EventKind::GrantRefreshed { grant: grant.terms.grant };
    assert_eq!(events.iter().filter(|row| about_it(&row.event().kind)).count(), 1);
}
