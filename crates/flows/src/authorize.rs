//! The authorization endpoint: check the request, then ask the person for exactly what is missing.
//!
//! ```text
//!  begin ── client and redirect URI first (a fault here is a page, never a redirect)
//!    └─ advance ── account chosen? ── logged in? ── sure enough? ── consented? ── code
//!         ^            SelectAccount      Prove        Prove          Consent
//!         └──────────── every page of ours leads back here ─────────────┘
//! ```

use std::sync::Arc;

use assurance::{ReasonCode, StepUpOption};
use identity_core::account::LockReason;
use identity_core::grant::{AuthorizationCode, GrantTerms};
use identity_core::relying_party::{ClientProfile, GrantType};
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticatorKind, GrantId, RecordedDecision, RelyingParty, Timestamp};
use node::measure::{Outcome, Step};
use protocol::authorization_details::TRANSACTION;
use protocol::authorize::Prompt;
use protocol::redirect_uri::ApplicationType;
use protocol::{
    AuthorizationRequest, AuthorizationResponse, AuthorizationTarget, ErrorCode, ErrorContext,
    Params, ProtocolError, RegisteredRedirectUri,
};

use crate::claims::Asked;
use crate::consent;
use crate::decisions;
use crate::identifier::subject_identifier;
use crate::interaction::{AccountChoice, CheckedRequest, Interaction, Purpose};
use crate::judgement::{Judgement, Permission, judge};
use crate::proof::Admits;
use crate::proof::ways::{first_ways, next_ways};
use crate::provider::Provider;
use crate::purpose::names_are_known;
use crate::refusal::{Fault, PageError, PageRefusal};
use crate::sealed;
use crate::session::LiveSession;

/// Longest checked request, in bytes of JSON: sealed, it must still fit into a URL.
const MAX_REQUEST: usize = 5 * 1024;

/// What the edge does next.
pub enum Next {
    /// Send the browser back to the relying party.
    Respond { response: AuthorizationResponse, party: Arc<RelyingParty> },
    /// Show one of our pages, carrying the interaction.
    Ask(Page),
    /// Show the page of one way to prove who they are.
    Prove(Proving),
    /// The citizen's own page that was asked for.
    Home { path: String },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    Consent,
    SelectAccount,
}

/// How the person can go on proving who they are.
#[derive(Clone, Debug)]
pub struct Proving {
    /// What they are asked for, unless they would rather do otherwise.
    pub due: AuthenticatorKind,
    /// Everything that leads on, best first: `due` among it.
    pub ways: Vec<AuthenticatorKind>,
    /// What is missing. Empty where nobody is logged in.
    pub reasons: Vec<ReasonCode>,
}

impl Proving {
    /// The person's wish counts where it leads on.
    fn of(
        ways: Vec<AuthenticatorKind>,
        interaction: &Interaction,
        reasons: Vec<ReasonCode>,
    ) -> Self {
        let wished = interaction.wished.filter(|wished| ways.contains(wished));
        let due = wished.or_else(|| ways.first().copied());
        Self { due: due.unwrap_or(AuthenticatorKind::Password), ways, reasons }
    }

    fn who_is_there(interaction: &Interaction) -> Self {
        Self::of(first_ways(), interaction, Vec::new())
    }

    fn more(options: &[StepUpOption], interaction: &Interaction, reasons: Vec<ReasonCode>) -> Self {
        Self::of(next_ways(options), interaction, reasons)
    }
}

/// A fresh request: either an interaction to advance, or an immediate error response.
pub enum Beginning {
    Interact(Interaction),
    Respond { response: AuthorizationResponse, party: Arc<RelyingParty> },
}

