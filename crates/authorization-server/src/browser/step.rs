//! One page of one interaction: what the browser brought, and who is behind it.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use flows::authorize::{Next, Page, Proving, advance};
use flows::interaction::{Errand, Interaction};
use flows::proof::Occasion;
use flows::proof::ways::is_remembered;
use flows::refused_request::RefusedRequest;
use flows::session::{LiveSession, SessionHandle};
use flows::{PageError, PageRefusal};
use identity_core::{AuthenticatorKind, ClientId, RelyingParty};
use protocol::{AuthorizationResponse, RenderedResponse};

use super::{account, homeward, login, see_other};
use crate::cookies::Cookie;
use crate::headers::{ContentPolicy, Scripts};
use crate::pages::form_post::FormPost;
use crate::pages::login::LoginProblem;
use crate::pages::{methods, paths};
use crate::stop::Stop;
use crate::visit::Visit;

use super::words::in_language;

pub struct Step {
    pub visit: Visit,
    pub interaction: Interaction,
    /// The interaction as it travels.
    pub sealed: String,
    pub live: Option<LiveSession>,
    /// What proofs given here are bound to, where they are for one transaction.
    transaction: Option<String>,
}

const fn path_of(page: Page) -> &'static str {
    match page {
        Page::Consent => paths::CONSENT,
        Page::SelectAccount => paths::SELECT_ACCOUNT,
    }
}

impl Step {
    pub fn new(
        visit: Visit,
        interaction: Interaction,
        live: Option<LiveSession>,
    ) -> Result<Self, Stop> {
        let sealed = interaction.seal(&visit.state.provider, visit.now)?;
        let transaction = interaction.transaction()?.map(|asked| asked.id);
        Ok(Self { visit, interaction, sealed, live, transaction })
    }

    /// The step whose page posted `interaction`.
    pub async fn posted(visit: Visit, interaction: Option<&str>) -> Result<Self, Stop> {
        let sealed = interaction.ok_or(PageRefusal::StaleInteraction)?.to_owned();
        let browser = visit.browser.digest();
        let interaction = Interaction::open(&visit.state.provider, &sealed, &browser, visit.now)?;
        let live = visit.live().await?;
        let transaction = interaction.transaction()?.map(|asked| asked.id);
        Ok(Self { visit, interaction, sealed, live, transaction })
    }

    /// The step whose page is asked for by address.
    pub async fn asked(visit: Visit) -> Result<Self, Stop> {
        let interaction = visit.query()?.get("interaction").map(str::to_owned);
        Self::posted(visit, interaction.as_deref()).await
    }

    /// As [`asked`](Self::asked); without an interaction it is somebody who came by themselves.
    pub async fn asked_or_homeward(visit: Visit) -> Result<Self, Stop> {
        if visit.query()?.get("interaction").is_some() {
            return Self::asked(visit).await;
        }
        let interaction = homeward(&visit, paths::HOME, Errand::Look);
        let live = visit.live().await?;
        Self::new(visit, interaction, live)
    }

    /// The relying party that sent the browser here, if one did.
    pub fn client(&self) -> Option<&ClientId> {
        self.interaction.request().map(|checked| &checked.client)
    }

