//! Why a page's handler ended early, and what the person is shown instead.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use flows::refusal::RETRY_AFTER;
use flows::refused_request::RefusedRequest;
use flows::{Fault, PageError, PageRefusal};
use http::{HeaderValue, StatusCode, header};
use storage::StoreError;

use crate::pages;
use crate::pages::error::ErrorKind;

/// Every early end of a handler; `?` leads here.
#[derive(Debug)]
pub enum Stop {
    Refused(PageRefusal),
    Fault(Fault),
    /// The page could not be written.
    Page(pages::PageError),
    /// What only HTTP knows: wrong method, too large a body.
    Http(ErrorKind),
    /// Not an error: the person has to go somewhere else first.
    Elsewhere(Box<Response>),
}

/// Travels with a response to the layer that knows language and request id, and becomes a page there.
#[derive(Clone, Copy)]
pub struct Shown(pub ErrorKind);

impl Stop {
    pub fn elsewhere(response: Response) -> Self {
        Self::Elsewhere(Box::new(response))
    }

    /// What leaves an event. Addresses and methods that do not exist only leave a line: they are the
    /// noise of every open port.
    fn refused(&self) -> Option<RefusedRequest> {
        let (code, reason) = match self {
            Self::Refused(PageRefusal::NotFound)
            | Self::Http(ErrorKind::NotFound | ErrorKind::MethodNotAllowed)
            | Self::Fault(_)
            | Self::Page(_)
            | Self::Elsewhere(_) => return None,
            Self::Refused(PageRefusal::BadRequest(error)) => {
                (error.code().as_str(), error.description().to_owned())
            }
            Self::Refused(refusal) => ("page_refused", refusal.to_string()),
            Self::Http(kind) => ("page_refused", format!("{kind:?}")),
        };
        Some(RefusedRequest { code: code.to_owned(), reason, client: None })
    }

    fn log(&self) {
        match self {
            Self::Refused(refusal) => tracing::info!(%refusal, "page refused"),
            Self::Fault(Fault::Busy) => tracing::warn!("shedding: too much is being done at once"),
            Self::Fault(fault) => tracing::error!(cause = %chain(fault), "page failed"),
            Self::Page(error) => tracing::error!(cause = %chain(error), "page failed"),
            Self::Http(kind) => tracing::info!(?kind, "page refused"),
            Self::Elsewhere(_) => {}
        }
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        self.log();
        let refused = self.refused();
        let kind = match self {
            Self::Elsewhere(response) => return *response,
            Self::Refused(refusal) => kind_of_refusal(&refusal),
            Self::Fault(fault) => kind_of_fault(&fault),
            Self::Page(_) => ErrorKind::Internal,
            Self::Http(kind) => kind,
        };
        let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = status.into_response();
        if let Some(seconds) = kind.retry_after_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Shown(kind));
        if let Some(refused) = refused {
            response.extensions_mut().insert(refused);
        }
        response
    }
}

fn kind_of_refusal(refusal: &PageRefusal) -> ErrorKind {
    match refusal {
        PageRefusal::UnknownClient => ErrorKind::UnknownRelyingParty,
        PageRefusal::ClientNotInForce => ErrorKind::RelyingPartyDisabled,
        PageRefusal::RedirectUriNotRegistered => ErrorKind::UnregisteredRedirect,
        PageRefusal::BadRequest(_) => ErrorKind::BadRequest,
        PageRefusal::StaleInteraction | PageRefusal::SessionEnded => ErrorKind::InteractionExpired,
        PageRefusal::ForgedForm => ErrorKind::FormRefused,
        PageRefusal::AccountNotUsable(_) => ErrorKind::NotAllowed,
        PageRefusal::NotFound => ErrorKind::NotFound,
    }
}

fn kind_of_fault(fault: &Fault) -> ErrorKind {
    let retry_after_seconds = u32::try_from(RETRY_AFTER.as_secs()).unwrap_or(1);
    match fault {
        Fault::Busy => ErrorKind::TooBusy { retry_after_seconds },
        Fault::Store(StoreError::Unavailable(_)) | Fault::KeyDevice(_) => {
            ErrorKind::Unavailable { retry_after_seconds }
        }
        Fault::Store(StoreError::Corrupt(_))
        | Fault::Key(_)
        | Fault::NoPolicy
        | Fault::Encoding(_) => ErrorKind::Internal,
    }
}

/// An error with all its causes, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<PageError> for Stop {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Refused(refusal) => Self::Refused(refusal),
            PageError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<PageRefusal> for Stop {
    fn from(refusal: PageRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<pages::PageError> for Stop {
    fn from(error: pages::PageError) -> Self {
        Self::Page(error)
    }
}