/// Checks an authorization request. `browser` is the digest of the browser's own cookie.
pub fn begin(
    provider: &Provider,
    params: &Params,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Beginning, PageError> {
    let began = check_and_begin(provider, params, browser, now);
    match &began {
        Ok(Beginning::Interact(interaction)) => {
            let client = interaction.request().map(|checked| &checked.client);
            provider.count_as(Step::Authorize, Outcome::Done, client);
        }
        Ok(Beginning::Respond { party, .. }) => {
            provider.count_as(Step::Authorize, Outcome::Refused, Some(&party.client_id));
        }
        Err(_) => provider.count(Step::Authorize, &began, None),
    }
    began
}

fn check_and_begin(
    provider: &Provider,
    params: &Params,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Beginning, PageError> {
    let target = AuthorizationTarget::from_params(params)
        .map_err(|fault| PageRefusal::BadRequest(fault.into()))?;
    let party = provider.registry.find(&target.client_id).ok_or(PageRefusal::UnknownClient)?;
    if !party.in_force(now) {
        return Err(PageRefusal::ClientNotInForce.into());
    }
    let redirect_uri = registered_redirect_uri(provider, &party, target.redirect_uri.as_deref())?;
    let checked = AuthorizationRequest::from_params(params)
        .and_then(|request| check(provider, &party, request, redirect_uri.clone(), now));
    let checked = match checked {
        Ok(checked) if !names_are_known(provider, &checked.request, now)? => {
            let description = "the policy knows no such kind of transaction or procedure";
            Err(ProtocolError::new(ErrorCode::InvalidAuthorizationDetails, description))
        }
        checked => checked,
    };
    match checked {
        Ok(request) => Ok(Beginning::Interact(Interaction {
            purpose: Purpose::Authorize(Box::new(request)),
            browser,
            started_at: now,
            account: AccountChoice::Undecided,
            wished: None,
        })),
        Err(error) => {
            tracing::info!(client = %party.client_id, code = error.code().as_str(), "authorization refused");
            let context = ErrorContext::from_params(params);
            let issuer = &provider.settings.issuer;
            let response = AuthorizationResponse::error(redirect_uri, error, &context, issuer);
            Ok(Beginning::Respond { response, party })
        }
    }
}

/// Byte equality with one registered value (BCP-01, ATK-007); left out only when just one exists.
fn registered_redirect_uri(
    provider: &Provider,
    party: &RelyingParty,
    requested: Option<&str>,
) -> Result<String, PageRefusal> {
    let refused = PageRefusal::RedirectUriNotRegistered;
    let Some(requested) = requested else {
        return match party.redirect_uris.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(refused),
        };
    };
    let application = if party.authentication.is_public() {
        ApplicationType::Native
    } else {
        ApplicationType::Web
    };
    let environment = provider.settings.environment;
    let matches = party.redirect_uris.iter().any(|registered| {
        RegisteredRedirectUri::parse(registered, application, environment)
            .is_ok_and(|registered| registered.matches(requested))
    });
    if matches { Ok(requested.to_owned()) } else { Err(refused) }
}

/// What depends on the client's registration.
fn check(
    provider: &Provider,
    party: &RelyingParty,
    request: AuthorizationRequest,
    redirect_uri: String,
    now: Timestamp,
) -> Result<CheckedRequest, ProtocolError> {
    if !party.may_use(GrantType::AuthorizationCode) {
        let description = "the client may not use the authorization code grant";
        return Err(ProtocolError::new(ErrorCode::UnauthorizedClient, description));
    }
    if !request.scope.contains("openid") {
        let description = "the scope openid is required";
        return Err(ProtocolError::new(ErrorCode::InvalidScope, description));
    }
    // PKCE may be left out only by a confidential client certified as it is (BCP-08).
    let may_omit = party.profile == ClientProfile::OidcBasic && !party.authentication.is_public();
    if request.code_challenge.is_none() && !may_omit {
        return Err(ProtocolError::invalid_request("code_challenge is required"));
    }
    // RFC 9396 §5 and §10: only of a type that the client is registered for.
    if request.transaction.is_some() && !party.authorization_details_types.contains(TRANSACTION) {
        let description = "the client is not registered for this type of authorization_details";
        return Err(ProtocolError::new(ErrorCode::InvalidAuthorizationDetails, description));
    }
    let hinted = match &request.id_token_hint {
        Some(hint) => Some(crate::logout::hinted(provider, hint, party, now).ok_or(
            ProtocolError::invalid_request("id_token_hint was not issued by this provider"),
        )?),
        None => None,
    };
    let expected_subject = hinted
        .map(|hint| hint.subject)
        .or_else(|| request.claims.demanded_subject().map(str::to_owned));
    // The hint has said what it had to.
    let request = AuthorizationRequest { id_token_hint: None, ..request };
    let client = party.client_id.clone();
    let checked = CheckedRequest { request, client, redirect_uri, expected_subject };
    let size = serde_json::to_vec(&checked).map_or(usize::MAX, |json| json.len());
    if size > MAX_REQUEST {
        return Err(ProtocolError::invalid_request("the request is too large"));
    }
    Ok(checked)
}

/// Whom the login page is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoginFor {
    /// The browser's session stays; its person proves more.
    Holder,
    Anybody,
}