    /// What is proven here, for whom.
    pub fn occasion(&self) -> Occasion<'_> {
        Occasion { client: self.client(), transaction: self.transaction.as_deref() }
    }

    pub fn party(&self) -> Option<Arc<RelyingParty>> {
        let checked = self.interaction.request()?;
        self.visit.state.provider.registry.get(&checked.client)
    }

    /// Where GET shows this page again.
    pub fn address(&self, page: Page) -> String {
        format!("{}?interaction={}", path_of(page), self.sealed)
    }

    /// Where GET shows the page of one way to prove.
    pub fn proof_address(&self, kind: AuthenticatorKind) -> String {
        let path = methods::of_kind(kind).map_or(paths::LOGIN, |method| method.path);
        format!("{path}?interaction={}", self.sealed)
    }

    pub fn choose_address(&self) -> String {
        format!("{}?interaction={}", paths::LOGIN_CHOOSE, self.sealed)
    }

    /// Where to choose, if there is anything to choose from.
    pub fn other_ways(&self, proving: Option<&Proving>) -> Option<String> {
        proving.filter(|proving| proving.ways.len() > 1).map(|_| self.choose_address())
    }

    /// Forms of this interaction may end at the relying party.
    pub fn policy(&self) -> ContentPolicy {
        let redirect_uri = self.interaction.request().map(|checked| checked.redirect_uri.as_str());
        ContentPolicy::leading_to(redirect_uri)
    }

    /// `None`: `page` is what this person should see now. Otherwise: where they should be instead.
    pub async fn elsewhere(&self, page: Page) -> Result<Option<Response>, Stop> {
        match self.next().await {
            Ok(Next::Ask(due)) if due == page => Ok(None),
            next => self.resolve(next).map(Some),
        }
    }

    /// How this person can go on, if `kind` is one of the ways; it need not be the one that is due.
    /// Otherwise they are sent where they should be instead.
    pub async fn proving(&self, kind: AuthenticatorKind) -> Result<Proving, Stop> {
        match self.next().await {
            Ok(Next::Prove(proving)) if proving.ways.contains(&kind) => Ok(proving),
            next => Err(Stop::elsewhere(self.resolve(next)?)),
        }
    }

    /// How this person can go on after a proof that failed; `None` when no way is left.
    pub async fn ways(&self) -> Result<Option<Proving>, Stop> {
        match self.next().await {
            Ok(Next::Prove(proving)) => Ok(Some(proving)),
            Ok(Next::Ask(_) | Next::Respond { .. } | Next::Home { .. })
            | Err(PageError::Refused(_)) => Ok(None),
            Err(PageError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// The holder, if this step is the last one before their own pages.
    pub async fn arrived(mut self) -> Result<LiveSession, Stop> {
        let next = self.next().await;
        match (next, self.live.take()) {
            (Ok(Next::Home { .. }), Some(live)) => Ok(live),
            (next, live) => {
                self.live = live;
                Err(Stop::elsewhere(self.resolve(next)?))
            }
        }
    }

    pub async fn proceed(&self) -> Result<Response, Stop> {
        self.resolve(self.next().await)
    }

    /// Goes on with a new session handle, which the browser must get whatever comes next: the old
    /// one is dead (ATK-090). `kind`: what was proven with.
    pub async fn enter(
        mut self,
        handle: &SessionHandle,
        kind: AuthenticatorKind,
    ) -> Result<Response, Stop> {
        let visit = self.visit.clone();
        self.live = LiveSession::load(&visit.state.provider, Some(handle), None, visit.now).await?;
        let mut response = self.proceed().await.unwrap_or_else(Stop::into_response);
        visit.set_cookie(&mut response, Cookie::Session, &handle.expose());
        if let Some(method) = methods::of_kind(kind).filter(|_| is_remembered(kind)) {
            visit.set_cookie(&mut response, Cookie::Method, method.word);
        }
        Ok(response)
    }

    pub fn follow(&self, next: Next) -> Result<Response, Stop> {
        match next {
            Next::Respond { response, party } => respond(&self.visit, response, &party),
            Next::Ask(page) => Ok(see_other(&self.address(page))),
            Next::Prove(proving) => Ok(see_other(&self.proof_address(proving.due))),
            Next::Home { path } => Ok(see_other(&path)),
        }
    }

    pub async fn next(&self) -> Result<Next, PageError> {
        let provider = &self.visit.state.provider;
        advance(provider, &self.interaction, self.live.as_ref(), self.visit.now).await
    }

    /// An account that cannot be used is explained where its holder just logged in.
    pub fn resolve(&self, next: Result<Next, PageError>) -> Result<Response, Stop> {
        match next {
            Ok(next) => self.follow(next),
            Err(PageError::Refused(PageRefusal::AccountNotUsable(reason))) => {
                let Some(problem) = account::problem_of_reason(&reason) else {
                    return Err(PageRefusal::AccountNotUsable(reason).into());
                };
                tracing::info!(reason, "account not usable");
                login::explain(self, LoginProblem::Account(problem))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Sends the answer to the relying party, as it asked for it.
pub fn respond(
    visit: &Visit,
    response: AuthorizationResponse,
    party: &RelyingParty,
) -> Result<Response, Stop> {
    let refused = response.refusal().map(|(code, reason)| RefusedRequest {
        code: code.to_owned(),
        reason: reason.to_owned(),
        client: Some(party.client_id.clone()),
    });
    let mut answer = match response.render() {
        RenderedResponse::Redirect { location } => see_other(&location),
        RenderedResponse::FormPost { action, fields } => {
            let policy = ContentPolicy { leads_to: vec![action.clone()], scripts: Scripts::Own };
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let relying_party = in_language(&party.name, visit.language).to_owned();
            visit.show(&FormPost { action, relying_party, fields }, &policy)?
        }
    };
    if let Some(refused) = refused {
        answer.extensions_mut().insert(refused);
    }
    Ok(answer)
}
