//! Token families and consents.

use std::sync::Arc;

use identity_core::consent::Consent;
use identity_core::grant::{
    ActiveGrant, Generation, Grant, GrantTerms, RevocationReason, RevokedGrant,
};
use identity_core::{GrantId, Session, SubjectId};

use super::sample::{
    ENTROPY, NOW, client, create, grant, insert, lan, open, person, seconds, session, texts,
};
use super::{done, lost, winners};
use crate::{Change, Contest, GrantScope, Store};

/// A person with one open session.
async fn logged_in(store: &dyn Store) -> Session {
    let lan = lan();
    let session = session(lan.id);
    done(store, &[create(&lan), open(&session)]).await;
    session
}

fn rotate(grant: &ActiveGrant, from: u32, to: u32) -> Change {
    Change::RotateGrant {
        grant: grant.terms.grant,
        from: Generation(from),
        to: Generation(to),
        now: seconds(u64::from(to)),
    }
}

fn revoke(scope: GrantScope, reason: RevocationReason) -> Change {
    Change::RevokeGrants { scope, reason, now: seconds(7) }
}

async fn is_active(store: &dyn Store, id: GrantId) -> bool {
    matches!(store.grant(id).await.unwrap(), Some(Grant::Active(_)))
}

pub async fn a_grant_reads_back_as_it_was_written(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let grant = grant(&session, "portal", ["openid", "profile"]);
    assert_eq!(store.grant(grant.terms.grant).await.unwrap(), None);
    done(&*store, &[insert(&grant)]).await;
    assert_eq!(store.grant(grant.terms.grant).await.unwrap(), Some(Grant::Active(grant)));
}

pub async fn of_parallel_redemptions_of_one_code_one_wins(store: Arc<dyn Store>) {
    // RFC 6749 §4.1.2: a code is redeemed once.
    let session = logged_in(&*store).await;
    let grant = grant(&session, "portal", ["openid"]);
    let plans = (0..64).map(|_| vec![insert(&grant)]).collect();
    assert_eq!(winners(&store, plans, Contest::GrantExists).await, 1);

    let revoked = revoke(GrantScope::One(grant.terms.grant), RevocationReason::CodeReplayed);
    done(&*store, &[revoked]).await;
    lost(&*store, &[insert(&grant)], Contest::GrantExists).await;
}

pub async fn of_parallel_rotations_of_one_generation_one_wins(store: Arc<dyn Store>) {
    // BCP-11
    let session = logged_in(&*store).await;
    let grant = grant(&session, "portal", ["openid"]);
    done(&*store, &[insert(&grant)]).await;
    let plans = (0..64).map(|_| vec![rotate(&grant, 1, 2)]).collect();
    assert_eq!(winners(&store, plans, Contest::GenerationMoved).await, 1);

    lost(&*store, &[rotate(&grant, 1, 2)], Contest::GenerationMoved).await;
    lost(&*store, &[rotate(&grant, 3, 4)], Contest::GenerationMoved).await;
    let moved = ActiveGrant { generation: Generation(2), rotated_at: seconds(2), ..grant };
    assert_eq!(store.grant(moved.terms.grant).await.unwrap(), Some(Grant::Active(moved)));
}

pub async fn a_revoked_grant_never_rotates_and_keeps_its_first_reason(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let grant = grant(&session, "portal", ["openid"]);
    let scope = GrantScope::One(grant.terms.grant);
    done(&*store, &[insert(&grant)]).await;
    done(&*store, &[revoke(scope.clone(), RevocationReason::RefreshReplayed)]).await;
    lost(&*store, &[rotate(&grant, 1, 2)], Contest::GenerationMoved).await;

    let again = Change::RevokeGrants { scope, reason: RevocationReason::ByClient, now: seconds(8) };
    done(&*store, &[again]).await;
    let (id, reason) = (grant.terms.grant, RevocationReason::RefreshReplayed);
    let revoked = RevokedGrant { terms: grant.terms, reason, at: seconds(7) };
    assert_eq!(store.grant(id).await.unwrap(), Some(Grant::Revoked(revoked)));
}

pub async fn grants_are_revoked_in_scope_only(store: Arc<dyn Store>) {
    let (lan, binh) = (lan(), person("Trần Văn Bình", "001085009876", "0987654321"));
    let (here, there, other) = (session(lan.id), session(lan.id), session(binh.id));
    let online = grant(&here, "portal", ["openid"]);
    // Back-Channel Logout §2.7: offline access outlives the session.
    let offline = grant(&here, "portal", ["openid", "offline_access"]);
    let elsewhere = grant(&there, "tax", ["openid"]);
    let stranger = grant(&other, "portal", ["openid"]);
    let all = [&online, &offline, &elsewhere, &stranger];
    let mut plan = vec![create(&lan), create(&binh), open(&here), open(&there), open(&other)];
    plan.extend(all.into_iter().map(insert));
    done(&*store, &plan).await;
    let active = async || {
        let mut active = Vec::new();
        for grant in all {
            active.push(is_active(&*store, grant.terms.grant).await);
        }
        active
    };

    let reason = RevocationReason::SessionEnded;
    done(&*store, &[revoke(GrantScope::OnlineOfSession(here.id), reason)]).await;
    assert_eq!(active().await, [false, true, true, true]);
    let at_portal = GrantScope::OfSubjectAtClient { subject: lan.id, client: client("portal") };
    done(&*store, &[revoke(at_portal, RevocationReason::ConsentWithdrawn)]).await;
    assert_eq!(active().await, [false, false, true, true]);
    let of_lan = GrantScope::OfSubject(lan.id);
    done(&*store, &[revoke(of_lan, RevocationReason::AccountLocked)]).await;
    assert_eq!(active().await, [false, false, false, true]);
}