/// Whether the login page asks who is there, or already knows.
pub fn login_for(
    provider: &Provider,
    interaction: &Interaction,
    live: Option<&LiveSession>,
) -> LoginFor {
    let Some(live) = live else { return LoginFor::Anybody };
    let expected = interaction.request().and_then(|checked| {
        let party = provider.registry.get(&checked.client)?;
        let expected = checked.expected_subject.as_deref()?;
        Some(subject_identifier(&provider.settings, &party, live.subject.id) == expected)
    });
    match (interaction.account, expected) {
        (AccountChoice::Another, _) | (_, Some(false)) => LoginFor::Anybody,
        (AccountChoice::Undecided | AccountChoice::Present, _) => LoginFor::Holder,
    }
}

/// Looks where the person stands and says what comes next. Pure of HTTP; writes nothing but what it refuses.
pub async fn advance(
    provider: &Provider,
    interaction: &Interaction,
    live: Option<&LiveSession>,
    now: Timestamp,
) -> Result<Next, PageError> {
    let checked = match &interaction.purpose {
        Purpose::Home { path, .. } => {
            return advance_home(provider, interaction, path, live, now).await;
        }
        Purpose::Authorize(checked) => checked.as_ref(),
    };
    let party = provider.registry.get(&checked.client).ok_or(PageRefusal::UnknownClient)?;
    if !party.in_force(now) {
        return Err(PageRefusal::ClientNotInForce.into());
    }
    let attempt = Attempt { provider, interaction, checked, party, now };
    match attempt.outcome(live).await? {
        Outlook::Granted { code } => {
            let client = Some(&attempt.party.client_id);
            provider.count_as(Step::Code, Outcome::Done, client);
            let context = checked.request.error_context();
            let issuer = &provider.settings.issuer;
            let uri = checked.redirect_uri.as_str();
            let response = AuthorizationResponse::success(uri, code, &context, issuer);
            Ok(Next::Respond { response, party: attempt.party })
        }
        Outlook::Refused(error) => Ok(attempt.respond_with(error)),
        // prompt=none never shows a page (OC-02): say what would have been shown.
        Outlook::Proof(_) if attempt.silent() => Ok(attempt.respond_with(ProtocolError::new(
            ErrorCode::LoginRequired,
            "the person must authenticate",
        ))),
        Outlook::Needs(page) if attempt.silent() => Ok(attempt.respond_with(match page {
            Page::Consent => {
                ProtocolError::new(ErrorCode::ConsentRequired, "the person must consent")
            }
            Page::SelectAccount => ProtocolError::new(
                ErrorCode::AccountSelectionRequired,
                "the person must select an account",
            ),
        })),
        Outlook::Needs(page) => Ok(Next::Ask(page)),
        Outlook::Proof(proving) => Ok(Next::Prove(proving)),
    }
}

