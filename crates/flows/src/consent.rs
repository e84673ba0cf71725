//! Whether the person agreed to what is asked, and recording it when they do.

use std::collections::BTreeSet;

use identity_core::consent::Consent;
use identity_core::relying_party::ConsentRule;
use identity_core::{EventKind, RelyingParty, SecurityEvent, Timestamp};
use node::measure::Step;
use protocol::authorize::Prompt;
use storage::{Change, GrantScope};

use crate::claims::Asked;
use crate::interaction::Interaction;
use crate::provider::Provider;
use crate::refusal::{Fault, PageError, PageRefusal};
use crate::session::LiveSession;

/// The claims that may be released.
pub struct Agreed {
    pub claims: BTreeSet<String>,
}

/// `None`: the person must be asked first.
pub async fn agreed(
    provider: &Provider,
    interaction: &Interaction,
    party: &RelyingParty,
    live: &LiveSession,
    asked: &Asked,
) -> Result<Option<Agreed>, Fault> {
    if party.consent == ConsentRule::OrderedByLaw {
        return Ok(Some(Agreed { claims: asked.claims() }));
    }
    let remembered = live.remembered.as_ref().filter(|known| known.client == party.client_id);
    let consent = match remembered {
        Some(known) => known.consent.clone(),
        None => provider.store.consent(live.subject.id, &party.client_id).await?,
    };
    let Some(consent) = consent else { return Ok(None) };
    let again = interaction
        .request()
        .is_some_and(|checked| checked.request.prompt.contains(Prompt::Consent));
    let given_here = consent.given_at >= interaction.started_at;
    // A no to a wish is an answer; to something now essential it is not, so that is asked again.
    let essential = question(asked).essential.is_subset(&consent.claims);
    let answered = essential && consent.covers(&asked.scopes, &asked.claims());
    if (again && !given_here) || !answered {
        return Ok(None);
    }
    Ok(Some(Agreed { claims: consent.claims }))
}

/// What the consent page shows.
pub struct Question {
    pub essential: BTreeSet<String>,
    pub voluntary: BTreeSet<String>,
    /// The relying party may act while the person is away (`offline_access`).
    pub while_away: bool,
}

pub fn question(asked: &Asked) -> Question {
    Question {
        essential: asked.claims().difference(&asked.voluntary).cloned().collect(),
        voluntary: asked.voluntary.clone(),
        while_away: asked.scopes.contains("offline_access"),
    }
}

/// Records agreement to everything essential and to the ticked voluntary claims. What is recorded is
/// what was asked in this very interaction: another tab's request is not agreed to (ATK-092). A claim
/// that was agreed to before and is left out now is withdrawn, with the tokens that carry it.
pub async fn approve(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    ticked: &BTreeSet<String>,
    purpose_shown: &str,
    now: Timestamp,
) -> Result<(), PageError> {
    let checked = interaction.request().ok_or(PageRefusal::NotFound)?;
    let party = provider.registry.get(&checked.client).ok_or(PageRefusal::UnknownClient)?;
    let asked = Asked::by(&checked.request, &party);
    let Question { essential, voluntary, .. } = question(&asked);
    let declined: BTreeSet<String> = voluntary.difference(ticked).cloned().collect();
    let claims = essential.into_iter().chain(voluntary.intersection(ticked).cloned()).collect();
    let given = Consent {
        subject: live.subject.id,
        client: party.client_id.clone(),
        scopes: asked.scopes,
        claims,
        declined,
        purpose: purpose_shown.to_owned(),
        given_at: now,
        withdrawn_at: None,
    };
    let earlier = provider.store.consent(live.subject.id, &party.client_id).await?;
    let narrowed = earlier.as_ref().is_some_and(|earlier| {
        earlier.withdrawn_at.is_none() && !earlier.claims.is_disjoint(&given.declined)
    });
    let mut plan = Vec::new();
    if narrowed {
        plan.extend(taken_back(provider, live, &party.client_id, now));
    }
    let consent = match earlier {
        Some(earlier) => earlier.extended_by(given),
        None => given,
    };
    let kind =
        EventKind::ConsentGiven { scopes: consent.scopes.clone(), claims: consent.claims.clone() };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(live.subject.id)
        .at_client(&party.client_id);
    plan.extend([Change::SaveConsent(Box::new(consent)), Change::Append(Box::new(event))]);
    let recorded = provider.commit_uncontested(&plan, now).await.map_err(PageError::from);
    provider.count(Step::Consent, &recorded, Some(&party.client_id));
    recorded
}

/// Takes a consent back: its grants end, its tokens die (PDPL art. 9: at any time).
pub async fn withdraw(
    provider: &Provider,
    live: &LiveSession,
    client: &identity_core::ClientId,
    now: Timestamp,
) -> Result<(), Fault> {
    let subject = live.subject.id;
    let mut plan = vec![Change::WithdrawConsent { subject, client: client.clone(), now }];
    plan.extend(taken_back(provider, live, client, now));
    provider.commit_uncontested(&plan, now).await
}

/// What rests on an agreement that no longer holds, in part or as a whole.
fn taken_back(
    provider: &Provider,
    live: &LiveSession,
    client: &identity_core::ClientId,
    now: Timestamp,
) -> [Change; 2] {
    let subject = live.subject.id;
    let event = SecurityEvent::new(EventKind::ConsentWithdrawn, now, provider.entropy.as_ref())
        .about(subject)
        .at_client(client);
    [
        Change::RevokeGrants {
            scope: GrantScope::OfSubjectAtClient { subject, client: client.clone() },
            reason: identity_core::grant::RevocationReason::ConsentWithdrawn,
            now,
        },
        Change::Append(Box::new(event)),
    ]
}
