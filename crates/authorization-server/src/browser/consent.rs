//! `/consent`: what a relying party would learn, and the answer.

use std::collections::BTreeSet;

use axum::response::Response;
use flows::PageRefusal;
use flows::authorize::{Page, deny};
use flows::claims::Asked;
use flows::consent::{Question, approve, question};
use identity_core::subject::Profile;

use super::step::Step;
use super::words::{self, data_of, in_language};
use crate::form::OwnForm;
use crate::pages::consent::{Access, Consent, ConsentItem};
use crate::pages::shared::{Data, Transaction};
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    match step.elsewhere(Page::Consent).await? {
        Some(elsewhere) => Ok(elsewhere),
        None => show(&step),
    }
}

/// An answer counts only from somebody who is being asked: a form kept from earlier, or sent before
/// logging in, leads to where its sender stands (ATK-094).
pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    if let Some(elsewhere) = step.elsewhere(Page::Consent).await? {
        return Ok(elsewhere);
    }
    let visit = &step.visit;
    let provider = &visit.state.provider;
    match form.get("decision") {
        Some("approve") => {
            let live = step.live.as_ref().ok_or(PageRefusal::SessionEnded)?;
            let party = step.party().ok_or(PageRefusal::UnknownClient)?;
            let purpose = in_language(&party.agreement.purpose, visit.language);
            let ticked = whole_groups(&asked(&step)?.1, &form.claims);
            approve(provider, &step.interaction, live, &ticked, purpose, visit.now).await?;
            step.proceed().await
        }
        Some("deny") => step.follow(deny(provider, &step.interaction)?),
        Some(_) | None => show(&step),
    }
}

fn asked(step: &Step) -> Result<(Asked, Question), Stop> {
    let checked = step.interaction.request().ok_or(PageRefusal::NotFound)?;
    let party = step.party().ok_or(PageRefusal::UnknownClient)?;
    let asked = Asked::by(&checked.request, &party);
    let question = question(&asked);
    Ok((asked, question))
}

fn show(step: &Step) -> Result<Response, Stop> {
    let visit = &step.visit;
    let live = step.live.as_ref().ok_or(PageRefusal::SessionEnded)?;
    let party = step.party().ok_or(PageRefusal::UnknownClient)?;
    let (_, question) = asked(step)?;
    let profile = &live.subject.profile;
    let page = Consent {
        csrf: visit.csrf(),
        interaction: step.sealed.clone(),
        relying_party: words::party(&party, visit.language),
        holder: words::holder(profile),
        transaction: transaction(step),
        essential: items(&question.essential, profile),
        optional: items(&question.voluntary, profile),
        access: if question.while_away { Access::WhileAway } else { Access::WhileSignedIn },
    };
    visit.show_at(&step.address(Page::Consent), &page, &step.policy())
}

fn transaction(step: &Step) -> Option<Transaction> {
    step.interaction.request()?.request.transaction.as_ref().map(words::transaction)
}

/// One line for each kind of data, named by its first claim.
fn items(claims: &BTreeSet<String>, profile: &Profile) -> Vec<ConsentItem> {
    let mut items: Vec<ConsentItem> = Vec::new();
    for claim in claims {
        let Some(data) = data_of(claim) else { continue };
        if items.iter().all(|item| item.data != data) {
            let preview = preview(&data, profile);
            items.push(ConsentItem { claim: claim.clone(), data, preview });
        }
    }
    items.sort_by(|one, other| one.data.cmp(&other.data));
    items
}

/// A ticked line stands for every claim of its kind: a telephone number and whether it is verified.
fn whole_groups(question: &Question, ticked: &BTreeSet<String>) -> BTreeSet<String> {
    let kinds: Vec<Data> = ticked.iter().filter_map(|claim| data_of(claim)).collect();
    let is_ticked = |claim: &&String| data_of(claim).is_some_and(|data| kinds.contains(&data));
    question.voluntary.iter().filter(is_ticked).cloned().collect()
}

/// The value, where seeing it helps to decide and hurts nobody who looks over a shoulder.
fn preview(data: &Data, profile: &Profile) -> Option<String> {
    match data {
        Data::FullName => Some(profile.name.as_str().to_owned()),
        Data::PersonalNumber => Some(profile.number.masked()),
        Data::Phone => profile.phone.as_ref().map(|phone| words::masked_phone(&phone.value)),
        Data::DateOfBirth
        | Data::Sex
        | Data::Nationality
        | Data::FormerNumbers
        | Data::IdentityCard
        | Data::Residence
        | Data::Origin
        | Data::Email
        | Data::AccountLevel
        | Data::Guardian
        | Data::Verification
        | Data::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_tick_covers_its_kind_and_nothing_that_was_not_asked() {
        // ATK-092
        let question = Question {
            essential: claims(["name"]),
            voluntary: claims(["email", "phone_number", "phone_number_verified"]),
            while_away: false,
        };
        let ticked = claims(["phone_number", "address", "made_up"]);
        let agreed = whole_groups(&question, &ticked);
        assert_eq!(agreed, claims(["phone_number", "phone_number_verified"]));
    }
}