/// The person said no (or cannot say yes): `access_denied` to the relying party.
pub fn deny(provider: &Provider, interaction: &Interaction) -> Result<Next, PageError> {
    let checked = interaction.request().ok_or(PageRefusal::NotFound)?;
    let party = provider.registry.get(&checked.client).ok_or(PageRefusal::UnknownClient)?;
    provider.count_as(Step::Consent, Outcome::Refused, Some(&party.client_id));
    let error = ProtocolError::new(ErrorCode::AccessDenied, "the person did not agree");
    let context = checked.request.error_context();
    let uri = checked.redirect_uri.as_str();
    let response = AuthorizationResponse::error(uri, error, &context, &provider.settings.issuer);
    Ok(Next::Respond { response, party })
}

async fn advance_home(
    provider: &Provider,
    interaction: &Interaction,
    path: &str,
    live: Option<&LiveSession>,
    now: Timestamp,
) -> Result<Next, PageError> {
    let Some(live) = live else { return Ok(Next::Prove(Proving::who_is_there(interaction))) };
    match judge(provider, interaction, None, live, now).await? {
        Judgement::Permit(_) => Ok(Next::Home { path: path.to_owned() }),
        Judgement::Prove { options, reasons } => {
            Ok(Next::Prove(Proving::more(&options, interaction, reasons)))
        }
        // Who cannot show a second factor stays locked out, by their own wish.
        Judgement::OutOfReach { .. } if interaction.admits() == Admits::LockedByHolder => {
            let reason = ReasonCode::AccountLocked(LockReason::HolderRequest).to_string();
            Err(PageRefusal::AccountNotUsable(reason).into())
        }
        Judgement::OutOfReach { reason, .. } | Judgement::NotUsable { reason, .. } => {
            Err(PageRefusal::AccountNotUsable(reason).into())
        }
    }
}

enum Outlook {
    Granted { code: String },
    Needs(Page),
    Proof(Proving),
    Refused(ProtocolError),
}

/// One look at one request.
struct Attempt<'a> {
    provider: &'a Provider,
    interaction: &'a Interaction,
    checked: &'a CheckedRequest,
    party: Arc<RelyingParty>,
    now: Timestamp,
}