pub async fn grants_that_are_long_over_are_removed_step_by_step(store: Arc<dyn Store>) {
    // ATK-072: as long as a token of a family could come back, the family is there to meet it.
    let session = logged_in(&*store).await;
    let (online, offline) = (["openid", ""], ["openid", "offline_access"]);
    let made = |scopes: [&str; 2], at: u64| {
        let made = grant(&session, "portal", scopes);
        let terms = GrantTerms { grant: GrantId::generate(seconds(at), &ENTROPY), ..made.terms };
        ActiveGrant { terms, redeemed_at: seconds(at), ..made }
    };
    let end = |grant: &ActiveGrant, at| Change::RevokeGrants {
        scope: GrantScope::One(grant.terms.grant),
        reason: RevocationReason::ByClient,
        now: seconds(at),
    };
    let over = [made(online, 1), made(offline, 2), made(online, 3)];
    let kept = [made(offline, 1), made(offline, 2), made(online, 2), made(online, 50)];
    let mut plan: Vec<_> = over.iter().chain(&kept).map(insert).collect();
    // Revoked long ago, and revoked only now.
    plan.extend([end(&over[1], 10), end(&kept[1], 60), end(&kept[2], 60)]);
    done(&*store, &plan).await;

    let (mut after, mut removed, mut steps) = (None, 0, 0);
    loop {
        let step = store.remove_ended_grants(after, seconds(50), 2).await.unwrap();
        (removed, steps) = (removed + step.count, steps + 1);
        assert!(step.count <= 2);
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((removed, steps), (3, 4), "six are old enough to be looked at, two at a time");
    for grant in over {
        assert_eq!(store.grant(grant.terms.grant).await.unwrap(), None);
    }
    for grant in kept {
        assert!(store.grant(grant.terms.grant).await.unwrap().is_some());
    }
}

pub async fn logout_tells_each_client_of_the_session_once(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let (first, again) = (grant(&session, "tax", ["openid"]), grant(&session, "tax", ["openid"]));
    let portal = grant(&session, "portal", ["openid"]);
    done(&*store, &[insert(&first), insert(&again), insert(&portal)]).await;
    // A revoked grant was something all the same: its client may still show the person logged in.
    let revoked = revoke(GrantScope::One(portal.terms.grant), RevocationReason::ByClient);
    done(&*store, &[revoked]).await;

    let mut clients = store.clients_of_session(session.id).await.unwrap();
    clients.sort();
    assert_eq!(clients, [client("portal"), client("tax")]);
}

pub async fn consents_are_kept_per_person_and_client(store: Arc<dyn Store>) {
    let lan = lan();
    let given = Consent {
        subject: lan.id,
        client: client("portal"),
        scopes: texts(["openid", "profile"]),
        claims: texts(["name"]),
        declined: texts(["email"]),
        purpose: "Nộp hồ sơ trực tuyến".into(),
        given_at: NOW,
        withdrawn_at: None,
    };
    let at_tax = Consent { client: client("tax"), given_at: seconds(1), ..given.clone() };
    let save = |consent: &Consent| Change::SaveConsent(Box::new(consent.clone()));
    done(&*store, &[create(&lan), save(&given), save(&at_tax)]).await;
    assert_eq!(store.consent(lan.id, &given.client).await.unwrap(), Some(given.clone()));
    assert_eq!(store.consents_of(lan.id).await.unwrap(), [at_tax.clone(), given.clone()]);

    let withdraw = |at| {
        let (subject, client) = (lan.id, given.client.clone());
        [Change::WithdrawConsent { subject, client, now: seconds(at) }]
    };
    done(&*store, &withdraw(2)).await;
    done(&*store, &withdraw(3)).await;
    let withdrawn = Consent { withdrawn_at: Some(seconds(2)), ..given.clone() };
    assert_eq!(store.consent(lan.id, &given.client).await.unwrap(), Some(withdrawn));
    assert_eq!(store.consent(lan.id, &at_tax.client).await.unwrap(), Some(at_tax));

    let anew = Consent { scopes: texts(["openid"]), given_at: seconds(4), ..given };
    done(&*store, &[save(&anew)]).await;
    assert_eq!(store.consent(lan.id, &anew.client).await.unwrap(), Some(anew));
    assert!(store.consents_of(SubjectId::random(&ENTROPY)).await.unwrap().is_empty());
}
