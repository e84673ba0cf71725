//! `GET` and `POST /authorize`.

use axum::extract::Request;
use axum::response::Response;
use flows::PageRefusal;
use flows::authorize::{Beginning, Next, advance, begin as begin_flow};
use protocol::endpoints::AUTHORIZE;
use protocol::{Params, ProtocolError};

use super::come_again_by_get;
use super::step::{Step, respond};
use crate::form;
use crate::observe::note_client;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn begin(visit: Visit) -> Result<Response, Stop> {
    let params = visit.query()?;
    note_client(params.get("client_id"));
    let provider = &visit.state.provider;
    match begin_flow(provider, params, visit.browser.digest(), visit.now)? {
        Beginning::Respond { response, party } => respond(&visit, response, &party),
        Beginning::Interact(mut interaction) => {
            interaction.wished = visit.used_last;
            let live = match interaction.request() {
                Some(checked) => visit.live_at(&checked.client).await?,
                None => visit.live().await?,
            };
            match advance(provider, &interaction, live.as_ref(), visit.now).await {
                // Nobody is asked anything: there is no page for the interaction to travel on.
                Ok(Next::Respond { response, party }) => respond(&visit, response, &party),
                next => Step::new(visit, interaction, live)?.resolve(next),
            }
        }
    }
}

/// OpenID Connect Core §3.1.2.1 asks for POST too.
pub async fn by_post(visit: Visit, request: Request) -> Result<Response, Stop> {
    let body = form::params(request).await?;
    let params = Params::merge(visit.query()?.clone(), body).map_err(|_| {
        PageRefusal::BadRequest(ProtocolError::invalid_request("a parameter is repeated"))
    })?;
    come_again_by_get(AUTHORIZE, &params)
}