impl Attempt<'_> {
    fn silent(&self) -> bool {
        self.checked.request.prompt.contains(Prompt::None)
    }

    fn respond_with(&self, error: ProtocolError) -> Next {
        tracing::info!(client = %self.party.client_id, code = error.code().as_str(), "authorization refused");
        self.provider.count_as(Step::Code, Outcome::Refused, Some(&self.party.client_id));
        let context = self.checked.request.error_context();
        let issuer = &self.provider.settings.issuer;
        let uri = self.checked.redirect_uri.as_str();
        let response = AuthorizationResponse::error(uri, error, &context, issuer);
        Next::Respond { response, party: self.party.clone() }
    }

    async fn outcome(&self, live: Option<&LiveSession>) -> Result<Outlook, PageError> {
        let select = self.checked.request.prompt.contains(Prompt::SelectAccount);
        let Some(live) = live else { return Ok(self.who_is_there()) };
        match self.interaction.account {
            AccountChoice::Undecided if select && !self.logged_in_here(live) => {
                return Ok(Outlook::Needs(Page::SelectAccount));
            }
            AccountChoice::Another if !self.logged_in_here(live) => {
                return Ok(self.who_is_there());
            }
            AccountChoice::Undecided | AccountChoice::Present | AccountChoice::Another => {}
        }
        if let Some(outcome) = self.wrong_person(live) {
            return Ok(outcome);
        }
        let (provider, party) = (self.provider, Some(self.party.as_ref()));
        let permission = match judge(provider, self.interaction, party, live, self.now).await? {
            Judgement::Permit(permission) => permission,
            Judgement::Prove { options, reasons } => {
                return Ok(Outlook::Proof(Proving::more(&options, self.interaction, reasons)));
            }
            // SU-02: better no token than a weaker one that looks right.
            Judgement::OutOfReach { decision, .. } => {
                self.record_refusal(live, decision).await?;
                return Ok(Outlook::Refused(ProtocolError::new(
                    ErrorCode::UnmetAuthenticationRequirements,
                    "the person cannot reach the level asked for",
                )));
            }
            Judgement::NotUsable { reason, decision } => {
                self.record_refusal(live, decision).await?;
                if self.silent() {
                    return Ok(self.who_is_there());
                }
                return Err(PageRefusal::AccountNotUsable(reason).into());
            }
        };
        let asked = Asked::by(&self.checked.request, &self.party);
        let agreed =
            consent::agreed(self.provider, self.interaction, &self.party, live, &asked).await?;
        let Some(agreed) = agreed else { return Ok(Outlook::Needs(Page::Consent)) };
        Ok(Outlook::Granted { code: self.code(live, permission, &asked, &agreed)? })
    }

    async fn record_refusal(
        &self,
        live: &LiveSession,
        decision: Option<RecordedDecision>,
    ) -> Result<(), Fault> {
        let (provider, subject) = (self.provider, live.subject.id);
        decisions::record_refusal(provider, &self.party, subject, decision, self.now).await
    }

    /// OC-03: an answer about a certain person is only ever given about that person.
    fn wrong_person(&self, live: &LiveSession) -> Option<Outlook> {
        let expected = self.checked.expected_subject.as_deref()?;
        let settings = &self.provider.settings;
        if subject_identifier(settings, &self.party, live.subject.id) == expected {
            return None;
        }
        if self.silent() || self.logged_in_here(live) {
            return Some(Outlook::Refused(ProtocolError::new(
                ErrorCode::LoginRequired,
                "somebody else is logged in",
            )));
        }
        Some(self.who_is_there())
    }

    fn who_is_there(&self) -> Outlook {
        Outlook::Proof(Proving::who_is_there(self.interaction))
    }

    /// Whether the session's person proved themselves since this request began.
    fn logged_in_here(&self, live: &LiveSession) -> bool {
        live.session.last_authenticated_at().is_some_and(|at| at >= self.interaction.started_at)
    }

    /// The code is the fact itself, sealed: nothing is written before it is redeemed.
    fn code(
        &self,
        live: &LiveSession,
        permission: Permission,
        asked: &Asked,
        agreed: &consent::Agreed,
    ) -> Result<String, Fault> {
        let request = &self.checked.request;
        let entropy = self.provider.entropy.as_ref();
        let code = AuthorizationCode {
            terms: GrantTerms {
                grant: GrantId::generate(self.now, entropy),
                client: self.party.client_id.clone(),
                subject: live.subject.id,
                session: live.session.id,
                scopes: asked.scopes.clone(),
                userinfo_claims: asked.userinfo.intersection(&agreed.claims).cloned().collect(),
                id_token_claims: asked.id_token.intersection(&agreed.claims).cloned().collect(),
                evidence: permission.evidence,
                asked_acr: asked.acr.clone(),
                authorized_at: self.now,
                verified: asked.verified.agreed(&agreed.claims),
                transaction: self.interaction.transaction()?,
            },
            redirect_uri: self.checked.redirect_uri.clone(),
            redirect_uri_requested: request.redirect_uri.is_some(),
            code_challenge: request.code_challenge.map(protocol::CodeChallenge::digest),
            nonce: request.nonce.clone(),
            demanded_acr: demanded_acr(request),
            expires_at: self.now.plus(AuthorizationCode::LIFE),
            decision: permission.decision,
        };
        sealed::seal(self.provider, &code, self.now)
    }
}

pub(crate) fn demanded_acr(request: &AuthorizationRequest) -> Vec<String> {
    let demanded = request.claims.demanded_acr().unwrap_or_default();
    demanded.into_iter().map(str::to_owned).collect()
}
