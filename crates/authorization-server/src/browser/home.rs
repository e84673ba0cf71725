//! `/home`: who I am here, where I am logged in, who knows what about me.

use std::collections::BTreeSet;

use axum::response::Response;
use flows::citizen;
use flows::history::{self, What as Happened};
use flows::logout::parties_of;
use flows::session::LiveSession;
use flows::{PageRefusal, consent};
use identity_core::{ClientId, SessionId};
use jose::digest::{base64url, base64url_decode};
use ledger::Sequence;

use super::words::{self, data_of, in_language, moment};
use super::{holder, see_other};
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::Page;
use crate::pages::history::{Entry, History, What};
use crate::pages::home::{Consents, GivenConsent, LastLogin, Overview, Place, Session, Sessions};
use crate::pages::paths;
use crate::pages::shared::{self, AuthenticationLevel, Data, Notice};
use crate::stop::Stop;
use crate::visit::Visit;

const ENTRIES_PER_PAGE: u32 = 50;

/// Shows one of the citizen's pages; the notice it carries is told once.
pub(super) fn show(visit: &Visit, page: &impl Page) -> Result<Response, Stop> {
    let mut response = visit.show(page, &ContentPolicy::default())?;
    if visit.notice.is_some() {
        visit.clear_cookie(&mut response, Cookie::Notice);
    }
    Ok(response)
}

/// After a change: back to the page, with the good news.
pub(super) fn done(visit: &Visit, path: &str, notice: Notice) -> Response {
    let mut response = see_other(path);
    visit.set_cookie(&mut response, Cookie::Notice, super::notice::word(notice));
    response
}

pub(super) fn name_of(visit: &Visit, client: &ClientId) -> String {
    match visit.state.provider.registry.get(client) {
        Some(party) => in_language(&party.name, visit.language).to_owned(),
        None => client.to_string(),
    }
}

pub async fn overview(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME).await?;
    let history = history::history(&visit.state.provider, &live, None, ENTRIES_PER_PAGE).await?;
    let before = history.entries.iter().filter(|entry| entry.at < live.session.created_at);
    let last_login = before.into_iter().find_map(|entry| last_login(&visit, entry));
    let profile = &live.subject.profile;
    let page = Overview {
        name: profile.name.as_str().to_owned(),
        masked_number: profile.number.masked(),
        account_level: words::account_level(live.subject.account.level),
        card: words::card(live.subject.card.as_ref(), visit.now.day_in_viet_nam()),
        last_login,
        notice: visit.notice,
    };
    show(&visit, &page)
}

fn last_login(visit: &Visit, entry: &history::Entry) -> Option<LastLogin> {
    let client = match &entry.what {
        Happened::Used { client, .. } => Some(client),
        Happened::LoggedIn { client, .. } => client.as_ref(),
        Happened::Bound(_)
        | Happened::Disabled(_)
        | Happened::Suspended(_)
        | Happened::Removed(_)
        | Happened::PasswordChanged
        | Happened::Recovered
        | Happened::ContactChanged(_)
        | Happened::Locked
        | Happened::Unlocked
        | Happened::Disputed(_) => return None,
    };
    let relying_party = client.map(|client| name_of(visit, client));
    Some(LastLogin { at: moment(entry.at), relying_party })
}

pub async fn sessions(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_SESSIONS).await?;
    let provider = &visit.state.provider;
    let mut sessions = Vec::new();
    for session in citizen::sessions(provider, &live, visit.now).await? {
        let parties = parties_of(provider, session.id).await?;
        let here = session.id == live.session.id;
        let shown = Session {
            handle: session.id.to_string(),
            device: session.browser,
            began: moment(session.created_at),
            last_used: moment(session.last_used_at),
            relying_parties: parties
                .iter()
                .map(|party| in_language(&party.name, visit.language).to_owned())
                .collect(),
            place: if here { Place::ThisBrowser } else { Place::Elsewhere },
        };
        sessions.insert(if here { 0 } else { sessions.len() }, shown);
    }
    show(&visit, &Sessions { csrf: visit.csrf(), sessions, notice: visit.notice })
}

