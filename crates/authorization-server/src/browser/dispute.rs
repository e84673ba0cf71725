//! `/home/not-me`: "Không phải tôi".

use axum::response::Response;
use flows::PageRefusal;
use flows::dispute::{self, Disputed};
use flows::session::LiveSession;
use ledger::Sequence;

use super::home::{name_of, show};
use super::security::CHANGE;
use super::words::{in_language, moment};
use super::{holder, holder_for};
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::dispute::{Dispute, Disputed as Done, Here, Matter, Outlook};
use crate::pages::paths;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let query = visit.query()?;
    let pointed = pointed(query.get("use"), query.get("session"));
    let (live, disputed, matter) = arrive(&visit, pointed).await?;
    let provider = &visit.state.provider;
    let found = dispute::matter(provider, &live, disputed).await?.ok_or(PageRefusal::NotFound)?;
    let outlook = dispute::outlook(provider, &live, &found, visit.now)?;
    let page = Dispute {
        csrf: visit.csrf(),
        matter,
        at: moment(found.at),
        relying_party: found.client.as_ref().map(|client| name_of(&visit, client)),
        outlook: shown(outlook),
    };
    show(&visit, &page)
}

/// The answer itself tells what was done: it may be the last page of this session.
pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let pointed = pointed(form.get("use"), form.get("session"));
    let (live, disputed, matter) = arrive(&visit, pointed).await?;
    let provider = &visit.state.provider;
    let found = dispute::matter(provider, &live, disputed).await?.ok_or(PageRefusal::NotFound)?;
    let report = dispute::report(provider, &live, &found, visit.now).await?;
    tracing::info!(case = %report.case, "a use was disputed by its holder");
    let here = report.outlook.here;
    let name =
        |party: &identity_core::RelyingParty| in_language(&party.name, visit.language).to_owned();
    let page = Done {
        case: report.case.to_string(),
        outlook: shown(report.outlook),
        told: report.told.iter().map(|party| name(party)).collect(),
    };
    let mut response = visit.show_at(&matter.address(), &page, &ContentPolicy::default())?;
    if here == dispute::Here::Ends {
        visit.clear_cookie(&mut response, Cookie::Session);
    }
    Ok(response)
}

/// A recent and strong login is asked for: otherwise whoever guessed a password could suspend the
/// passkey that keeps them out (ATK-095). After it, the person comes back to this very question.
async fn arrive(
    visit: &Visit,
    pointed: Option<(Disputed, Matter)>,
) -> Result<(LiveSession, Disputed, Matter), Stop> {
    let Some((disputed, matter)) = pointed else {
        holder(visit, paths::HOME_HISTORY).await?;
        return Err(PageRefusal::NotFound.into());
    };
    let live = holder_for(visit, &matter.address(), CHANGE).await?;
    Ok((live, disputed, matter))
}

fn pointed(entry: Option<&str>, session: Option<&str>) -> Option<(Disputed, Matter)> {
    match (entry, session) {
        (Some(entry), None) => {
            let sequence: u64 = entry.parse().ok()?;
            Some((Disputed::Entry(Sequence(sequence)), Matter::Use(sequence.to_string())))
        }
        (None, Some(session)) => {
            let session: identity_core::SessionId = session.parse().ok()?;
            Some((Disputed::Session(session), Matter::Session(session.to_string())))
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn shown(outlook: dispute::Outlook) -> Outlook {
    let dispute::Outlook { here, suspends, keeps } = outlook;
    let here = match here {
        dispute::Here::Stays => Here::Stays,
        dispute::Here::Ends => Here::Ends,
    };
    Outlook { here, suspends, keeps }
}
