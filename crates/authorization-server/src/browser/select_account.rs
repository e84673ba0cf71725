//! `/select-account`: who goes on.

use axum::response::Response;
use flows::PageRefusal;
use flows::authorize::Page;
use flows::select_account::{Selection, select};
use identity_core::SubjectId;
use jose::digest::{base64url, hmac_sha256};

use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::select_account::{AccountChoice, SelectAccount};
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    match step.elsewhere(Page::SelectAccount).await? {
        Some(elsewhere) => Ok(elsewhere),
        None => show(&step),
    }
}

pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let selection = match (form.get("another"), form.get("account"), &step.live) {
        (Some(_), _, _) => Selection::Another,
        (None, Some(handle), Some(live)) if handle == handle_of(&step.visit, live.subject.id) => {
            Selection::Account(live.subject.id)
        }
        (None, Some(_), _) => return Err(PageRefusal::SessionEnded.into()),
        (None, None, _) => return show(&step),
    };
    let interaction = select(&step.interaction, step.live.as_ref(), &selection)?;
    Step::new(step.visit, interaction, step.live)?.proceed().await
}

fn show(step: &Step) -> Result<Response, Stop> {
    let visit = &step.visit;
    let present = step.live.as_ref().map(|live| AccountChoice {
        handle: handle_of(visit, live.subject.id),
        holder: words::holder(&live.subject.profile),
    });
    let page = SelectAccount {
        csrf: visit.csrf(),
        interaction: step.sealed.clone(),
        relying_party: step.party().map(|party| words::party(&party, visit.language)),
        accounts: present.into_iter().collect(),
    };
    visit.show_at(&step.address(Page::SelectAccount), &page, &step.policy())
}

/// Means something in this browser only: a subject's identifier never leaves the server.
fn handle_of(visit: &Visit, subject: SubjectId) -> String {
    let mac = hmac_sha256(visit.browser.value.as_bytes(), subject.to_string().as_bytes());
    base64url(mac.get(..12).unwrap_or(&mac))
}