pub async fn end_sessions(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_SESSIONS).await?;
    let provider = &visit.state.provider;
    if form.get("others").is_some() {
        citizen::end_other_sessions(provider, &live, visit.now).await?;
        return Ok(done(&visit, paths::HOME_SESSIONS, Notice::OtherSessionsEnded));
    }
    let session: SessionId =
        form.get("session").and_then(|id| id.parse().ok()).ok_or(PageRefusal::NotFound)?;
    citizen::end_one_session(provider, &live, session, visit.now).await?;
    if session == live.session.id {
        let mut response = see_other(paths::LOGGED_OUT);
        visit.clear_cookie(&mut response, Cookie::Session);
        return Ok(response);
    }
    Ok(done(&visit, paths::HOME_SESSIONS, Notice::SessionEnded))
}

pub async fn consents(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_CONSENTS).await?;
    let given = citizen::consents(&visit.state.provider, &live).await?;
    let consents = given
        .into_iter()
        .map(|consent| GivenConsent {
            handle: base64url(consent.client.as_str().as_bytes()),
            relying_party: party_of(&visit, &consent.client, consent.purpose),
            data: kinds(consent.claims.iter()),
            given: moment(consent.given_at),
        })
        .collect();
    show(&visit, &Consents { csrf: visit.csrf(), consents, notice: visit.notice })
}

/// With the purpose that was agreed to, which may not be today's.
fn party_of(visit: &Visit, client: &ClientId, purpose: String) -> shared::RelyingParty {
    let party = visit.state.provider.registry.get(client);
    shared::RelyingParty {
        name: name_of(visit, client),
        legal_entity: party.map(|party| party.legal_entity.clone()).unwrap_or_default(),
        purpose: Some(purpose),
    }
}

fn kinds<'a>(claims: impl Iterator<Item = &'a String>) -> Vec<Data> {
    let kinds: BTreeSet<Data> = claims.filter_map(|claim| data_of(claim)).collect();
    kinds.into_iter().collect()
}

pub async fn withdraw(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_CONSENTS).await?;
    let client = given_to(&visit, &live, form.get("consent").unwrap_or_default()).await?;
    consent::withdraw(&visit.state.provider, &live, &client, visit.now).await?;
    Ok(done(&visit, paths::HOME_CONSENTS, Notice::ConsentWithdrawn))
}

/// The client a handle names, if this person has agreed to anything there.
async fn given_to(visit: &Visit, live: &LiveSession, handle: &str) -> Result<ClientId, Stop> {
    let named = base64url_decode(handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let given = citizen::consents(&visit.state.provider, live).await?;
    let consent =
        given.into_iter().find(|consent| Some(consent.client.as_str()) == named.as_deref());
    consent.map(|consent| consent.client).ok_or(PageRefusal::NotFound.into())
}

pub async fn history(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_HISTORY).await?;
    let before = visit.query()?.get("before").and_then(|text| text.parse().ok()).map(Sequence);
    let provider = &visit.state.provider;
    let history = history::history(provider, &live, before, ENTRIES_PER_PAGE).await?;
    let entries = history.entries.iter().map(|entry| shown(&visit, entry)).collect();
    let older = history.older.map(|Sequence(at)| format!("{}?before={at}", paths::HOME_HISTORY));
    show(&visit, &History { entries, older })
}

fn shown(visit: &Visit, entry: &history::Entry) -> Entry {
    let what = match &entry.what {
        Happened::Used { client, acr, .. } => {
            let party = visit.state.provider.registry.get(client);
            let level = assurance::Acr::parse(acr)
                .and_then(|acr| words::authentication_level(acr.asks().vn_authentication));
            What::Use {
                relying_party: name_of(visit, client),
                purpose: party
                    .map(|party| in_language(&party.agreement.purpose, visit.language).to_owned()),
                level: level.unwrap_or(AuthenticationLevel::One),
            }
        }
        Happened::LoggedIn { client, with, .. } => What::Login {
            relying_party: client.as_ref().map(|client| name_of(visit, client)),
            with: with.clone(),
        },
        Happened::Bound(kind) => What::Bound(*kind),
        Happened::Disabled(kind) => What::Disabled(*kind),
        Happened::Suspended(kind) => What::Suspended(*kind),
        Happened::Removed(kind) => What::Removed(*kind),
        Happened::PasswordChanged => What::PasswordChanged,
        Happened::Recovered => What::Recovered,
        Happened::ContactChanged(kind) => What::ContactChanged(*kind),
        Happened::Locked => What::Locked,
        Happened::Unlocked => What::Unlocked,
        Happened::Disputed(case) => What::Disputed { case: case.to_string() },
    };
    Entry { handle: entry.sequence.to_string(), at: moment(entry.at), what }
}
